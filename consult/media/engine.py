"""What a media engine does, whichever it is.

An engine is told who may enter which room and with what; it says who is there and how well it
goes. It knows no patients, no cases and no rights: who is admitted is decided before a ticket is
issued. Rooms and participants are opaque ids, and nothing else about them reaches an engine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable
from uuid import UUID

TICKET_TTL: Final = timedelta(minutes=5)
"""A ticket opens one connection within this time; being in a room needs no ticket."""


RECORDING_TTL: Final = timedelta(seconds=30)
"""Without a word for so long nothing is recorded any more."""


class Kind(StrEnum):
    """What a track carries."""

    AUDIO = "audio"
    VIDEO = "video"


class Source(StrEnum):
    """What a track is of. The order of importance on a poor line is `RANK`."""

    MICROPHONE = "microphone"
    ULTRASOUND = "ultrasound"
    SCREEN = "screen"
    CAMERA = "camera"

    @property
    def kind(self) -> Kind:
        """Sound or picture."""
        return Kind.AUDIO if self is Source.MICROPHONE else Kind.VIDEO


RANK: Final = {Source.MICROPHONE: 0, Source.ULTRASOUND: 1, Source.SCREEN: 1, Source.CAMERA: 2}
"""Audio is never dropped, faces go first. CTG is data on a line of its own, not a track."""


class Role(StrEnum):
    """What somebody is in a room. Only shown to the others; rights are in the grants."""

    REQUESTER = "requester"
    EXPERT = "expert"
    COLLEAGUE = "colleague"
    GUEST = "guest"
    LISTENER = "listener"


class Layer(StrEnum):
    """How much of a picture somebody is sent."""

    OFF = "off"
    LOW = "low"
    HIGH = "high"


class Left(StrEnum):
    """Why somebody is no longer there."""

    WENT = "went"
    LOST = "lost"
    EJECTED = "ejected"
    CLOSED = "closed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Participant:
    """Who enters. `id` is the admission's, not the person's: two visits are two participants."""

    id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Grants:
    """What a participant may send; everybody admitted may listen."""

    publish: frozenset[Source] = frozenset(Source)


@dataclass(frozen=True, slots=True)
class RoomPolicy:
    """How a room is run."""

    max_participants: int = 8
    """Above it a ticket is refused; what one worker carries is measured by `make bench-video`."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What is to be recorded: the room, while everybody in it is among those who agreed."""

    id: UUID
    agreed: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class IceServer:
    """One STUN or TURN server, in the browser's own words (RTCIceServer)."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class JoinTicket:
    """All that a client needs to enter once: where, with what proof, over which relays."""

    engine: str
    """forward, janus or livekit: decides which client speaks."""
    url: str
    """wss://… of the worker; holds no secret."""
    token: str = field(repr=False)
    ice_servers: tuple[IceServer, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """Whose media was heard in a room, and when that was said: it may be some seconds old."""

    at: datetime
    people: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Joined:
    """Media of somebody flows; presence is what is heard, not what is said."""

    room_id: UUID
    participant_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class WasLeft:
    """Somebody is gone. Shares and fractions are of the whole stay."""

    room_id: UUID
    participant_id: UUID
    at: datetime
    why: Left
    loss: float | None = None
    """Share of packets lost on the way to them, 0 to 1."""
    reconnects: int = 0
    audio_only_s: float = 0.0


@dataclass(frozen=True, slots=True)
class TrackChanged:
    """A source began to send, fell silent (muted), or ended."""

    room_id: UUID
    participant_id: UUID
    at: datetime
    source: Source
    live: bool


@dataclass(frozen=True, slots=True)
class SoundAlone:
    """By the rule of losses no picture is sent to somebody any more (`on`), or pictures go on."""

    room_id: UUID
    participant_id: UUID
    at: datetime
    on: bool


@dataclass(frozen=True, slots=True)
class RecordingChanged:
    """A recording began to be written, or rests: from `at` on nothing of it is written."""

    room_id: UUID
    recording_id: UUID
    at: datetime
    running: bool


EngineEvent = Joined | WasLeft | TrackChanged | SoundAlone | RecordingChanged


@runtime_checkable
class MediaEngine(Protocol):
    """Rooms for sound and pictures.

    Every method may raise `MediaUnavailable`: no worker, or no answer from it. Methods that name a
    participant who is not there do nothing; asking twice is like asking once.
    """

    @property
    def name(self) -> str:
        """forward, janus or livekit."""
        ...

    async def ensure_room(self, room_id: UUID, policy: RoomPolicy) -> None:
        """Make the room if it is not there."""
        ...

    async def issue_join(
        self, room_id: UUID, participant: Participant, grants: Grants, at: datetime
    ) -> JoinTicket:
        """A ticket for one connection, valid `TICKET_TTL` from `at`.

        Whoever is there under this id already is there no longer than until it is used, with some
        engines until it is issued: ask for another one only where the connection is lost.

        Raises:
            RoomFull: as many as the policy allows are there, and this one is not among them.
        """
        ...

    async def present(self, room_id: UUID) -> Heard:
        """Participants whose media is heard."""
        ...

    async def eject(self, room_id: UUID, participant_id: UUID) -> None:
        """Nothing more to or from them within a second; their unused tickets are void."""
        ...

    async def set_muted(
        self, room_id: UUID, participant_id: UUID, source: Source, muted: bool
    ) -> None:
        """Forward this source no more, or again; the sender is told."""
        ...

    async def set_layer_cap(self, room_id: UUID, participant_id: UUID, cap: Layer) -> None:
        """Send this participant no picture above `cap`."""
        ...

    async def set_recording(self, room_id: UUID, recording: Recording | None) -> None:
        """Record a room from now on while all in it agreed, or no more: bytes stop in a second.

        Say it anew at least every `RECORDING_TTL`: what is no longer said is no longer done.

        Raises:
            RecordingNotOffered: this engine cannot.
        """
        ...

    async def close_room(self, room_id: UUID) -> None:
        """Send everybody out and forget the room."""
        ...

    def events(self) -> AsyncIterator[EngineEvent]:
        """What happens from now on. A hint, like every wire: the record is what was written."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
