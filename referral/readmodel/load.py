"""The load of houses, as counts."""

from datetime import datetime
from uuid import UUID

import msgspec

from referral.commands.fields import HoldKind


class HeldPlaces(msgspec.Struct, kw_only=True, frozen=True):
    """Places of one kind kept for people on their way; the first runs out at `next_end`."""

    kind: HoldKind
    held: int
    next_end: datetime | None


class HouseLoad(msgspec.Struct, kw_only=True, frozen=True):
    """What comes to one house.

    `asked` waits for its answer, `accepted` is not taken up yet, `committed` has not left, `moving`
    is on the road; `cots` are newborns whose mother goes elsewhere.
    """

    facility_id: UUID
    asked: int = 0
    accepted: int = 0
    committed: int = 0
    moving: int = 0
    cots: int = 0
    next_eta: datetime | None = None
    held: list[HeldPlaces] = msgspec.field(default_factory=list)

    @property
    def inbound(self) -> int:
        """Everybody who has a yes and is not there."""
        return self.accepted + self.committed + self.moving


class Loads(msgspec.Struct, kw_only=True, frozen=True):
    """The load of every house that has any."""

    houses: list[HouseLoad]
    server_time: datetime
