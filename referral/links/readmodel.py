"""What links look like to those who issue them, and what a link's holder sees."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from kernel.confidence import Confidence
from referral.commands.fields import Acuity, RiskColour, Subject, Vitals
from referral.links.rules import Cylinder, Item
from referral.readmodel.dossier import TreatmentKind
from referral.readmodel.parts import Question, Sbar, TransitEntry
from referral.states import LegState, OfferState, ReferralState
from registry.facilities.schemas import Contact, FacilityRef
from registry.people.schemas import PersonRef

Purpose = Literal["crew", "outside_unit", "outside_door"]
Verdict = Literal["waiting", "applied", "refused"]


class LinkOut(msgspec.Struct, kw_only=True):
    """A link as its issuers see it; the token is shown once, when it is issued."""

    id: UUID
    purpose: Purpose
    leg_id: UUID | None
    offer_id: UUID | None
    holder: PersonRef | None
    phone: str | None
    facility: FacilityRef | None
    issued_by: PersonRef | None
    issued_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    opened: int
    answered_at: datetime | None
    revoked_at: datetime | None
    live: bool


class LinkIssued(msgspec.Struct, kw_only=True):
    """A fresh link. `path` holds the token in its fragment: hand it over and forget it.

    A repeat of the same request has no path: nobody, we included, can read a token again.
    """

    id: UUID
    link: LinkOut
    path: str | None


class Opened(msgspec.Struct, kw_only=True):
    """Where a link leads."""

    purpose: Purpose


class Hospital(msgspec.Struct, kw_only=True):
    """A place to turn to on the road."""

    id: UUID
    name: str
    tier: str
    latitude: float
    longitude: float
    phones: list[Contact]


class Place(msgspec.Struct, kw_only=True):
    """One end of the journey."""

    facility: FacilityRef
    latitude: float | None
    longitude: float | None
    phones: list[Contact]


class Diversion(msgspec.Struct, kw_only=True):
    """Another unit that said yes."""

    offer_id: UUID
    facility: FacilityRef


class RefusedEntry(msgspec.Struct, kw_only=True):
    """An entry that was not recorded as entered, and why."""

    id: UUID
    kind: str
    at: datetime
    data: dict[str, Any]
    code: str
    fields: dict[str, Any]


class Child(msgspec.Struct, kw_only=True):
    """A child born on the way."""

    birth_order: int
    born_at: datetime
    sex: str
    weight_g: int | None
    apgar_1: int | None
    apgar_5: int | None


class Given(msgspec.Struct, kw_only=True):
    """A drug or treatment that she has had."""

    at: datetime
    code: str
    zh: str
    en: str
    dose: float | None
    unit: str | None
    route: str | None
    note: str | None
    on_the_way: bool


class CrewNow(msgspec.Struct, kw_only=True):
    """What changes on the road; holds no name."""

    server_time: datetime
    version: int
    state: ReferralState
    leg_id: UUID
    leg_state: LegState
    destination: Place
    eta: datetime | None
    estimated_eta: datetime | None
    queried_at: datetime | None
    ready_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    signed: list[Literal["origin", "receiver"]]
    documents_on_board: list[str]
    actions: list[str]
    diversions: list[Diversion]
    entries: list[TransitEntry]
    given: list[Given]
    children: list[Child]
    refused: list[RefusedEntry]


class CrewWoman(msgspec.Struct, kw_only=True):
    """Who is on board, with what the crew needs to know."""

    name: str | None
    age: int | None
    gestation_days: int | None
    plurality: int | None
    allergies: str | None
    blood_group: str | None
    rh: str | None
    treatment: str | None
    drugs: str | None
    blood_given: str | None
    infection: str | None
    vitals: Vitals | None


class CrewView(msgspec.Struct, kw_only=True):
    """Everything a crew's page needs to go on without a network."""

    link_id: UUID
    holder: str
    post: str
    expires_at: datetime
    number: str
    drill: bool
    demo: bool
    acuity: Acuity
    condition: str
    condition_zh: str
    condition_en: str
    risk_colour: RiskColour | None
    purple: bool
    subject: Subject
    woman: CrewWoman
    conditions: str | None
    origin: Place
    now: CrewNow
    hospitals: list[Hospital]
    kit: list[Item]
    documents: list[Item]
    cylinders: list[Cylinder]
    treatments: list[TreatmentKind]
    margin_min: int
    sample_s: int
    poll_s: int
    data_version: str


class EntryResult(msgspec.Struct, kw_only=True):
    """What became of one entry; `waiting` until those before it have arrived.

    `already` says that an earlier request had settled it.
    """

    id: UUID
    seq: int
    status: Verdict
    already: bool
    code: str | None = None
    fields: dict[str, Any] | None = None


class Synced(msgspec.Struct, kw_only=True):
    """One result per entry, in the order sent, and how things stand."""

    results: list[EntryResult]
    positions: int
    now: CrewNow


class OutsideView(msgspec.Struct, kw_only=True):
    """What a unit outside the network sees: no name until it has said yes."""

    purpose: Purpose
    holder: str
    post: str
    unit: FacilityRef
    expires_at: datetime
    server_time: datetime
    spent: bool
    number: str
    drill: bool
    demo: bool
    version: int
    state: ReferralState
    offer_id: UUID
    offer_state: OfferState
    neonatal: str
    acuity: Acuity
    condition_zh: str
    condition_en: str
    risk_colour: RiskColour | None
    purple: bool
    origin: Place
    snapshot: Sbar | None
    vitals: Vitals | None
    name: str | None
    questions: list[Question]
    leg_id: UUID | None
    leg_state: LegState | None
    eta: datetime | None
    signed: list[Literal["origin", "receiver"]]
    may: list[str]


class PositionOut(msgspec.Struct, kw_only=True):
    """Where the vehicle was last."""

    at: datetime
    latitude: float
    longitude: float
    accuracy_m: float | None


class EntryOut(msgspec.Struct, kw_only=True):
    """A refused entry as the case's people review it."""

    link_id: UUID
    id: UUID
    kind: str
    at: datetime
    received_at: datetime
    data: dict[str, Any]
    code: str
    fields: dict[str, Any]
    by: PersonRef | None
    reviewed_at: datetime | None


class Track(msgspec.Struct, kw_only=True):
    """A journey as followed from the case page."""

    leg_id: UUID
    last: PositionOut | None
    distance_km: float | None
    eta: datetime | None
    estimated_eta: datetime | None
    estimated_at: datetime | None
    near_at: datetime | None
    queried_at: datetime | None
    unreviewed: list[EntryOut]
    links: list[LinkOut]
    given: list[Given]
    documents_on_board: list[str]
    confidence: Confidence
