"""The report: shifts of a period as they stand, weighed by the version in force."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.fairness import weighing
from duty.changes.fairness.points import KindOf, Load, Stretch, Weights, loads, points
from duty.changes.fairness.schemas import (
    FairnessGroup,
    FairnessReport,
    FairnessRow,
    FairnessShift,
)
from duty.changes.partners import person
from duty.rosters import holidays
from duty.rosters.calendar import Calendar, DayKind
from kernel.errors import BadInput, NotFound
from kernel.ids import FacilityId, GroupId, PersonId
from kernel.viewer import Viewer
from registry.facilities.rules import CHINA
from registry.people import queries as people

LONGEST = timedelta(days=400)
HEADER = (
    "姓名",
    "职称",
    "班次",
    "小时",
    "夜班数",
    "夜间小时",
    "周末小时",
    "节假日小时",
    "加权分",
    "与平均之比",
)

_SHIFTS = text(
    """
    SELECT h.person_id, s.tier, s.specialty, g.name AS group_name,
           greatest(lower(h.during), :start) AS start, least(upper(h.during), :end) AS "end"
      FROM shift h JOIN slot s ON s.id = h.slot_id JOIN expert_group g ON g.id = s.group_id
     WHERE g.facility_id = :facility_id AND h.status = 'active'
       AND h.during && tstzrange(:start, :end)
       AND (CAST(:group_id AS uuid) IS NULL OR g.id = :group_id)
     ORDER BY lower(h.during), s.slot_no
    """
)
_GROUPS = text("SELECT id, name FROM expert_group WHERE facility_id = :facility_id ORDER BY name")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which duty to weigh; `person_id`: list that person's shifts as well."""

    facility_id: FacilityId
    start: datetime
    end: datetime
    group_id: GroupId | None = None
    person_id: PersonId | None = None


async def report(session: AsyncSession, viewer: Viewer, wanted: Wanted) -> FairnessReport:
    """The burden of duty at a facility where the viewer works.

    Raises:
        NotFound: another facility.
        BadInput: the period is empty or longer than a good year.
    """
    if wanted.facility_id not in viewer.facility_ids | {viewer.facility_id}:
        raise NotFound()
    if not timedelta(0) < wanted.end - wanted.start <= LONGEST:
        raise BadInput(field="to", reason="period")
    version = await weighing.choose(session, wanted.facility_id)
    calendar = await holidays.calendar(session)
    rows = await _shifts(session, wanted)
    kind_of = _kinds(calendar)
    found = loads(map(_stretch, rows), version.weights, kind_of, CHINA)
    known = await people.get_many(session, found)
    mean = sum(load.points for load in found.values()) / max(len(found), 1)
    groups = await session.execute(_GROUPS, {"facility_id": wanted.facility_id})
    years = range(wanted.start.astimezone(CHINA).year, wanted.end.astimezone(CHINA).year + 1)
    listed = [
        FairnessRow(person(known[id_]), *_numbers(load), round(load.points / mean, 2))
        for id_, load in found.items()
    ]
    return FairnessReport(
        facility_id=wanted.facility_id,
        from_=wanted.start,
        to=wanted.end,
        groups=[FairnessGroup(row.id, row.name) for row in groups],
        rows=sorted(listed, key=lambda one: (-one.points, one.person.name)),
        shifts=[
            _one_shift(row, version.weights, kind_of)
            for row in rows
            if row.person_id == wanted.person_id
        ],
        unknown_years=[year for year in years if year not in calendar.years],
        weights_version=version.id,
        source=version.source,
        confidence=version.confidence,
    )


def as_csv(said: FairnessReport) -> str:
    """The table for a spreadsheet; it begins with the mark by which Excel knows UTF-8."""
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(HEADER)
    for row in said.rows:
        who = (_cell(row.person.name), _cell(row.person.title), row.shifts, row.hours, row.nights)
        parts = (row.night_hours, row.weekend_hours, row.holiday_hours)
        sheet.writerow((*who, *parts, row.points, row.share))
    sheet.writerow([])
    sheet.writerow(["权重版本", str(said.weights_version), _cell(said.source), said.confidence])
    return "\ufeff" + out.getvalue()


def _cell(words: str) -> str:
    """A name is never a formula."""
    return f"'{words}" if words[:1] in "=+-@\t\r" and words else words


def _kinds(calendar: Calendar) -> KindOf:
    def kind(day: date) -> str:
        found = calendar.day(day).kind
        return "workday" if found is DayKind.ADJUSTED_WORKDAY else str(found)

    return kind


def _numbers(load: Load) -> tuple[int, float, int, float, float, float, float]:
    return (
        load.shifts,
        round(load.hours, 1),
        load.nights,
        round(load.night_hours, 1),
        round(load.weekend_hours, 1),
        round(load.holiday_hours, 1),
        round(load.points, 1),
    )


def _stretch(row: Row[Any]) -> Stretch:
    return Stretch(PersonId(row.person_id), row.tier, row.start, row.end)


def _one_shift(row: Row[Any], weights: Weights, kind_of: KindOf) -> FairnessShift:
    counted = points(_stretch(row), weights, kind_of, CHINA)
    return FairnessShift(
        row.group_name, row.specialty, row.tier, row.start, row.end, round(counted, 1)
    )


async def _shifts(session: AsyncSession, wanted: Wanted) -> Sequence[Row[Any]]:
    values = {
        "facility_id": wanted.facility_id,
        "start": wanted.start,
        "end": wanted.end,
        "group_id": wanted.group_id,
    }
    return (await session.execute(_SHIFTS, values)).all()
