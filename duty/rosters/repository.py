"""SQL of rosters. Who is on call is public to every logged-in account."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.oncall import DutyTier, OnCall, Shift, Slot, on_call
from duty.rosters.rules import Period
from kernel.errors import NotFound
from kernel.ids import FacilityId, GroupId, PersonId, ShiftId, SlotId, new_id

_SLOT_COLUMNS = """
    SELECT s.id, s.slot_no, s.group_id, s.specialty, s.tier, s.min_title, s.required, s.exclusive,
           s.qualification, g.facility_id, g.code, g.name
      FROM slot s JOIN expert_group g ON g.id = s.group_id
"""
_ORDER = """
     ORDER BY g.code, s.specialty,
              array_position(ARRAY['first','second','third','lead','general_duty'], s.tier),
              s.slot_no
"""
_SLOTS = text(
    _SLOT_COLUMNS
    + " WHERE g.facility_id = :facility_id AND s.founded_at <= :at"
    + " AND (s.retired_at IS NULL OR s.retired_at > :at)"
    + _ORDER
)
_SLOTS_BETWEEN = text(
    _SLOT_COLUMNS
    + " WHERE g.facility_id = :facility_id AND s.founded_at < :end"
    + " AND (s.retired_at IS NULL OR s.retired_at > :start)"
    + " AND (CAST(:group_id AS uuid) IS NULL OR g.id = :group_id)"
    + _ORDER
)
_SLOTS_NAMED = text(_SLOT_COLUMNS + " WHERE s.id = ANY(:ids)" + _ORDER)
# One probe of the exclusion constraint's own index per place.
_NOW = text(
    f"""
    SELECT p.*, h.id AS shift_id, h.person_id, lower(h.during) AS start, upper(h.during) AS "end",
           h.recorded_at, h.superseded_at
      FROM ({_SLOT_COLUMNS}
             WHERE g.facility_id = ANY(:facility_ids) AND s.founded_at <= :at
               AND (s.retired_at IS NULL OR s.retired_at > :at)) p
      LEFT JOIN shift h
        ON int8range(h.slot_no, h.slot_no, '[]') && int8range(p.slot_no, p.slot_no, '[]')
       AND h.during @> CAST(:at AS timestamptz) AND h.status = 'active'
     ORDER BY p.code, p.specialty,
              array_position(ARRAY['first','second','third','lead','general_duty'], p.tier),
              p.slot_no
    """  # noqa: S608
)
_SHIFTS_AS_KNOWN = text(
    """
    SELECT id, slot_id, person_id, lower(during) AS start, upper(during) AS "end",
           recorded_at, superseded_at
      FROM shift
     WHERE slot_no = ANY(:slot_nos) AND during @> CAST(:at AS timestamptz)
       AND recorded_at <= :known AND (superseded_at IS NULL OR superseded_at > :known)
    """
)
_SHIFTS_BETWEEN = text(
    """
    SELECT h.id, h.slot_id, h.person_id, lower(h.during) AS start, upper(h.during) AS "end",
           h.recorded_at, h.superseded_at, h.origin, h.plan_id, h.exclusive
      FROM unnest(CAST(:slot_nos AS bigint[])) AS n (slot_no)
      JOIN shift h ON int8range(h.slot_no, h.slot_no, '[]') && int8range(n.slot_no, n.slot_no, '[]')
       AND h.during && tstzrange(:start, :end) AND h.status = 'active'
     ORDER BY lower(h.during), h.slot_no
    """
)
_SHIFTS_BETWEEN_AS_KNOWN = text(
    """
    SELECT id, slot_id, person_id, lower(during) AS start, upper(during) AS "end",
           recorded_at, superseded_at, origin, plan_id, exclusive
      FROM shift
     WHERE slot_no = ANY(:slot_nos) AND during && tstzrange(:start, :end)
       AND recorded_at <= :known AND (superseded_at IS NULL OR superseded_at > :known)
     ORDER BY lower(during), slot_no
    """
)
_SHIFTS_OF_PEOPLE = text(
    """
    SELECT id, slot_id, person_id, lower(during) AS start, upper(during) AS "end",
           recorded_at, superseded_at, origin, plan_id, exclusive
      FROM shift
     WHERE person_id = ANY(:people) AND during && tstzrange(:start, :end) AND status = 'active'
     ORDER BY lower(during), slot_no
    """
)


_INSERT_GROUP = text(
    "INSERT INTO expert_group (id, facility_id, code, name)"
    " VALUES (:id, :facility_id, :code, :name)"
)
_INSERT_SLOT = text(
    "INSERT INTO slot (id, group_id, specialty, tier, min_title, required, exclusive,"
    "  qualification, founded_at)"
    " SELECT :id, g.id, :specialty, :tier, :min_title, :required, :exclusive, :qualification,"
    "        coalesce(CAST(:founded_at AS timestamptz), '-infinity')"
    "   FROM expert_group g WHERE g.id = :group_id AND g.facility_id = :facility_id"
    " RETURNING id"
)


@dataclass(frozen=True, slots=True)
class SlotTerms:
    """What a place asks of whoever fills it.

    `exclusive`: who fills it can be nowhere else at the time; 三线 may be.
    """

    min_title: str | None
    required: bool
    exclusive: bool
    qualification: str | None


@dataclass(frozen=True, slots=True)
class StandingShift:
    """A shift with where it came from, for whoever draws or checks a roster."""

    shift: Shift
    origin: str
    plan_id: UUID | None
    exclusive: bool


@dataclass(frozen=True, slots=True)
class DutyNow:
    """A place that a person fills at a moment."""

    group_id: GroupId
    group_code: str
    group_name: str
    tier: DutyTier
    until: datetime


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A slot with its group."""

    slot: Slot
    slot_no: int
    min_title: str | None
    facility_id: FacilityId
    group_code: str
    group_name: str
    exclusive: bool
    qualification: str | None


async def slots(session: AsyncSession, facility_id: FacilityId, at: datetime) -> list[SlotRow]:
    """The places of a facility's rosters at `at`, in the order in which screens show them."""
    rows = await session.execute(_SLOTS, {"facility_id": facility_id, "at": at})
    return [_slot_row(row) for row in rows]


async def slots_between(
    session: AsyncSession,
    facility_id: FacilityId,
    window: Period,
    group_id: GroupId | None = None,
) -> list[SlotRow]:
    """The places that there are at some moment of `window`, of one group or of all."""
    values = {"facility_id": facility_id, "start": window[0], "end": window[1]}
    rows = await session.execute(_SLOTS_BETWEEN, {**values, "group_id": group_id})
    return [_slot_row(row) for row in rows]


async def slots_named(session: AsyncSession, ids: Collection[SlotId]) -> dict[SlotId, SlotRow]:
    """The places of these ids; unknown ones are left out."""
    rows = await session.execute(_SLOTS_NAMED, {"ids": list(ids)})
    return {SlotId(row.id): _slot_row(row) for row in rows}


async def slot(session: AsyncSession, slot_id: SlotId) -> SlotRow | None:
    """One place, or None."""
    return (await slots_named(session, [slot_id])).get(slot_id)


async def standing_now(
    session: AsyncSession, facility_ids: Collection[FacilityId], at: datetime
) -> tuple[list[SlotRow], list[Shift]]:
    """The places of these facilities at `at` and the standing shifts that cover it."""
    found = (await session.execute(_NOW, {"facility_ids": list(facility_ids), "at": at})).all()
    places = {row.slot_no: _slot_row(row) for row in found}
    shifts = [_shift(row, row.shift_id, row.id) for row in found if row.shift_id is not None]
    return list(places.values()), shifts


async def rosters(
    session: AsyncSession, facility_ids: Collection[FacilityId], at: datetime
) -> list[OnCall]:
    """Who is on call at any of these facilities at `at`."""
    rows, found = await standing_now(session, facility_ids, at)
    return on_call(at, [row.slot for row in rows], found)


async def roster(
    session: AsyncSession,
    facility_id: FacilityId,
    at: datetime,
    as_known_at: datetime | None = None,
) -> list[OnCall]:
    """Who is on call at a facility at `at`; see `duty.rosters.oncall.on_call`."""
    if as_known_at is None:
        return await rosters(session, [facility_id], at)
    rows = await slots(session, facility_id, at)
    values = {"slot_nos": [row.slot_no for row in rows], "at": at, "known": as_known_at}
    found = [
        _shift(row, row.id, row.slot_id) for row in await session.execute(_SHIFTS_AS_KNOWN, values)
    ]
    return on_call(at, [row.slot for row in rows], found, as_known_at)


async def shifts_between(
    session: AsyncSession,
    rows: Sequence[SlotRow],
    window: Period,
    as_known_at: datetime | None = None,
) -> list[StandingShift]:
    """Shifts of these places that touch `window`, as they stand or as they were known."""
    values = {
        "slot_nos": [row.slot_no for row in rows],
        "start": window[0],
        "end": window[1],
        "known": as_known_at,
    }
    if as_known_at is None:
        del values["known"]
    query = _SHIFTS_BETWEEN if as_known_at is None else _SHIFTS_BETWEEN_AS_KNOWN
    return [_standing(row) for row in await session.execute(query, values)]


async def shifts_of_people(
    session: AsyncSession, people: Collection[PersonId], window: Period
) -> list[StandingShift]:
    """Standing shifts of these people anywhere that touch `window`."""
    values = {"people": list(people), "start": window[0], "end": window[1]}
    return [_standing(row) for row in await session.execute(_SHIFTS_OF_PEOPLE, values)]


async def insert_group(
    session: AsyncSession, facility_id: FacilityId, code: str, name: str
) -> GroupId:
    """Write a group."""
    id_ = GroupId(new_id())
    values = {"id": id_, "facility_id": facility_id, "code": code, "name": name}
    await session.execute(_INSERT_GROUP, values)
    return id_


async def insert_slot(
    session: AsyncSession,
    facility_id: FacilityId,
    group_id: GroupId,
    specialty: str,
    tier: DutyTier,
    terms: SlotTerms,
    founded_at: datetime | None,
) -> SlotId:
    """Write a slot; `NotFound` if the group is not the facility's."""
    values = {
        "id": new_id(),
        "facility_id": facility_id,
        "group_id": group_id,
        "specialty": specialty,
        "tier": str(tier),
        "founded_at": founded_at,
        **asdict(terms),
    }
    found = (await session.execute(_INSERT_SLOT, values)).scalar_one_or_none()
    if found is None:
        raise NotFound()
    return SlotId(found)


async def duties(session: AsyncSession, person_id: PersonId, at: datetime) -> list[DutyNow]:
    """The places that a person fills at `at`."""
    instant = (at, at + timedelta(microseconds=1))
    mine = [one.shift for one in await shifts_of_people(session, [person_id], instant)]
    rows = await slots_named(session, [shift.slot_id for shift in mine])
    places = [row.slot for row in rows.values()]
    found = []
    for answer in on_call(at, places, mine):
        row = rows[answer.slot.id]
        if answer.shift is not None:
            found.append(
                DutyNow(
                    row.slot.group_id,
                    row.group_code,
                    row.group_name,
                    row.slot.tier,
                    answer.shift.end,
                )
            )
    return found


async def database_now(session: AsyncSession) -> datetime:
    """The database's clock, by which shifts are recorded."""
    now: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return now


def _shift(row: Row[Any], id_: UUID, slot_id: UUID) -> Shift:
    return Shift(
        ShiftId(id_),
        SlotId(slot_id),
        PersonId(row.person_id),
        row.start,
        row.end,
        row.recorded_at,
        row.superseded_at,
    )


def _slot_row(row: Row[Any]) -> SlotRow:
    place = Slot(
        SlotId(row.id), GroupId(row.group_id), row.specialty, DutyTier(row.tier), row.required
    )
    return SlotRow(
        place,
        row.slot_no,
        row.min_title,
        FacilityId(row.facility_id),
        row.code,
        row.name,
        row.exclusive,
        row.qualification,
    )


def _standing(row: Row[Any]) -> StandingShift:
    return StandingShift(_shift(row, row.id, row.slot_id), row.origin, row.plan_id, row.exclusive)
