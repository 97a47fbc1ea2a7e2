"""The whole loop on this machine: page, sender, simulated phone, callback, answer."""

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from celery import Celery
from sqlalchemy import text

from duty.notify.delivery import Delivery
from duty.notify.dispatch import Dispatcher
from duty.notify.hooks.silence import Silence
from duty.notify.posting import ADDRESS_FIELD
from duty.notify.simulator.exchange import Exchange
from duty.notify.simulator.phones import Item
from duty.notify.simulator.server import running
from duty.rosters.oncall import DutyTier
from kernel.ids import PageId
from kernel.relay import Relay
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from server.channels import contracts, open_channels
from server.keyfile import master_key
from server.settings import Settings
from server.subscriptions import Subscriptions
from tests.duty.notify.simulator.contracts import document
from tests.duty.region import SEEDER, Region, build
from tests.fixtures.database import Clone
from tests.fixtures.ports import free_port
from tests.realtime.browser import serving

FIRST = DutyTier.FIRST
NUMBER = "19900001234"


@dataclass(slots=True)
class Loop:
    """Everything between a page and its answer, all of it real but the telephones."""

    region: Region
    settings: Settings
    exchange: Exchange
    dispatcher: Dispatcher
    relay: Relay
    silence: Silence

    async def point(
        self, channel: str, address: str = NUMBER, *, person: Viewer | None = None
    ) -> UUID:
        """A verified contact point."""
        id_ = uuid4()
        owner = person or self.region.experts[FIRST]
        sealer = self.region.sealer
        async with self.region.clone.system.session(SEEDER) as session:
            await session.execute(
                text(
                    "INSERT INTO contact_point (id, channel, person_id, label, address_sealed,"
                    "  address_index, created_by, created_at, verified_at)"
                    " VALUES (:id, :channel, :person, 'x', :address, :index, :person, now(), now())"
                ),
                {
                    "id": id_,
                    "channel": channel,
                    "person": owner.person_id,
                    "address": sealer.seal(address, ADDRESS_FIELD),
                    "index": sealer.blind_index(address, f"{ADDRESS_FIELD}/{channel}"),
                },
            )
        return id_

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """What the database says."""
        async with self.region.clone.system.session(SEEDER) as session:
            return list((await session.execute(text(statement), values)).all())

    async def message(self, channel: str) -> Any:
        """The first message of a channel."""
        found = await self.rows(
            "SELECT * FROM page_message WHERE channel = :c ORDER BY available_at", c=channel
        )
        return found[0]

    async def target(self, page_id: PageId, tier: DutyTier = FIRST) -> Any:
        """How far the page got with somebody."""
        person = self.region.experts[tier].person_id
        (found,) = await self.rows(
            "SELECT * FROM page_target WHERE page_id = :p AND person_id = :x", p=page_id, x=person
        )
        return found

    async def until(self, true: Callable[[], Any]) -> Any:
        """Let senders and relay work until `true` says so; a missing thing fails the test."""
        async with asyncio.timeout(20):
            while True:
                await self.dispatcher.run_once()
                await self.relay.run_once()
                found = true()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return found
                await asyncio.sleep(0.02)

    async def rung(self, channel: str) -> Item:
        """What lies on a phone once the page went out."""

        def there() -> Item | None:
            found = [item for item in self.exchange.phones.items if item.channel == channel]
            return found[0] if found else None

        item: Item = await self.until(there)
        return item

    async def heard(self, count: int) -> None:
        """Until so many words of providers have been acted on."""

        async def done() -> bool:
            (row,) = await self.rows(
                "SELECT count(*) FILTER (WHERE done_at IS NOT NULL) AS n FROM outbox"
                " WHERE topic = 'duty.provider_word'"
            )
            return bool(row.n >= count)

        await self.until(done)


@asynccontextmanager
async def loop(
    database: Clone, settings: Settings, place: Path, **sections: Any
) -> AsyncIterator[Loop]:
    """A region, an application that providers can reach, a simulator and the platform's sender.

    `sections` replace those of the providers file.
    """
    file = place / "providers.toml"
    file.write_text(_toml(document(free_port(), free_port()) | sections))
    file.chmod(0o600)
    installed = dataclasses.replace(settings, providers_file=file)
    region = await build(database, master=master_key(installed))
    system, clock = database.system, region.clock
    channels = open_channels(installed, clock)
    sealer = Sealer(master_key(installed))
    dispatcher = Dispatcher(
        system,
        sealer,
        Delivery(system, sealer, channels.by_name),
        rooms={name: channels.limits[name].at_once for name in channels.by_name},
    )
    joined = Subscriptions(
        system, clock, settings.valkey_url, Celery(set_as_current=False), sealer, demo=False
    )
    silence = Silence(system, channels.limits)
    relay = Relay(system, joined.handlers())
    found = contracts(installed)
    try:
        async with serving(installed) as served, running(found, clock) as exchange:
            exchange.reports.aim(f"http://127.0.0.1:{served.port}")
            yield Loop(region, installed, exchange, dispatcher, relay, silence)
    finally:
        await dispatcher.close()
        await channels.close()
        await joined.close()


def _toml(made: dict[str, Any], name: str = "") -> str:
    """TOML of nested tables with strings, numbers and lists of strings."""
    plain = {key: value for key, value in made.items() if not isinstance(value, dict)}
    lines = [f"[{name}]"] if name else []
    for key, value in plain.items():
        said = f'"{value}"' if isinstance(value, str) else str(value).replace("'", '"')
        lines.append(f"{key} = {said}")
    for key, value in made.items():
        if isinstance(value, dict):
            lines.append(_toml(value, f"{name}.{key}" if name else key))
    return os.linesep.join(lines)
