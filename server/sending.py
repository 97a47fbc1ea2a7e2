"""What sends messages out of the house: in every engine, and in `yunshang sender` by itself."""

import asyncio
from dataclasses import dataclass

from duty.notify.delivery import Delivery
from duty.notify.dispatch import Dispatcher, Overflow
from duty.notify.hooks.silence import Silence
from duty.notify.outgoing import WAKE_CHANNEL
from kernel.clock import Clock
from kernel.database import Database
from kernel.database_clock import DatabaseClock
from kernel.sealing import Sealer
from kernel.wake import Listener
from server.channels import Channels, open_channels
from server.duties import Duty, keep_all, learning
from server.keyfile import master_key
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Sending:
    """The channels of this installation and the one that sends over them."""

    dispatcher: Dispatcher
    channels: Channels
    silence: Silence
    wake: asyncio.Event

    def duties(self) -> list[Duty]:
        """What a process that sends keeps doing."""
        return [
            Duty("sending", self.dispatcher.run_once, 0.5, self.wake),
            Duty("stranded", self.dispatcher.give_up_stranded, 10.0),
            Duty("silence", self.silence.run_once, 5.0),
        ]

    async def close(self) -> None:
        """Stop sending, then close the channels."""
        await self.dispatcher.close()
        await self.channels.close()


def open_sending(
    settings: Settings,
    database: Database,
    clock: Clock,
    wake: asyncio.Event,
    overflow: Overflow | None = None,
) -> Sending:
    """Channels as the settings name them; close it with the process."""
    channels = open_channels(settings, clock)
    sealer = Sealer(master_key(settings))
    delivery = Delivery(database, sealer, channels.by_name, links=channels.links)
    dispatcher = Dispatcher(
        database,
        sealer,
        delivery,
        wake=wake,
        rooms={name: channels.limits[name].at_once for name in channels.by_name},
        overflow=overflow,
    )
    return Sending(dispatcher, channels, Silence(database, channels.limits), wake)


async def run(settings: Settings) -> None:
    """The `sender` process, until cancelled."""
    database = Database(settings.system_database_url, name="sender", pool_size=settings.pool_size)
    clock = DatabaseClock()
    sending = open_sending(settings, database, clock, asyncio.Event())
    listener = Listener(
        settings.system_database_url, (WAKE_CHANNEL,), lambda *_: sending.wake.set()
    )
    try:
        await keep_all([learning(database, clock), *sending.duties()], listener.run())
    finally:
        await sending.close()
        await database.close()
