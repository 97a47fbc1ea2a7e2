"""What the API takes and says about guests."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from consult.rooms.schemas import GuestLink, RoomOut

Named = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class InviteGuest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom the link is for, as the host types it: a name and a house."""

    name: Named
    house: Named


class GuestInvited(msgspec.Struct, frozen=True):
    """A link to hand on. `path` holds the token in its fragment; a repeat has none."""

    id: UUID
    guest: GuestLink
    path: str | None


class GuestRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers: never the token."""

    id: UUID


class OpenGuestLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token, out of the address's fragment."""

    token: Annotated[str, msgspec.Meta(min_length=20, max_length=100)]


class GuestOpened(msgspec.Struct, frozen=True):
    """The cookie is set; until when it opens the room."""

    ends_at: datetime


class GuestView(msgspec.Struct, frozen=True):
    """All that a guest is shown: who they are taken for, by whom they were invited, the room."""

    name: str
    inviter: str
    inviting_house: str
    ends_at: datetime
    room: RoomOut
