"""SQL of plans. Drafts open to whoever works at the house; entries change in a draft only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.plans.content import Entry, Plan
from kernel.ids import FacilityId, GroupId, PersonId, SlotId, new_id

_COLUMNS = """
    SELECT id, plan_no, facility_id, group_id, kind, name, lower(during) AS start,
           upper(during) AS "end", state, version, content_hash, drafted_by, submitted_by,
           approved_by, recorded_at, CASE WHEN state = 'draft' THEN (
             SELECT e.reason FROM plan_event e WHERE e.plan_id = roster_plan.id
              AND e.seq = (SELECT max(l.seq) FROM plan_event l WHERE l.plan_id = roster_plan.id))
           END AS returned
      FROM roster_plan
"""
_GET = text(_COLUMNS + " WHERE id = :id")
_LOCK = text(_COLUMNS + " WHERE id = :id FOR UPDATE")
_LIST = text(
    _COLUMNS
    + " WHERE facility_id = :facility_id AND (CAST(:state AS text) IS NULL OR state = :state)"
    + "  AND (CAST(:group_id AS uuid) IS NULL OR group_id = :group_id)"
    + " ORDER BY lower(during) DESC, plan_no DESC LIMIT 200"
)
_INSERT = text(
    "INSERT INTO roster_plan (id, facility_id, group_id, kind, name, during, state, version,"
    "  drafted_by, recorded_at)"
    " VALUES (:id, :facility_id, :group_id, :kind, :name, tstzrange(:start, :end), 'draft', 1,"
    "  :by, :now)"
)
_MOVE = text(
    "UPDATE roster_plan SET state = :state, version = version + 1, content_hash = :content_hash,"
    " submitted_by = :submitted_by, approved_by = :approved_by WHERE id = :id"
)
_TOUCH = text("UPDATE roster_plan SET version = version + 1 WHERE id = :id")
_EVENT = text(
    "INSERT INTO plan_event (id, plan_id, facility_id, action, person_id, at, reason, content_hash)"
    " VALUES (:id, :plan_id, :facility_id, :action, :person_id, :at, :reason, :content_hash)"
)
_EVENTS = text(
    "SELECT action, person_id, at, reason, content_hash FROM plan_event WHERE plan_id = :plan_id"
    " ORDER BY seq"
)
_ENTRIES = text(
    'SELECT id, slot_id, person_id, lower(during) AS start, upper(during) AS "end", origin'
    "  FROM plan_entry WHERE plan_id = :plan_id ORDER BY lower(during), slot_no"
)
_REMOVE = text("DELETE FROM plan_entry WHERE plan_id = :plan_id AND id = ANY(:ids)")
_ADD = text(
    """
    INSERT INTO plan_entry (id, plan_id, plan_no, slot_id, slot_no, person_id, during, origin)
    SELECT n.id, CAST(:plan_id AS uuid), CAST(:plan_no AS bigint), s.id, s.slot_no,
           n.person_id, tstzrange(n.start, n."end"), n.origin
      FROM unnest(CAST(:ids AS uuid[]), CAST(:slot_ids AS uuid[]), CAST(:people AS uuid[]),
                  CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]),
                  CAST(:origins AS text[])) AS n (id, slot_id, person_id, start, "end", origin)
      JOIN slot s ON s.id = n.slot_id
    """
)


@dataclass(frozen=True, slots=True)
class PlanEvent:
    """Who did what with a plan when, and why."""

    action: str
    person_id: PersonId | None
    at: datetime
    reason: str | None
    content_hash: bytes | None


async def get(session: AsyncSession, plan_id: UUID, *, lock: bool = False) -> Plan | None:
    """A plan that the viewer may see, or None; `lock` holds it until the transaction ends."""
    row = (await session.execute(_LOCK if lock else _GET, {"id": plan_id})).one_or_none()
    return None if row is None else _plan(row)


async def list_(
    session: AsyncSession, facility_id: FacilityId, state: str | None, group_id: GroupId | None
) -> list[Plan]:
    """The newest plans of a facility that the viewer may see."""
    values = {"facility_id": facility_id, "state": state, "group_id": group_id}
    return [_plan(row) for row in await session.execute(_LIST, values)]


async def insert(session: AsyncSession, plan: Plan) -> None:
    """Write a new draft."""
    await session.execute(
        _INSERT,
        {
            "id": plan.id,
            "facility_id": plan.facility_id,
            "group_id": plan.group_id,
            "kind": plan.kind,
            "name": plan.name,
            "start": plan.period[0],
            "end": plan.period[1],
            "by": plan.drafted_by,
            "now": plan.recorded_at,
        },
    )


async def move(
    session: AsyncSession,
    plan: Plan,
    state: str,
    *,
    content_hash: bytes | None,
    submitted_by: PersonId | None,
    approved_by: PersonId | None,
) -> None:
    """Write the state and who stands behind it."""
    await session.execute(
        _MOVE,
        {
            "id": plan.id,
            "state": state,
            "content_hash": content_hash,
            "submitted_by": submitted_by,
            "approved_by": approved_by,
        },
    )


async def touch(session: AsyncSession, plan_id: UUID) -> None:
    """The entries changed: whoever read the plan before reads it again."""
    await session.execute(_TOUCH, {"id": plan_id})


async def say(session: AsyncSession, plan: Plan, event: PlanEvent) -> None:
    """Add to the plan's history."""
    await session.execute(
        _EVENT,
        {
            "id": new_id(),
            "plan_id": plan.id,
            "facility_id": plan.facility_id,
            "action": event.action,
            "person_id": event.person_id,
            "at": event.at,
            "reason": event.reason,
            "content_hash": event.content_hash,
        },
    )


async def events(session: AsyncSession, plan_id: UUID) -> list[PlanEvent]:
    """The plan's history, oldest first."""
    rows = await session.execute(_EVENTS, {"plan_id": plan_id})
    return [
        PlanEvent(row.action, row.person_id, row.at, row.reason, row.content_hash) for row in rows
    ]


async def entries(session: AsyncSession, plan_id: UUID) -> list[Entry]:
    """The draft shifts of a plan, in order of time."""
    return [
        Entry(
            row.id,
            SlotId(row.slot_id),
            PersonId(row.person_id),
            (row.start, row.end),
            row.origin,
        )
        for row in await session.execute(_ENTRIES, {"plan_id": plan_id})
    ]


async def rewrite(
    session: AsyncSession, plan: Plan, before: Sequence[Entry], after: Sequence[Entry]
) -> None:
    """Make `before` into `after`: entries that are in both are left alone."""
    kept = {one.id for one in before} & {one.id for one in after}
    gone = [one.id for one in before if one.id not in kept]
    new = [one for one in after if one.id not in kept]
    await session.execute(_REMOVE, {"plan_id": plan.id, "ids": gone})
    await session.execute(
        _ADD,
        {
            "plan_id": plan.id,
            "plan_no": plan.plan_no,
            "ids": [one.id for one in new],
            "slot_ids": [one.slot_id for one in new],
            "people": [one.person_id for one in new],
            "starts": [one.period[0] for one in new],
            "ends": [one.period[1] for one in new],
            "origins": [one.origin for one in new],
        },
    )


def _plan(row: Row[Any]) -> Plan:
    return Plan(
        id=row.id,
        plan_no=row.plan_no,
        facility_id=FacilityId(row.facility_id),
        group_id=GroupId(row.group_id),
        kind=row.kind,
        name=row.name,
        period=(row.start, row.end),
        state=row.state,
        version=row.version,
        content_hash=None if row.content_hash is None else bytes(row.content_hash),
        drafted_by=row.drafted_by,
        submitted_by=row.submitted_by,
        approved_by=row.approved_by,
        recorded_at=row.recorded_at,
        returned=row.returned,
    )
