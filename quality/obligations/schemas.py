"""What the API says about obligations."""

from datetime import date
from typing import Literal
from uuid import UUID

import msgspec

StandingName = Literal["done", "done_late", "late", "due"]


class ObligationOut(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is owed every so often, with where the rule comes from."""

    code: str
    zh: str
    en: str
    by: Literal["return", "exercise"]
    what: str
    cadence: Literal["month", "quarter", "half_year", "year"]
    due_month: int
    due_day: int
    tiers: list[str]
    roles: list[str]
    source: str
    confidence: str
    to_be_verified: bool
    due_confidence: str
    due_to_be_verified: bool


class ObligationCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar: the release's, or a region's own."""

    version: str
    valid_from: date
    before_days: list[int]
    late_days: list[int]
    reminders_to_be_verified: bool
    obligations: list[ObligationOut]


class OwedOut(msgspec.Struct, frozen=True, kw_only=True):
    """One obligation of one house for one period; `record_id` is what met it, or the draft.

    `calendar`: the version of the calendar by which it is due.
    """

    obligation: str
    calendar: str
    period: str
    due_on: date
    standing: StandingName
    done_on: date | None
    record_id: UUID | None


class UnitOwed(msgspec.Struct, frozen=True, kw_only=True):
    """A house with everything that it owes around today, the first due first."""

    facility_id: UUID
    facility: str
    region: str
    tier: str
    mine: bool
    late: int
    owed: list[OwedOut]


class ObligationBoard(msgspec.Struct, frozen=True, kw_only=True):
    """The houses that the viewer belongs to or oversees, those with something late first."""

    today: date
    late: int
    due: int
    done: int
    units: list[UnitOwed]
    calendars: list[ObligationCalendar]
