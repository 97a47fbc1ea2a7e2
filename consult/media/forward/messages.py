"""What clients and workers say to each other, inside frames of a `channel`.

The TypeScript side (web/src/shared/call/messages.ts) mirrors these words. Times are in seconds,
shares between 0 and 1. Session descriptions and candidates hold addresses: they are never logged.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from consult.media.engine import Layer, Role, Source

Sdp = Annotated[str, msgspec.Meta(max_length=200_000)]
Mid = Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
ByeCode = Literal["refused", "ejected", "closed", "full", "moved", "gone", "elsewhere", "broken"]
MOST_SAID = 4096
"""Bytes of one `say`."""
Light = Literal["good", "fair", "poor", "lost"]


class Strict(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Unknown fields are refused, not ignored."""


class Join(Strict, tag_field="type", tag="join"):
    """First frame of a first socket, in no channel yet."""

    token: Annotated[str, msgspec.Meta(max_length=2048)]


class Resume(Strict, tag_field="type", tag="resume"):
    """First frame of a further socket: the channel goes on."""

    session: UUID
    secret: Annotated[str, msgspec.Meta(max_length=100)]
    ack: int


Opening = Join | Resume


class Welcome(Strict, tag_field="type", tag="welcome"):
    """Answer to either: who one is, how to come back, what has been seen."""

    session: UUID
    secret: str
    participant: UUID
    publish: tuple[Source, ...]
    ack: int


class Bye(Strict, tag_field="type", tag="bye"):
    """The session is over. `moved`: ask for a new ticket; other codes: do not come back."""

    code: ByeCode


class Publish(Strict, tag_field="type", tag="publish"):
    """An offer of what one sends, and what each m-section is of."""

    n: int
    sdp: Sdp
    sources: Annotated[dict[Mid, Source], msgspec.Meta(max_length=8)]


class Candidate(Strict, tag_field="type", tag="candidate"):
    """A candidate of one of the client's two connections; empty ends them."""

    of: Literal["publish", "subscribe"]
    candidate: Annotated[str, msgspec.Meta(max_length=1000)]
    mid: Annotated[str, msgspec.Meta(max_length=16)]


class Answer(Strict, tag_field="type", tag="answer"):
    """The other side's description, to offer number `n`."""

    n: int
    sdp: Sdp


class Show(Strict, tag_field="type", tag="show"):
    """How large one shows a picture: high for a large tile, low for a small one, off for none."""

    participant: UUID
    source: Source
    layer: Layer


class Mute(Strict, tag_field="type", tag="mute"):
    """One's own source is silent, or speaks again."""

    source: Source
    muted: bool


class Say(Strict, tag_field="type", tag="say"):
    """Something for the others' pages at once: a cursor, a mark. Nothing of it is kept."""

    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    data: msgspec.Raw


class Leave(Strict, tag_field="type", tag="leave"):
    """Good-bye."""


FromClient = Publish | Candidate | Answer | Show | Mute | Say | Leave


class Track(Strict):
    """What an m-section is of."""

    mid: str
    participant: UUID
    source: Source


class Offer(Strict, tag_field="type", tag="offer"):
    """What the others send, and which m-section is whose."""

    n: int
    sdp: str
    tracks: tuple[Track, ...]


class Sending(Strict):
    """A source that somebody sends."""

    source: Source
    muted: bool


class Person(Strict):
    """Somebody in the room; `here` when their media is heard."""

    id: UUID
    role: Role
    here: bool
    sources: tuple[Sending, ...]


class People(Strict, tag_field="type", tag="people"):
    """Everybody in the room, oneself among them; said anew at each change."""

    people: tuple[Person, ...]


class Network(Strict):
    """How somebody's line is."""

    id: UUID
    light: Light
    loss: float
    round_trip_ms: int
    audio_only: bool


class Quality(Strict, tag_field="type", tag="quality"):
    """Everybody's line, every two seconds."""

    people: tuple[Network, ...]


class Picture(Strict):
    """What one is sent of somebody's picture."""

    participant: UUID
    source: Source
    layer: Layer


class Pictures(Strict, tag_field="type", tag="pictures"):
    """What one's own line took away: pictures that are smaller than wished, or gone."""

    taken: tuple[Picture, ...]


class Muted(Strict, tag_field="type", tag="muted"):
    """Somebody with the right to it silenced one's source, or gave it back."""

    source: Source
    muted: bool


class Said(Strict, tag_field="type", tag="said"):
    """Another page says something."""

    participant: UUID
    topic: str
    data: msgspec.Raw


class Recording(Strict, tag_field="type", tag="recording"):
    """Whether the room is being recorded at this moment; said anew at each change.

    `id` is null when nobody asked for it. `waits_for` are those in the room who have not agreed:
    while there is one, nothing is written. `failed`: it cannot be written.
    """

    id: UUID | None
    running: bool
    failed: bool
    waits_for: tuple[UUID, ...]


ToClient = Answer | Offer | People | Quality | Pictures | Muted | Said | Recording | Bye
