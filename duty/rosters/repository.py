"""SQL of rosters. Who is on call is public to every logged-in account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.oncall import DutyTier, OnCall, Shift, Slot, on_call
from kernel.errors import NotFound
from kernel.ids import FacilityId, GroupId, PersonId, ShiftId, SlotId, new_id

_SLOTS = text(
    """
    SELECT s.id, s.slot_no, s.group_id, s.specialty, s.tier, s.min_title, s.required,
           g.facility_id, g.code, g.name
      FROM slot s JOIN expert_group g ON g.id = s.group_id
     WHERE g.facility_id = :facility_id
     ORDER BY g.code, s.specialty,
              array_position(ARRAY['first','second','third','lead','general_duty'], s.tier),
              s.slot_no
    """
)
# One probe of the exclusion constraint's own index per place.
_SHIFTS_NOW = text(
    """
    SELECT h.id, h.slot_id, h.person_id, lower(h.during) AS start, upper(h.during) AS "end",
           h.recorded_at, h.superseded_at
      FROM unnest(CAST(:slot_nos AS bigint[])) AS n (slot_no)
      JOIN shift h ON int8range(h.slot_no, h.slot_no, '[]') && int8range(n.slot_no, n.slot_no, '[]')
       AND h.during @> CAST(:at AS timestamptz) AND h.status = 'active'
    """
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
_SLOT = text(
    "SELECT s.id, s.slot_no, s.group_id, s.specialty, s.tier, s.min_title, s.required,"
    " g.facility_id, g.code, g.name"
    " FROM slot s JOIN expert_group g ON g.id = s.group_id WHERE s.id = :id"
)


_QUEUE = text(
    "SELECT pg_advisory_xact_lock(7283003, CAST(CAST(:slot_no AS bigint) % 2147483647 AS int))"
)

_INSERT_GROUP = text(
    "INSERT INTO expert_group (id, facility_id, code, name)"
    " VALUES (:id, :facility_id, :code, :name)"
)
_INSERT_SLOT = text(
    "INSERT INTO slot (id, group_id, specialty, tier, min_title, required)"
    " SELECT :id, g.id, :specialty, :tier, :min_title, :required"
    "   FROM expert_group g WHERE g.id = :group_id AND g.facility_id = :facility_id"
    " RETURNING id"
)
_INSERT_SHIFT = text(
    "INSERT INTO shift (id, slot_id, slot_no, person_id, during, origin, recorded_by,"
    "  recorded_at, supersedes_id)"
    " VALUES (:id, :slot_id, :slot_no, :person_id, tstzrange(:start, :end), :origin,"
    "  :recorded_by, :recorded_at, :supersedes_id)"
)
_SUPERSEDE = text(
    """
    UPDATE shift SET status = 'superseded', superseded_at = :now
     WHERE slot_no = :slot_no AND status = 'active' AND during && tstzrange(:start, :end)
    RETURNING id, slot_id, person_id, lower(during) AS start, upper(during) AS "end",
              recorded_at, superseded_at
    """
)
_DUTIES = text(
    """
    SELECT g.id AS group_id, g.code, g.name, s.tier, upper(h.during) AS until
      FROM shift h JOIN slot s ON s.id = h.slot_id JOIN expert_group g ON g.id = s.group_id
     WHERE h.person_id = :person_id AND h.status = 'active'
       AND h.during @> CAST(:at AS timestamptz)
     ORDER BY g.code, s.slot_no
    """
)


@dataclass(frozen=True, slots=True)
class NewShift:
    """A shift about to be recorded."""

    slot_id: SlotId
    slot_no: int
    person_id: PersonId
    start: datetime
    end: datetime
    origin: str
    recorded_by: PersonId | None
    recorded_at: datetime
    supersedes_id: ShiftId | None


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


async def slots(session: AsyncSession, facility_id: FacilityId) -> list[SlotRow]:
    """All places of a facility's rosters, in the order in which screens show them."""
    rows = await session.execute(_SLOTS, {"facility_id": facility_id})
    return [_slot_row(row) for row in rows]


async def slot(session: AsyncSession, slot_id: SlotId) -> SlotRow | None:
    """One place, or None."""
    row = (await session.execute(_SLOT, {"id": slot_id})).one_or_none()
    return None if row is None else _slot_row(row)


async def queue_up(session: AsyncSession, slot_no: int) -> None:
    """Writers of one place's shifts go one after the other, until the transaction ends.

    An exclusion constraint alone would let two insertions wait for each other.
    """
    await session.execute(_QUEUE, {"slot_no": slot_no})


async def shifts_at(
    session: AsyncSession,
    rows: Sequence[SlotRow],
    at: datetime,
    as_known_at: datetime | None = None,
) -> list[Shift]:
    """Shifts of these places that cover `at`, as they stand or as they were known."""
    numbers = [row.slot_no for row in rows]
    if as_known_at is None:
        found = await session.execute(_SHIFTS_NOW, {"slot_nos": numbers, "at": at})
    else:
        found = await session.execute(
            _SHIFTS_AS_KNOWN, {"slot_nos": numbers, "at": at, "known": as_known_at}
        )
    return [_shift(row) for row in found]


async def roster(
    session: AsyncSession,
    facility_id: FacilityId,
    at: datetime,
    as_known_at: datetime | None = None,
) -> list[OnCall]:
    """Who is on call at a facility at `at`; see `duty.rosters.oncall.on_call`."""
    rows = await slots(session, facility_id)
    found = await shifts_at(session, rows, at, as_known_at)
    return on_call(at, [row.slot for row in rows], found, as_known_at)


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
    min_title: str | None,
    required: bool,
) -> SlotId:
    """Write a slot; `NotFound` if the group is not the facility's."""
    values = {
        "id": new_id(),
        "facility_id": facility_id,
        "group_id": group_id,
        "specialty": specialty,
        "tier": str(tier),
        "min_title": min_title,
        "required": required,
    }
    found = (await session.execute(_INSERT_SLOT, values)).scalar_one_or_none()
    if found is None:
        raise NotFound()
    return SlotId(found)


async def insert_shift(session: AsyncSession, shift: NewShift) -> ShiftId:
    """Write a shift; the database refuses a second person in the same place and time."""
    id_ = ShiftId(new_id())
    values = {name: getattr(shift, name) for name in NewShift.__slots__}
    await session.execute(_INSERT_SHIFT, {"id": id_, **values})
    return id_


async def supersede(
    session: AsyncSession, slot_no: int, period: tuple[datetime, datetime], now: datetime
) -> list[Shift]:
    """End the validity of standing shifts that overlap `period`; returns what they were."""
    rows = await session.execute(
        _SUPERSEDE, {"slot_no": slot_no, "start": period[0], "end": period[1], "now": now}
    )
    return [_shift(row) for row in rows]


async def duties(session: AsyncSession, person_id: PersonId, at: datetime) -> list[DutyNow]:
    """The places that a person fills at `at`."""
    rows = await session.execute(_DUTIES, {"person_id": person_id, "at": at})
    return [
        DutyNow(GroupId(row.group_id), row.code, row.name, DutyTier(row.tier), row.until)
        for row in rows
    ]


async def database_now(session: AsyncSession) -> datetime:
    """The database's clock, by which shifts are recorded."""
    now: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return now


def _shift(row: Row[Any]) -> Shift:
    return Shift(
        ShiftId(row.id),
        SlotId(row.slot_id),
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
        place, row.slot_no, row.min_title, FacilityId(row.facility_id), row.code, row.name
    )
