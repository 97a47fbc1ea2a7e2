"""The media engine of this installation, for whoever gives tickets and whoever keeps the record."""

import httpx

from consult.media.engine import MediaEngine
from consult.media.forward.engine import ForwardEngine
from consult.media.janus.engine import JanusEngine
from consult.media.livekit.engine import LiveKitEngine
from consult.media.livekit.rooms import Key
from consult.media.recording.shelf import Shelf
from consult.media.tokens import TokenKey
from consult.rooms.keeping import RoomKeeper
from consult.rooms.recording.keeping import RecordingKeeper
from consult.training.hearing import ClassKeeper
from kernel.clock import Clock
from kernel.database import Database
from realtime.hub_hints import client
from server.keyfile import master_key
from server.settings import Settings

LIVEKIT_TIMEOUT_S = 5.0
"""A call of its RoomService that takes longer counts as no answer."""


def media_engine(settings: Settings, master: bytes) -> MediaEngine | None:
    """The engine that rooms run on; None without a Valkey to reach its workers by."""
    return _engine(settings, master) if settings.valkey_url else None


def _engine(settings: Settings, master: bytes) -> MediaEngine:
    valkey = client(settings.valkey_url)
    if settings.room_engine == "janus":
        settings.need("janus_url", "janus_admin_key")
        return JanusEngine(
            settings.janus_url,
            settings.janus_admin_key,
            valkey,
            master,
            public_url=settings.janus_public_url,
            turn_urls=settings.turn_urls,
            turn_secret=settings.turn_secret,
        )
    if settings.room_engine == "livekit":
        return LiveKitEngine(
            httpx.AsyncClient(base_url=settings.livekit_url, timeout=LIVEKIT_TIMEOUT_S),
            settings.livekit_public_url,
            livekit_key(settings),
            valkey,
            turn_urls=settings.turn_urls,
            turn_secret=settings.turn_secret,
        )
    return ForwardEngine(valkey, TokenKey(master), settings.turn_urls, settings.turn_secret)


def livekit_key(settings: Settings) -> Key:
    """The key that tokens and webhooks are signed under.

    Raises:
        SettingsError: something that LiveKit's rooms need is not set.
    """
    settings.need("livekit_url", "livekit_public_url", "livekit_api_key", "livekit_api_secret")
    return Key(settings.livekit_api_key, settings.livekit_api_secret)


def media_places(settings: Settings) -> tuple[str, ...]:
    """Where pages open sockets for sound and pictures, for the content security policy."""
    if settings.room_engine == "livekit":
        # Its client asks over HTTP, at the same host, why it was not let in.
        return settings.livekit_public_url, f"http{settings.livekit_public_url.removeprefix('ws')}"
    if settings.room_engine == "janus":
        return (settings.janus_public_url or settings.janus_url,)
    return (settings.media_public_url,) if settings.media_public_url else ()


def shelf(settings: Settings) -> Shelf:
    """Where recordings lie."""
    return Shelf(settings.recordings, master_key(settings))


class RoomKeeping:
    """What the engine process does for rooms; close it with the process."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._media = _engine(settings, master_key(settings))
        self.keeper = RoomKeeper(database, clock, self._media)
        self.classes = ClassKeeper(database, clock, self._media)
        self.recordings = RecordingKeeper(database, clock, shelf(settings))

    async def close(self) -> None:
        """Give back the connection."""
        await self._media.close()
