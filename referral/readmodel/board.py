"""The board."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from duty.escalation.schemas import ReachCounts
from referral.commands.fields import Acuity, Machine, MySide, RiskColour, Subject
from referral.rules.waiting import WaitingCode
from referral.states import ReferralState
from registry.facilities.schemas import FacilityRef


class Action(msgspec.Struct, kw_only=True):
    """Something this viewer may do now; the client never guesses.

    `path` is where to post it, `needs` the fields it cannot go without.
    """

    machine: Machine
    target_id: UUID
    action: str
    path: str
    version: int
    number: int
    primary: bool
    danger: bool
    needs: list[str]


class PatientRef(msgspec.Struct, kw_only=True):
    """As much as a board may show."""

    name_short: str
    age: int | None
    gestation_days: int | None


class BoardRow(msgspec.Struct, kw_only=True):
    """One case on the board; `lacking`: specialties that a ringing page still lacks."""

    id: UUID
    number: str
    state: ReferralState
    direction: Literal["up", "back"]
    acuity: Acuity
    condition: str
    risk_colour: RiskColour | None
    purple: bool
    subject: Subject
    patient: PatientRef
    origin: FacilityRef
    receiver: FacilityRef | None
    oldest_unanswered_at: datetime | None
    waiting_for: WaitingCode
    reach: ReachCounts
    lacking: list[str]
    eta: datetime | None
    sent_at: datetime | None
    created_at: datetime
    version: int
    drill: bool
    demo: bool
    my_side: MySide
    to_act: bool
    allowed: list[Action]


class BoardCounts(msgspec.Struct, kw_only=True):
    """The four numbers above the board."""

    to_act: int
    open: int
    moving: int
    closed_today: int


class Board(msgspec.Struct, kw_only=True):
    """Sorted by acuity, then by the age of the oldest unanswered step."""

    counts: BoardCounts
    rows: list[BoardRow]
    server_time: datetime
