"""The channels of this installation, opened once per process that sends."""

from collections.abc import Mapping
from dataclasses import dataclass

from duty.notify.channels.channel import Channel
from duty.notify.contacts.links import Links
from duty.notify.contacts.webpush import PushWriter
from duty.notify.providers.build import build_channels
from duty.notify.providers.file import Providers, ProvidersError, read
from duty.notify.providers.limits import Limits, limits_of
from kernel.clock import Clock
from kernel.sealing import Sealer
from server.keyfile import master_key
from server.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Channels:
    """Everything that messages leave the house by.

    Attributes:
        links: makes the links by which messages are answered.
    """

    by_name: Mapping[str, Channel]
    limits: Mapping[str, Limits]
    links: Links

    async def close(self) -> None:
        """Give all connections back."""
        for channel in self.by_name.values():
            await channel.close()


def contracts(settings: Settings) -> Providers:
    """The providers file of this installation.

    Raises:
        SettingsError: it cannot be used; the message says what to change.
    """
    try:
        return read(settings.providers_file, demo=settings.demo)
    except ProvidersError as error:
        raise SettingsError(f"YUNSHANG_PROVIDERS_FILE: {error}") from error


def open_channels(settings: Settings, clock: Clock) -> Channels:
    """One channel per contract; close them with the process."""
    found = contracts(settings)
    master = master_key(settings)
    address = found.public_url or next(iter(settings.public_origins or sorted(settings.origins)))
    push = PushWriter(master, clock, address)
    return Channels(
        build_channels(found, clock, prepare_push=push),
        limits_of(found),
        Links(Sealer(master), address),
    )


def channel_names(settings: Settings) -> frozenset[str]:
    """By which channels this installation can reach people outside the browser."""
    found = contracts(settings)
    contracted = (
        "sms",
        "voice",
        "wecom_app",
        "wecom_robot",
        "dingtalk_app",
        "dingtalk_robot",
        "email",
    )
    names = {name for name in contracted if getattr(found, name) is not None}
    return frozenset(names | {"webhook", "web_push"})
