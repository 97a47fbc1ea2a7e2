"""The only writer of shifts. A shift is superseded and split, never changed; the past stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.errors import PersonBusy, ShiftOverlaps
from duty.rosters.repository import SlotRow
from duty.rosters.rules import Period, remainders
from kernel.database import constraint_of
from kernel.ids import PersonId, ShiftId, new_id

# Writers take places, then people, always in the same order: two of them never wait in a circle.
_QUEUE = text(
    "SELECT pg_advisory_xact_lock(7283003, n % 2147483647) FROM ("
    " SELECT DISTINCT CAST(CAST(x AS bigint) % 2147483647 AS int) AS n"
    "   FROM unnest(CAST(:slot_nos AS bigint[])) AS x ORDER BY 1) AS numbers"
)
_SUPERSEDE = text(
    """
    UPDATE shift h SET status = 'superseded', superseded_at = :now
      FROM unnest(CAST(:slot_nos AS bigint[]), CAST(:starts AS timestamptz[]),
                  CAST(:ends AS timestamptz[])) AS n (slot_no, start, "end")
     WHERE h.slot_no = n.slot_no AND h.status = 'active'
       AND int8range(h.slot_no, h.slot_no, '[]') && int8range(n.slot_no, n.slot_no, '[]')
       AND h.during && tstzrange(n.start, n."end")
    RETURNING h.id, h.slot_no, h.person_id, lower(h.during) AS start, upper(h.during) AS "end",
              h.plan_id
    """
)
_INSERT = text(
    """
    INSERT INTO shift (id, slot_id, slot_no, person_id, during, origin, exclusive, plan_id,
                       recorded_by, recorded_at, supersedes_id)
    SELECT n.id, n.slot_id, n.slot_no, n.person_id, tstzrange(n.start, n."end"), n.origin,
           n.exclusive, n.plan_id, CAST(:by AS uuid), CAST(:now AS timestamptz), n.supersedes_id
      FROM unnest(CAST(:ids AS uuid[]), CAST(:slot_ids AS uuid[]), CAST(:slot_nos AS bigint[]),
                  CAST(:people AS uuid[]), CAST(:starts AS timestamptz[]),
                  CAST(:ends AS timestamptz[]), CAST(:origins AS text[]),
                  CAST(:exclusives AS boolean[]), CAST(:plans AS uuid[]),
                  CAST(:supersedes AS uuid[]))
           AS n (id, slot_id, slot_no, person_id, start, "end", origin, exclusive, plan_id,
                 supersedes_id)
     ORDER BY n.person_id, n.start, n.slot_no
    """
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Somebody is to fill a place for a time."""

    row: SlotRow
    person_id: PersonId
    period: Period


@dataclass(frozen=True, slots=True)
class Recording:
    """Who records when, why, and for which plan."""

    origin: str
    by: PersonId | None
    now: datetime
    plan_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    id: ShiftId
    assignment: Assignment
    origin: str
    plan_id: UUID | None
    supersedes: ShiftId | None = None


async def queue_up(session: AsyncSession, rows: Sequence[SlotRow]) -> None:
    """Writers of one place's shifts go one after the other, until the transaction ends.

    An exclusion constraint alone would let two insertions wait for each other.
    """
    await session.execute(_QUEUE, {"slot_nos": [row.slot_no for row in rows]})


async def clear(
    session: AsyncSession, parts: Sequence[tuple[SlotRow, Period]], recording: Recording
) -> None:
    """Take whoever stands there out of these periods; what they keep is written anew."""
    await _write(session, await _superseded(session, parts, recording), recording)


async def record(
    session: AsyncSession,
    assignments: Sequence[Assignment],
    recording: Recording,
    *,
    replace: bool,
) -> list[ShiftId]:
    """Write shifts; with `replace`, whoever stands in the way keeps only what is left.

    Raises:
        ShiftOverlaps: somebody fills part of a place already, and is not to be replaced.
        PersonBusy: somebody would be in two exclusive places at once.
    """
    kept: list[_Row] = []
    if replace:
        parts = [(one.row, one.period) for one in assignments]
        kept = await _superseded(session, parts, recording)
    new = [_Row(ShiftId(new_id()), one, recording.origin, recording.plan_id) for one in assignments]
    await _write(session, kept + new, recording)
    return [row.id for row in new]


async def _superseded(
    session: AsyncSession, parts: Sequence[tuple[SlotRow, Period]], recording: Recording
) -> list[_Row]:
    """End the validity of standing shifts in these periods; what is left of them."""
    by_no = {row.slot_no: row for row, _ in parts}
    found = await session.execute(
        _SUPERSEDE,
        {
            "slot_nos": [row.slot_no for row, _ in parts],
            "starts": [period[0] for _, period in parts],
            "ends": [period[1] for _, period in parts],
            "now": recording.now,
        },
    )
    kept = []
    for old in found.all():
        left = [(old.start, old.end)]
        for row, period in parts:
            if row.slot_no == old.slot_no:
                left = [rest for one in left for rest in remainders(one, period)]
        for rest in left:
            mine = Assignment(by_no[old.slot_no], PersonId(old.person_id), rest)
            kept.append(
                _Row(ShiftId(new_id()), mine, "split", old.plan_id, supersedes=ShiftId(old.id))
            )
    return kept


async def _write(session: AsyncSession, rows: Sequence[_Row], recording: Recording) -> None:
    values = {
        "by": recording.by,
        "now": recording.now,
        "ids": [row.id for row in rows],
        "slot_ids": [row.assignment.row.slot.id for row in rows],
        "slot_nos": [row.assignment.row.slot_no for row in rows],
        "people": [row.assignment.person_id for row in rows],
        "starts": [row.assignment.period[0] for row in rows],
        "ends": [row.assignment.period[1] for row in rows],
        "origins": [row.origin for row in rows],
        "exclusives": [row.assignment.row.exclusive for row in rows],
        "plans": [row.plan_id for row in rows],
        "supersedes": [row.supersedes for row in rows],
    }
    try:
        await session.execute(_INSERT, values)
    except IntegrityError as error:
        if constraint_of(error) == "shift_one_person":
            raise ShiftOverlaps() from error
        if constraint_of(error) == "shift_one_place":
            raise PersonBusy() from error
        raise
