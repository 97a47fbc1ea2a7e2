"""SQL of rosters. Who is on call is public to every logged-in account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.oncall import DutyTier, OnCall, Shift, Slot, on_call
from kernel.ids import FacilityId, GroupId, PersonId, ShiftId, SlotId

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
    return [
        Shift(
            ShiftId(row.id),
            SlotId(row.slot_id),
            PersonId(row.person_id),
            row.start,
            row.end,
            row.recorded_at,
            row.superseded_at,
        )
        for row in found
    ]


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


def _slot_row(row: Row[Any]) -> SlotRow:
    place = Slot(
        SlotId(row.id), GroupId(row.group_id), row.specialty, DutyTier(row.tier), row.required
    )
    return SlotRow(
        place, row.slot_no, row.min_title, FacilityId(row.facility_id), row.code, row.name
    )
