"""Rotations as they are recorded: versions are appended, the newest of a code counts."""

from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import fitness, holidays, repository
from duty.rosters.calendar import ALL_DAYS, DayKind
from duty.rosters.errors import PatternWrong
from duty.rosters.periods import YEARS
from duty.rosters.policies import may_edit
from duty.rosters.rotation import Pattern, RotationVersion, Shape, Turn
from duty.rosters.rotation import fill as unroll
from duty.rosters.rules import Period
from duty.rosters.service import moment
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import FacilityId, GroupId, PersonId, SlotId, new_id
from kernel.viewer import Viewer
from registry.people import queries as people

MOST_MEMBERS = 60

_INSERT = text(
    "INSERT INTO rotation_version (id, facility_id, slot_id, code, pattern, valid, recorded_by,"
    "  recorded_at)"
    " VALUES (:id, :facility_id, :slot_id, :code, CAST(:pattern AS jsonb),"
    "  daterange(:first, :until), :by, :at)"
)
_OF_FACILITY = text(
    "SELECT id, slot_id, code, seq, pattern, lower(valid) AS first, upper(valid) AS until,"
    "  recorded_by, recorded_at"
    "  FROM rotation_version WHERE facility_id = :facility_id ORDER BY slot_id, code, seq DESC"
)


class Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    """A pattern as the table holds it."""

    shape: Shape
    members: list[UUID]
    start: date
    days: int = 1
    weeks: list[int] = []
    on: list[DayKind] = []
    handover: str = "08:00"
    zone: str = "Asia/Shanghai"

    def pattern(self) -> Pattern:
        """The same as the pure function takes it."""
        return Pattern(
            shape=self.shape,
            members=tuple(PersonId(one) for one in self.members),
            start=self.start,
            days=self.days,
            weeks=tuple(
                tuple(None if place < 0 else place for place in row)
                for row in zip(*[iter(self.weeks)] * 7, strict=True)
            ),
            on=frozenset(self.on) or ALL_DAYS,
            handover=time.fromisoformat(self.handover),
            zone=self.zone,
        )


class RecordedRotation(msgspec.Struct, frozen=True):
    """A version with who recorded it when."""

    id: UUID
    version: RotationVersion
    stored: Stored
    recorded_by: UUID | None
    recorded_at: datetime


async def record(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    slot_id: SlotId,
    code: str,
    stored: Stored,
    valid_from: date,
    valid_until: date | None = None,
) -> UUID:
    """Append a version of a rotation; plans that were filled before stay as they are.

    Raises:
        NotFound: no such place or member.
        PatternWrong: with the reason.
    """
    row = await repository.slot(session, slot_id)
    if row is None:
        raise NotFound()
    may_edit(viewer, row.facility_id)
    _must_go_round(stored, valid_from, valid_until)
    known = await people.get_many(session, [PersonId(one) for one in stored.members])
    if len(known) != len(set(stored.members)):
        raise NotFound()
    id_ = new_id()
    await session.execute(
        _INSERT,
        {
            "id": id_,
            "facility_id": row.facility_id,
            "slot_id": slot_id,
            "code": code,
            "pattern": msgspec.json.encode(stored).decode(),
            "first": valid_from,
            "until": valid_until,
            "by": None if viewer.is_process else viewer.person_id,
            "at": await moment(session, clock),
        },
    )
    return id_


async def of_facility(session: AsyncSession, facility_id: FacilityId) -> list[RecordedRotation]:
    """Every version of every rotation of a facility, newest first per place and code."""
    found = []
    for row in await session.execute(_OF_FACILITY, {"facility_id": facility_id}):
        stored = msgspec.convert(row.pattern, Stored, strict=False)
        version = RotationVersion(
            SlotId(row.slot_id), row.code, row.seq, stored.pattern(), row.first, row.until
        )
        found.append(RecordedRotation(row.id, version, stored, row.recorded_by, row.recorded_at))
    return found


async def turns_of_group(
    session: AsyncSession, facility_id: FacilityId, group_id: GroupId, window: Period
) -> list[Turn]:
    """What the rotations of a group give inside `window`, with the calendar and leave as known."""
    rows = await repository.slots_between(session, facility_id, window, group_id)
    places = {row.slot.id for row in rows}
    recorded = [
        one.version
        for one in await of_facility(session, facility_id)
        if one.version.slot_id in places
    ]
    members = {person for one in recorded for person in one.pattern.members}
    away = await fitness.leave(session, members, window)
    standing_in = {one.substitute_id for one in away if one.substitute_id is not None} - members
    away += await fitness.leave(session, standing_in, window)
    return unroll(recorded, await holidays.calendar(session), away, window)


def _must_go_round(stored: Stored, valid_from: date, valid_until: date | None) -> None:
    weekly = stored.shape is Shape.WEEKLY
    reasons = {
        "ends_before_it_begins": valid_until is not None and valid_until <= valid_from,
        "begins_before_its_start": valid_from < stored.start,
        "year": any(
            day.year not in YEARS for day in (stored.start, valid_from, valid_until or valid_from)
        ),
        "too_many_members": len(stored.members) > MOST_MEMBERS,
        "member_twice": not weekly and len(set(stored.members)) != len(stored.members),
        "days_out_of_range": not 1 <= stored.days <= 31,
        "weeks_missing": weekly and not stored.weeks,
        "week_not_seven_days": len(stored.weeks) % 7 != 0,
        "week_names_nobody": any(place >= len(stored.members) for place in stored.weeks),
        "zone_unknown": stored.zone not in available_timezones(),
    }
    for reason, wrong in reasons.items():
        if wrong:
            raise PatternWrong(reason=reason)
