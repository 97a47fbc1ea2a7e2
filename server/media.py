"""The media engine of this installation, for whoever gives tickets and whoever keeps the record."""

from consult.media.engine import MediaEngine
from consult.media.forward.engine import ForwardEngine
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


def media_engine(settings: Settings, master: bytes) -> MediaEngine | None:
    """The engine that rooms run on; None without a Valkey to reach its workers by."""
    return _forward(settings, master) if settings.valkey_url else None


def _forward(settings: Settings, master: bytes) -> MediaEngine:
    valkey = client(settings.valkey_url)
    return ForwardEngine(valkey, TokenKey(master), settings.turn_urls, settings.turn_secret)


def shelf(settings: Settings) -> Shelf:
    """Where recordings lie."""
    return Shelf(settings.recordings, master_key(settings))


class RoomKeeping:
    """What the engine process does for rooms; close it with the process."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._media = _forward(settings, master_key(settings))
        self.keeper = RoomKeeper(database, clock, self._media)
        self.classes = ClassKeeper(database, clock, self._media)
        self.recordings = RecordingKeeper(database, clock, shelf(settings))

    async def close(self) -> None:
        """Give back the connection."""
        await self._media.close()
