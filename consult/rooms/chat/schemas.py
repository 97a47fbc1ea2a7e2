"""What the API takes and says about what is written in rooms."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

Number = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class SayInRoom(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message; `corrects` is the number of one's own that it stands for from now on."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    corrects: Number | None = None


class MarkMessages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to which number the viewer's page holds messages, and up to which they were in view."""

    delivered_to: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    read_to: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class RoomMessage(msgspec.Struct, frozen=True):
    """One message; `n` counts from 1 through all rooms of the consultation, without holes."""

    id: UUID
    room_id: UUID
    n: int
    person: PersonRef | None
    facility: FacilityRef | None
    text: str
    corrects: int | None
    said_at: datetime
    mine: bool


class RoomReader(msgspec.Struct, frozen=True):
    """How far somebody has come: what their page holds, what they had in view (0: nothing)."""

    person: PersonRef | None
    delivered_to: int
    read_to: int
    mine: bool


class RoomChat(msgspec.Struct, frozen=True):
    """Messages after the number asked for, and how far everybody is.

    `last` is the newest number there is; `more` when another request must follow; `unread` counts
    what others wrote and the viewer has not read; `room_id` is the room that the viewer may write
    in now.
    """

    messages: list[RoomMessage]
    last: int
    more: bool
    readers: list[RoomReader]
    unread: int
    room_id: UUID | None


class MessageReceipt(msgspec.Struct, frozen=True):
    """When a message reached somebody's page, and when it was in view there; null: not yet."""

    person: PersonRef | None
    delivered_at: datetime | None
    read_at: datetime | None


class MessageRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    id: UUID
