"""What can be asked about links, and what a phone sends."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from referral.commands.fields import Act, Input, ShortText, When
from registry.pregnancies.schemas import Phone

HolderName = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Place = Annotated[str, msgspec.Meta(min_length=2, max_length=60)]


class Holder(Input, kw_only=True):
    """To whom the link is given, as the issuer typed it."""

    name: HolderName
    post: Annotated[str, msgspec.Meta(max_length=40)] = ""
    phone: Phone | None = None


class IssueLink(Input, kw_only=True):
    """Give a named holder a link."""

    holder: Holder


class AskOutside(Act, kw_only=True):
    """Ask a unit outside the network: a name, a desk's telephone, the doctor who will answer."""

    name: Place
    phone: Phone
    holder: Holder
    region_id: UUID | None = None
    """Where it lies; the sender's own region if nobody says."""


class OpenLink(Input, kw_only=True):
    """The token of a link, out of the address's fragment."""

    token: Annotated[str, msgspec.Meta(min_length=20, max_length=100)]


class CrewEntry(Input, kw_only=True):
    """One thing entered on the phone. What `data` must hold depends on `kind`.

    An entry that cannot be read is refused by itself: it never holds up the others.

    Attributes:
        id: the entry's idempotency key.
        seq: numbered by the phone from 1, without gaps.
        at: when the button was pressed, by the phone's own clock.
        happened_at: when it happened, by the phone's clock, if the holder says another time.
        destination_id: where the page said she was going.
    """

    id: UUID
    seq: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    at: When
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    data: Annotated[dict[str, Any], msgspec.Meta(max_length=40)] = msgspec.field(
        default_factory=dict
    )
    happened_at: When | None = None
    destination_id: UUID | None = None


class CrewFix(Input, kw_only=True):
    """Where the phone was, by its own clock."""

    at: When
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    accuracy_m: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] | None = None


class Sync(Input, kw_only=True):
    """Everything the phone has not handed over yet, in one request.

    `device_id` names this browser's numbering; `now`, `offset_ms` and `rtt_ms` tie the phone's
    clock to ours (four-timestamp exchange), so that times survive a wrong clock.
    """

    device_id: UUID
    now: When
    offset_ms: Annotated[int, msgspec.Meta(ge=-4_000_000_000_000, le=4_000_000_000_000)] | None = (
        None
    )
    rtt_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] | None = None
    entries: Annotated[list[CrewEntry], msgspec.Meta(max_length=200)] = msgspec.field(
        default_factory=list
    )
    positions: Annotated[list[CrewFix], msgspec.Meta(max_length=500)] = msgspec.field(
        default_factory=list
    )


class AskDivert(Act, kw_only=True):
    """We should go elsewhere."""

    reason: ShortText
    facility_id: UUID | None = None


class Near(Act, kw_only=True):
    """The crew says that it is at the door; the receiver decides whether she has arrived."""


class DelayEntry(Act, kw_only=True):
    """Later than expected."""

    reason: ShortText
    eta: When


class Revoke(Input, kw_only=True):
    """End a link now."""


class Reviewed(Input, kw_only=True):
    """Somebody looked at a refused entry."""
