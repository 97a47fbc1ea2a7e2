"""Commands to a leg."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from referral.commands.fields import Act, Apgar, Grams, Input, LongText, ShortText, Vitals, When
from registry.pregnancies.schemas import Sex


class Replan(Act, kw_only=True):
    """Another vehicle, escort or time before departure."""

    mode: Literal["ambulance", "helicopter", "own_vehicle"] | None = None
    vehicle: ShortText | None = None
    escort: ShortText | None = None
    crew_person_ids: Annotated[list[UUID], msgspec.Meta(max_length=6)] = msgspec.field(
        default_factory=list
    )
    eta: When | None = None


class OnBoard(Input, kw_only=True):
    """A piece of kit or a document that is on board, by its code in the data set of the road."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


Items = Annotated[list[OnBoard], msgspec.Meta(max_length=40)]


class Oxygen(Input, kw_only=True):
    """The oxygen check as it was reckoned: litres of gas on board, flow, length of the trip."""

    available_l: Annotated[float, msgspec.Meta(ge=0, le=100_000)]
    flow_l_per_min: Annotated[float, msgspec.Meta(gt=0, le=60)]
    trip_min: Annotated[int, msgspec.Meta(ge=1, le=1440)]


class Checklist(Input, kw_only=True):
    """Before the doors close (airway, circulation, kit, family)."""

    airway_and_breathing_stable: bool
    circulation_stable: bool
    iv_access: bool
    oxygen_for_trip_plus_30_min: bool
    emergency_kit: bool
    papers_and_consent: bool
    family_informed: bool
    exception: ShortText | None = None
    oxygen: Oxygen | None = None
    kit: Items = msgspec.field(default_factory=list)
    documents: Items = msgspec.field(default_factory=list)


class Ready(Act, kw_only=True):
    """Vehicle and escort stand ready."""

    checklist: Checklist


class Depart(Act, kw_only=True):
    """The doors close."""

    eta: When | None = None
    checklist: Checklist | None = None


class Report(Act, kw_only=True):
    """En route: how she is, and when we arrive."""

    vitals: Vitals | None = None
    eta: When | None = None
    note: ShortText | None = None


class Divert(Act, kw_only=True):
    """To another unit that has accepted."""

    offer_id: UUID
    reason: LongText
    eta: When | None = None


class Deteriorate(Act, kw_only=True):
    """She is getting worse on the road."""

    note: LongText
    vitals: Vitals | None = None


class Birth(Act, kw_only=True):
    """A child is born on the road."""

    sex: Sex
    birth_order: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    weight_g: Grams | None = None
    apgar_1: Apgar | None = None
    apgar_5: Apgar | None = None
    note: ShortText | None = None


class Halt(Act, kw_only=True):
    """Standing still."""

    reason: LongText


class Resume(Act, kw_only=True):
    """Moving again."""

    eta: When | None = None
    note: ShortText | None = None


class Arrive(Act, kw_only=True):
    """She is at our door."""


class SignHandover(Act, kw_only=True):
    """One side's half of the handover; the second signature hands over."""

    condition: LongText
    drugs: LongText
    blood: LongText
    documents: LongText
    vitals: Vitals | None = None
    for_side: Literal["origin", "receiver"] | None = None


class Miss(Act, kw_only=True):
    """She has not come."""

    note: LongText


class AnswerQuery(Act, kw_only=True):
    """Where is she? Not here yet, or delayed with a new expected arrival; always with why."""

    answer: Literal["not_here", "delayed"]
    reason: ShortText
    eta: When | None = None


class DieInTransit(Act, kw_only=True):
    """She died on the road."""

    place: ShortText
    certifier: ShortText
    note: LongText | None = None
