"""SQL of handovers. That one waits is public, like the roster; notes belong to the facility."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.handover.cases import OpenCase
from duty.changes.handover.states import HandoverState
from kernel.ids import CaseId, FacilityId, GroupId, HandoverId, PersonId, ShiftId, SlotId, new_id

# A place that changes hands about now and has no handover yet. Somebody who took over from one
# who fell ill has nobody to hand over to them.
_COMING = text(
    """
    SELECT n.slot_id, g.facility_id, lower(n.during) AS at, n.id AS incoming_shift_id,
           n.person_id AS incoming_id, p.id AS outgoing_shift_id, p.person_id AS outgoing_id
      FROM shift n JOIN slot s ON s.id = n.slot_id JOIN expert_group g ON g.id = s.group_id
      JOIN LATERAL (SELECT o.id, o.person_id FROM shift o
                     WHERE int8range(o.slot_no, o.slot_no, '[]')
                           && int8range(n.slot_no, n.slot_no, '[]')
                       AND o.status = 'active' AND upper(o.during) = lower(n.during)
                       AND o.during && tstzrange(lower(n.during) - interval '1 second',
                                                 lower(n.during))
                     LIMIT 1) p ON p.person_id <> n.person_id
     WHERE n.status = 'active' AND upper(n.during) > :now
       AND lower(n.during) > CAST(:now AS timestamptz) - interval '1 hour'
       AND lower(n.during) <= CAST(:now AS timestamptz) + interval '4 hours'
       AND NOT EXISTS (SELECT 1 FROM duty_handover h WHERE h.slot_id = n.slot_id
                         AND h.at = lower(n.during) AND h.incoming_id = n.person_id)
       AND NOT EXISTS (SELECT 1 FROM change_request c WHERE c.kind = 'takeover'
                         AND c.slot_id = n.slot_id AND lower(c.during) = lower(n.during))
     ORDER BY lower(n.during), s.slot_no LIMIT 200
    """
)
_OPEN = text(
    """
    INSERT INTO duty_handover (id, slot_id, facility_id, at, outgoing_id, incoming_id,
      outgoing_shift_id, incoming_shift_id, rule_id, state, remind_at, alarm_at, opened_at)
    VALUES (:id, :slot_id, :facility_id, :at, :outgoing_id, :incoming_id, :outgoing_shift_id,
      :incoming_shift_id, :rule_id, :state, :remind_at, :alarm_at, :opened_at)
    ON CONFLICT (slot_id, at, incoming_id) DO NOTHING RETURNING id
    """
)
_COLUMNS = """
    SELECT h.id, h.slot_id, h.facility_id, h.at, h.outgoing_id, h.incoming_id, h.rule_id, h.state,
           h.alarm_at, h.ended_by, h.ended_at, h.end_note, s.specialty, s.tier, g.id AS group_id,
           g.name AS group_name, clock_timestamp() AS now
      FROM duty_handover h JOIN slot s ON s.id = h.slot_id
      JOIN expert_group g ON g.id = s.group_id
"""
_LOCK = text(_COLUMNS + " WHERE h.id = :id FOR UPDATE OF h")
_GET = text(_COLUMNS + " WHERE h.id = :id")
_LIST = text(
    _COLUMNS + " WHERE (h.facility_id = ANY(:facilities) OR :person_id IN (h.incoming_id,"
    "  h.outgoing_id)) AND (h.state = 'open' OR h.ended_at > CAST(:since AS timestamptz))"
    " ORDER BY h.state = 'open' DESC,"
    "  CAST(:person_id AS uuid) IN (h.incoming_id, h.outgoing_id) DESC, h.at DESC, s.slot_no"
    " LIMIT 100"
)
_END = text(
    "UPDATE duty_handover SET state = :state, ended_by = :by, ended_at = :at, end_note = :note"
    " WHERE id = :id"
)
_KEEP_CASES = text(
    """
    INSERT INTO duty_handover_case (handover_id, case_id, number, state, acuity, opened_at, pages)
    SELECT :id, n.* FROM unnest(CAST(:cases AS uuid[]), CAST(:numbers AS text[]),
      CAST(:states AS text[]), CAST(:acuities AS text[]), CAST(:opened AS timestamptz[]),
      CAST(:pages AS int[])) AS n
    """
)
_CASES = text(
    "SELECT handover_id, case_id, number, state, acuity, opened_at, pages FROM duty_handover_case"
    " WHERE handover_id = ANY(:ids) ORDER BY handover_id, opened_at"
)
_ADD_NOTE = text(
    "INSERT INTO duty_handover_note (id, handover_id, person_id, case_id, text, at)"
    " VALUES (:id, :handover_id, :person_id, :case_id, :text, :at)"
)
_NOTES = text(
    "SELECT handover_id, person_id, case_id, text, at FROM duty_handover_note"
    " WHERE handover_id = ANY(:ids) ORDER BY handover_id, at, id"
)
_RINGING = text(
    "SELECT e.case_id, count(*) AS pages FROM escalation e JOIN page p ON p.id = e.page_id"
    " WHERE e.state IN ('running', 'exhausted') AND p.facility_id = ANY(:facilities)"
    "  AND NOT e.simulated GROUP BY e.case_id"
)


@dataclass(frozen=True, slots=True)
class Coming:
    """A place that changes hands about now."""

    slot_id: SlotId
    facility_id: FacilityId
    at: datetime
    incoming_shift_id: ShiftId
    incoming_id: PersonId
    outgoing_shift_id: ShiftId
    outgoing_id: PersonId


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """A handover with its place; `now` is the database's clock when it was read."""

    id: HandoverId
    slot_id: SlotId
    facility_id: FacilityId
    at: datetime
    outgoing_id: PersonId
    incoming_id: PersonId
    rule_id: UUID
    state: HandoverState
    alarm_at: datetime
    ended_by: PersonId | None
    ended_at: datetime | None
    end_note: str | None
    specialty: str
    tier: str
    group_id: GroupId
    group_name: str
    now: datetime


async def coming(session: AsyncSession, now: datetime) -> list[Coming]:
    """Places that change hands within hours and have no handover yet."""
    return [Coming(*row) for row in await session.execute(_COMING, {"now": now})]


async def open_one(
    session: AsyncSession,
    one: Coming,
    rule_id: UUID,
    *,
    remind_at: datetime,
    alarm_at: datetime,
    opened_at: datetime,
) -> HandoverId | None:
    """Write a handover; None if another engine has."""
    values = {name: getattr(one, name) for name in Coming.__slots__}
    values |= {"remind_at": remind_at, "alarm_at": alarm_at, "opened_at": opened_at}
    found = await session.execute(
        _OPEN, {**values, "id": new_id(), "rule_id": rule_id, "state": str(HandoverState.OPEN)}
    )
    id_ = found.scalar_one_or_none()
    return None if id_ is None else HandoverId(id_)


async def lock(session: AsyncSession, handover_id: HandoverId) -> HandoverRow | None:
    """Take the handover: whoever holds it decides how it ends."""
    row = (await session.execute(_LOCK, {"id": handover_id})).one_or_none()
    return None if row is None else _handover(row)


async def get(session: AsyncSession, handover_id: HandoverId) -> HandoverRow | None:
    """One handover."""
    row = (await session.execute(_GET, {"id": handover_id})).one_or_none()
    return None if row is None else _handover(row)


async def around(
    session: AsyncSession,
    facilities: Collection[FacilityId],
    person_id: PersonId,
    since: datetime,
) -> list[HandoverRow]:
    """Handovers at these facilities or of this person: open ones, and those ended since."""
    values = {"facilities": list(facilities), "person_id": person_id, "since": since}
    return [_handover(row) for row in await session.execute(_LIST, values)]


async def end(
    session: AsyncSession,
    handover_id: HandoverId,
    state: HandoverState,
    at: datetime,
    *,
    by: PersonId,
    note: str | None = None,
) -> None:
    """Write how it ended."""
    values = {"id": handover_id, "state": str(state), "at": at, "by": by, "note": note}
    await session.execute(_END, values)


async def keep_cases(
    session: AsyncSession, handover_id: HandoverId, cases: Sequence[OpenCase]
) -> None:
    """Keep what was acknowledged."""
    await session.execute(
        _KEEP_CASES,
        {
            "id": handover_id,
            "cases": [one.case_id for one in cases],
            "numbers": [one.number for one in cases],
            "states": [one.state for one in cases],
            "acuities": [one.acuity for one in cases],
            "opened": [one.opened_at for one in cases],
            "pages": [one.pages for one in cases],
        },
    )


async def kept_cases(
    session: AsyncSession, ids: Collection[HandoverId]
) -> dict[HandoverId, list[OpenCase]]:
    """What was acknowledged, by handover."""
    found: dict[HandoverId, list[OpenCase]] = {}
    for row in await session.execute(_CASES, {"ids": list(ids)}):
        one = OpenCase(
            CaseId(row.case_id), row.number, row.state, row.acuity, row.opened_at, row.pages
        )
        found.setdefault(HandoverId(row.handover_id), []).append(one)
    return found


async def add_note(
    session: AsyncSession,
    handover_id: HandoverId,
    person_id: PersonId,
    case_id: CaseId | None,
    text_: str,
    at: datetime,
) -> None:
    """Append a line for the next one on duty."""
    await session.execute(
        _ADD_NOTE,
        {
            "id": new_id(),
            "handover_id": handover_id,
            "person_id": person_id,
            "case_id": case_id,
            "text": text_,
            "at": at,
        },
    )


async def notes(session: AsyncSession, ids: Collection[HandoverId]) -> Sequence[Row[Any]]:
    """Lines of these handovers, oldest first."""
    return (await session.execute(_NOTES, {"ids": list(ids)})).all()


async def ringing(session: AsyncSession, facilities: Collection[FacilityId]) -> dict[CaseId, int]:
    """How many pages to these facilities ring, by case, as far as the viewer sees the cases."""
    rows = await session.execute(_RINGING, {"facilities": list(facilities)})
    return {CaseId(row.case_id): int(row.pages) for row in rows}


def _handover(row: Row[Any]) -> HandoverRow:
    values = dict(row._mapping)
    values["state"] = HandoverState(values["state"])
    return HandoverRow(**values)
