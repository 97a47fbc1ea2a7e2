"""Commands to a blood order."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from referral.commands.fields import Input, ShortText, When

Product = Literal["red_cells", "plasma", "platelets", "cryo", "fibrinogen"]
Abo = Literal["A", "B", "AB", "O"]
Rh = Literal["+", "-"]
Urgency = Literal["immediate", "urgent", "routine"]
Units = Annotated[int, msgspec.Meta(ge=1, le=99)]


class BloodAct(Input, kw_only=True):
    """When it happened, if not now. No version: blood does not wait for a page to be fresh."""

    event_at: When | None = None
    late_reason: ShortText | None = None
    note: ShortText | None = None


class RequestBlood(BloodAct, kw_only=True):
    """Ask a station or a hospital's blood bank; ABO and Rh stay empty for fibrinogen only."""

    facility_id: UUID
    product: Product
    abo: Abo | None = None
    rh: Rh | None = None
    units: Units
    urgency: Urgency = "immediate"


class IssueBlood(BloodAct, kw_only=True):
    """The bank gives it out; another number or group than asked for is named."""

    units: Units | None = None
    abo: Abo | None = None
    rh: Rh | None = None


class DepartBlood(BloodAct, kw_only=True):
    """It is on its way."""


class ArriveBlood(BloodAct, kw_only=True):
    """It is at the bedside."""


class CancelBlood(Input, kw_only=True):
    """Not needed any more, or not to be had: with a reason."""

    reason: ShortText
