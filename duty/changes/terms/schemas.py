"""What the API says about the rules of changes and the weights of duty."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from duty.changes.schemas import SwapPerson

Source = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Confidence = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Office = Literal["coordinator", "medical_affairs"]
Kind = Literal["swap", "substitute"]
Points = Annotated[float, msgspec.Meta(ge=0, le=20)]
Factor = Annotated[float, msgspec.Meta(ge=0, le=5)]
Dial = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Month = msgspec.Meta(ge=60, le=2_592_000)
Hours = msgspec.Meta(ge=10, le=14_400)
UNVERIFIED = "待核实"


class DutyTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How changes of a published roster are handled; times in seconds.

    `preauthorised` takes effect with both consents alone. `approvers`: which offices may approve.
    `rest_s`: between two duties of whoever swaps or stands in; 0 demands none.
    """

    preauthorised: Annotated[list[Kind], msgspec.Meta(max_length=2)]
    approvers: Annotated[list[Office], msgspec.Meta(min_length=1, max_length=2)]
    rest_s: Annotated[int, msgspec.Meta(ge=0, le=172_800)]
    closes_before_s: Annotated[int, msgspec.Meta(ge=0, le=604_800)]
    approve_within_s: Annotated[int, Month]
    remind_after_s: Annotated[int, Month]
    handover_needed: bool
    handover_opens_s: Annotated[int, msgspec.Meta(ge=60, le=14_400)]
    handover_remind_s: Annotated[int, Hours]
    handover_alarm_s: Annotated[int, Hours]


class DayPoints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points per hour by the kind of day."""

    workday: Points
    weekend: Points
    holiday: Points


class TierFactors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By how much a tier's hour counts."""

    first: Factor = 1.0
    second: Factor = 1.0
    third: Factor = 1.0
    lead: Factor = 1.0
    general_duty: Factor = 1.0


class DutyWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an hour of duty counts; a night is counted from `night_counts_from_h` hours of it."""

    night_from: Dial
    night_to: Dial
    night_counts_from_h: Annotated[float, msgspec.Meta(gt=0, le=24)]
    day: DayPoints
    night: DayPoints
    tiers: TierFactors


class TermsVersion(msgspec.Struct, frozen=True):
    """A version of the rule; `scope` says whose it is, `region` which one's."""

    id: UUID
    scope: Literal["facility", "region", "platform"]
    region: str | None
    terms: DutyTerms
    source: str
    confidence: str
    added_by: SwapPerson | None
    valid_from: datetime


class DutyWeightsVersion(msgspec.Struct, frozen=True):
    """A version of the weights."""

    id: UUID
    scope: Literal["facility", "platform"]
    weights: DutyWeights
    source: str
    confidence: str
    added_by: SwapPerson | None
    valid_from: datetime


class RegionTerms(msgspec.Struct, frozen=True):
    """What counts in a region for every house that has no rule of its own.

    `terms` may be of a region above it or the platform's; `earlier` are the region's own.
    """

    id: UUID
    name: str
    may_decide: bool
    terms: TermsVersion
    earlier: list[TermsVersion]


class HouseTerms(msgspec.Struct, frozen=True):
    """What counts at a facility, and its own earlier versions, the newest first.

    `regions`: those around it, the nearest first, that have a rule or for which the viewer decides.
    """

    facility_id: UUID
    may_decide: bool
    terms: TermsVersion
    weights: DutyWeightsVersion
    earlier_terms: list[TermsVersion]
    earlier_weights: list[DutyWeightsVersion]
    regions: list[RegionTerms]


class TermsIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new version instead of `replaces`, and where it was read.

    `region_id`: for that region; without it, for one's own house.
    """

    replaces: UUID
    terms: DutyTerms
    source: Source
    confidence: Confidence = UNVERIFIED
    region_id: UUID | None = None


class WeightsIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new version of one's own house's weights instead of `replaces`."""

    replaces: UUID
    weights: DutyWeights
    source: Source
    confidence: Confidence = UNVERIFIED


class TermsMade(msgspec.Struct, frozen=True):
    """The version that counts from now on."""

    id: UUID
