"""Commands to what follows a case."""

from typing import Annotated, Literal

import msgspec

from referral.commands.fields import Input, LongText, ShortText, When

Minutes = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Hours = Annotated[float, msgspec.Meta(ge=0, le=2_000)]
RedCellUnits = Annotated[float, msgspec.Meta(ge=0, le=200)]
Millilitres = Annotated[int, msgspec.Meta(ge=0, le=60_000)]


class ReportStep(Input, kw_only=True):
    """A step after a death was taken: reported, reviewed."""

    at: When | None = None
    reference: ShortText | None = None


class Decide(Input, kw_only=True):
    """A person's word on a near-miss proposal."""

    verdict: Literal["confirmed", "rejected"]
    reason: LongText | None = None


class CriticalFacts(Input, kw_only=True):
    """What the near-miss criteria ask and no monitor tells; what is left out stays unknown."""

    shock: bool | None = None
    sbp_below_90_minutes: Minutes | None = None
    fluid_given_ml: Millilitres | None = None
    cardiac_arrest: bool | None = None
    cpr: bool | None = None
    vasoactive_continuous: bool | None = None
    cyanosis: bool | None = None
    gasping: bool | None = None
    ventilation_minutes: Minutes | None = None
    spo2_below_90_minutes: Minutes | None = None
    oliguria_unresponsive: bool | None = None
    dialysis: bool | None = None
    failure_to_clot: bool | None = None
    red_cell_units: RedCellUnits | None = None
    jaundice: bool | None = None
    preeclampsia: bool | None = None
    coma: bool | None = None
    unconscious_hours: Hours | None = None
    stroke: bool | None = None
    status_epilepticus: bool | None = None
    total_paralysis: bool | None = None
    urine_ketones_and_glucose: bool | None = None
    hysterectomy: bool | None = None
