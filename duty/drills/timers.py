"""The engine's part: plans drills of the month, begins what is due, ends what is over.

A drill never rings into an emergency: while a page in earnest rings at the house it waits, and one
that has begun is broken off.
"""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.drills.rules import Window, moment
from duty.drills.service import on_call_there
from duty.drills.topics import EVENT, LEVEL
from duty.escalation import service as pages
from kernel import chain, parties
from kernel.clock import Clock, SimulatedClock
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.ids import CaseId, FacilityId, GroupId, PersonId, RegionId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Role, Viewer
from registry.facilities.rules import CHINA, local_date
from registry.people import queries as people

log = structlog.get_logger()

LATER = timedelta(minutes=30)
"""How long a drill waits that would have rung into an emergency, or at nobody."""

BATCH = 20

_EARNEST = """EXISTS (SELECT 1 FROM page p JOIN escalation e ON e.page_id = p.id
   WHERE p.facility_id = d.facility_id AND NOT p.drill AND NOT e.simulated
     AND e.state IN ('running', 'exhausted')) AS earnest"""
_WANTED = text(
    """
    SELECT s.id, s.earliest, s.latest, s.weekends, s.answer_within_s, f.id AS facility_id,
           n.number
      FROM drill_schedule s
      JOIN region_closure c ON c.ancestor_id = s.region_id
      JOIN facility f ON f.region_id = c.descendant_id AND f.closed_at IS NULL AND NOT f.outside
     CROSS JOIN LATERAL generate_series(1, s.per_month) AS n (number)
     WHERE s.ended_at IS NULL
       AND EXISTS (SELECT 1 FROM expert_group g JOIN slot l ON l.group_id = g.id
                    WHERE g.facility_id = f.id)
       AND NOT EXISTS (SELECT 1 FROM paging_drill d WHERE d.schedule_id = s.id
                        AND d.facility_id = f.id AND d.month = :month AND d.number = n.number)
     ORDER BY f.id, n.number LIMIT 200
    """
)
_PLAN = text(
    "INSERT INTO paging_drill"
    " (id, facility_id, answer_within_s, due_at, schedule_id, month, number)"
    " VALUES (:id, :facility_id, :within, :due_at, :schedule_id, :month, :number)"
    " ON CONFLICT (schedule_id, facility_id, month, number) DO NOTHING"
)
_DUE = text(
    f"SELECT d.id, d.facility_id, d.group_id, d.answer_within_s, d.requested_by, d.schedule_id,"  # noqa: S608
    f" f.region_id, clock_timestamp() AS now, {_EARNEST}"
    " FROM paging_drill d JOIN facility f ON f.id = d.facility_id"
    " LEFT JOIN drill_schedule s ON s.id = d.schedule_id"
    " WHERE d.started_at IS NULL AND d.due_at <= clock_timestamp()"
    "  AND (s.id IS NULL OR s.ended_at IS NULL)"
    "  AND (CAST(:id AS uuid) IS NULL OR d.id = :id)"
    " ORDER BY d.due_at LIMIT 1 FOR UPDATE OF d SKIP LOCKED"
)
_WAIT = text("UPDATE paging_drill SET due_at = clock_timestamp() + :later WHERE id = :id")
_BEGUN = text("UPDATE paging_drill SET started_at = :at, page_id = :page_id WHERE id = :id")
_OVER = text(
    f"SELECT d.id, d.facility_id, {_EARNEST},"  # noqa: S608
    "  d.started_at + make_interval(secs => d.answer_within_s) <= clock_timestamp() AS timed_out,"
    "  NOT EXISTS (SELECT 1 FROM page_target t WHERE t.page_id = d.page_id"
    "               AND t.state NOT IN ('acknowledged', 'declined')) AS answered"
    " FROM paging_drill d WHERE d.started_at IS NOT NULL AND d.ended_at IS NULL"
    " ORDER BY d.started_at LIMIT 20 FOR UPDATE OF d SKIP LOCKED"
)
_ENDED = text(
    "UPDATE paging_drill SET ended_at = coalesce(:at, clock_timestamp()), end_reason = :reason"
    " WHERE id = :id"
)


async def run_due(database: Database, clock: Clock) -> bool:
    """Plan, begin and end what is due. True if there may be more."""
    viewer = Viewer.system("drills")
    try:
        async with database.session(viewer) as session:
            await _plan_month(session, clock)
        begun = 0
        while begun < BATCH and await _begin_one(database, clock, viewer):
            begun += 1
        await _end_due(database, clock, viewer)
    except Unavailable:
        log.warning("drills.database_unavailable")
        return False
    return begun >= BATCH


async def _plan_month(session: AsyncSession, clock: Clock) -> None:
    """Draw the moments of this month for houses that have none yet."""
    now = clock.now()
    month = local_date(now).replace(day=1)
    dice = random.SystemRandom()
    for row in (await session.execute(_WANTED, {"month": month})).all():
        window = Window(row.earliest, row.latest, row.weekends)
        due = moment(month, window, (dice.random(), dice.random()), CHINA, now)
        if due is None:
            continue
        values = {"id": new_id(), "facility_id": row.facility_id, "due_at": due, "month": month}
        within = {"within": row.answer_within_s, "schedule_id": row.id, "number": row.number}
        await session.execute(_PLAN, values | within)


async def _begin_one(database: Database, clock: Clock, viewer: Viewer) -> bool:
    async with database.session(viewer) as session:
        row = (await session.execute(_DUE, {"id": None})).one_or_none()
        if row is None:
            return False
        house = FacilityId(row.facility_id)
        if row.earnest or not await on_call_there(session, house, row.group_id, row.now):
            await session.execute(_WAIT, {"id": row.id, "later": LATER})
            log.info("drill.waits", drill_id=str(row.id), earnest=row.earnest)
            return True
        await _begin(session, clock, viewer, row)
    return True


async def begin(session: AsyncSession, clock: SimulatedClock, viewer: Viewer, id_: UUID) -> None:
    """Begin a drill of a made-up past at that clock's time: it is recorded and rings nobody."""
    row = (await session.execute(_DUE, {"id": id_})).one()
    await _begin(session, clock, viewer, row)


async def _begin(session: AsyncSession, clock: Clock, viewer: Viewer, row: Row[Any]) -> None:
    """A case of its own, that no indicator counts, and one page that waits for everybody."""
    case_id, house = CaseId(row.id), FacilityId(row.facility_id)
    await parties.add_facility(session, case_id, house, PartyRole.ORIGIN, RegionId(row.region_id))
    if row.requested_by is not None:
        asker = PersonId(row.requested_by)
        await parties.add_person(session, case_id, asker, PartyRole.COORDINATOR)
    # 医务科 treats nobody and is party to no case, yet answers for how its house is reached.
    for one in await people.holding(session, row.now, house, [Role.MEDICAL_AFFAIRS]):
        await parties.add_person(session, case_id, PersonId(one.id), PartyRole.COORDINATOR)
    facts: dict[str, object] = {"drill": True, "facility_id": house, "group_id": row.group_id}
    facts |= {"requested_by": row.requested_by, "schedule_id": row.schedule_id}
    await chain.append(session, clock, case_id, "drill.started", viewer=viewer, payload=facts)
    page_id = await pages.page(
        session,
        clock,
        viewer,
        case_id=case_id,
        facility_id=house,
        event=EVENT,
        level=LEVEL,
        req_key=f"drill:{row.id}",
        title=title(row.id),
        group_id=None if row.group_id is None else GroupId(row.group_id),
    )
    at = clock.now() if clock.simulated else row.now
    await session.execute(_BEGUN, {"id": row.id, "at": at, "page_id": page_id})
    log.info("drill.started", drill_id=str(row.id), facility_id=str(house))


def title(drill_id: UUID) -> str:
    """What lock screens show: nobody can take it for a case."""
    return f"【演练】D-{drill_id.hex[-6:].upper()}"


async def _end_due(database: Database, clock: Clock, viewer: Viewer) -> None:
    async with database.session(viewer) as session:
        for row in (await session.execute(_OVER)).all():
            reason = _why(row)
            if reason is None:
                continue
            await end(session, clock, viewer, row.id, reason)


async def end(session: AsyncSession, clock: Clock, viewer: Viewer, id_: UUID, reason: str) -> None:
    """Stop what still rings and say why it is over."""
    case_id = CaseId(id_)
    await pages.stop(session, clock, case_id, None, "drill_over")
    said = {"drill": True, "reason": reason}
    await chain.append(session, clock, case_id, "drill.ended", viewer=viewer, payload=said)
    at = clock.now() if clock.simulated else None
    await session.execute(_ENDED, {"id": id_, "reason": reason, "at": at})
    log.info("drill.ended", drill_id=str(id_), reason=reason)


def _why(row: Row[Any]) -> str | None:
    if row.answered:
        return "answered"
    if row.earnest:
        return "real_page"
    return "time" if row.timed_out else None
