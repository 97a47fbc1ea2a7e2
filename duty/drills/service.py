"""Commands on drills: ask for one, plan them, excuse somebody. The engine begins and ends them."""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from duty.drills.errors import DrillRunning, ExcuseRefused, NobodyToDrill, ScheduleStands
from duty.drills.schemas import DrillIn, ExcuseIn, ScheduleIn
from duty.rosters import repository as rosters
from duty.rosters.oncall import DutyTier
from kernel import outbox
from kernel.clock import Clock
from kernel.database import constraint_of
from kernel.errors import BadInput, NotAllowed, NotFound
from kernel.ids import FacilityId, PersonId, new_id
from kernel.viewer import Viewer

WAKE_CHANNEL = "yunshang_drill"
"""NOTIFY channel of the engine: a drill is due now."""

RUNG = frozenset(DutyTier) - {DutyTier.GENERAL_DUTY}
"""Whom a drill rings: 总值班 is the one who would have to deal with the real thing meanwhile."""

_RUNS = text(
    "SELECT EXISTS (SELECT 1 FROM paging_drill WHERE facility_id = :facility_id"
    " AND ended_at IS NULL AND (started_at IS NOT NULL OR requested_by IS NOT NULL))"
)
_MAY = text("SELECT app_drills(:facility_id)")
_ASK = text(
    "INSERT INTO paging_drill (id, facility_id, group_id, answer_within_s, due_at, requested_by)"
    " VALUES (:id, :facility_id, :group_id, :within, :at, :by)"
)
_PLAN = text(
    "INSERT INTO drill_schedule (id, region_id, per_month, earliest, latest, weekends,"
    "  answer_within_s, created_by, created_at)"
    " VALUES (:id, :region_id, :per_month, :earliest, :latest, :weekends, :within, :by, :at)"
)
_END_PLAN = text(
    "UPDATE drill_schedule SET ended_at = :at WHERE id = :id AND ended_at IS NULL RETURNING id"
)
_RUNG_BY = text(
    "SELECT d.facility_id, d.ended_at, t.state FROM paging_drill d"
    " LEFT JOIN page_target t ON t.page_id = d.page_id AND t.person_id = :person_id"
    " WHERE d.id = :id ORDER BY t.step LIMIT 1"
)
_EXCUSE = text(
    "INSERT INTO drill_excuse (drill_id, person_id, reason, note, excused_by, excused_at)"
    " VALUES (:id, :person_id, :reason, :note, :by, :at)"
    " ON CONFLICT (drill_id, person_id) DO NOTHING"
)


async def ask(session: AsyncSession, clock: Clock, viewer: Viewer, wanted: DrillIn) -> UUID:
    """Ask for a drill now; the engine rings within a second.

    Raises:
        NotAllowed: the house is not the viewer's to drill.
        DrillRunning: one has not ended there.
        NobodyToDrill: nobody is on call there.
    """
    house = {"facility_id": wanted.facility_id}
    if not (await session.execute(_MAY, house)).scalar_one():
        raise NotAllowed(reason="not_your_facility")
    if (await session.execute(_RUNS, house)).scalar_one():
        raise DrillRunning()
    now = clock.now()
    if not await on_call_there(session, FacilityId(wanted.facility_id), wanted.group_id, now):
        raise NobodyToDrill()
    id_ = new_id()
    await session.execute(
        _ASK,
        {
            "id": id_,
            "facility_id": wanted.facility_id,
            "group_id": wanted.group_id,
            "within": wanted.answer_within_s,
            "at": now,
            "by": viewer.person_id,
        },
    )
    await outbox.notify(session, WAKE_CHANNEL, str(id_))
    return id_


async def plan(session: AsyncSession, clock: Clock, viewer: Viewer, wanted: ScheduleIn) -> UUID:
    """Let a region's houses be drilled every month at moments nobody knows.

    Raises:
        BadInput: the window ends before it begins.
        NotAllowed: the region is not the viewer's.
        ScheduleStands: it has a plan.
    """
    if wanted.earliest >= wanted.latest:
        raise BadInput(field="latest", reason="end_before_start")
    if not await _holds(session, viewer, wanted.region_id):
        raise NotAllowed(reason="not_your_region")
    id_ = new_id()
    try:
        await session.execute(
            _PLAN,
            {
                "id": id_,
                "region_id": wanted.region_id,
                "per_month": wanted.per_month,
                "earliest": time.fromisoformat(wanted.earliest),
                "latest": time.fromisoformat(wanted.latest),
                "weekends": wanted.weekends,
                "within": wanted.answer_within_s,
                "by": viewer.person_id,
                "at": clock.now(),
            },
        )
    except IntegrityError as error:
        if constraint_of(error) == "uq_drill_schedule":
            raise ScheduleStands() from error
        raise
    return id_


async def end_plan(session: AsyncSession, clock: Clock, schedule_id: UUID) -> None:
    """Plan no further drills; those already planned do not ring.

    Raises:
        NotFound: no such plan in force for this viewer.
    """
    found = await session.execute(_END_PLAN, {"id": schedule_id, "at": clock.now()})
    if found.one_or_none() is None:
        raise NotFound()


async def excuse(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    drill_id: UUID,
    person_id: PersonId,
    wanted: ExcuseIn,
) -> None:
    """Somebody could not answer, says a colleague afterwards: it counts as answered, declined.

    Raises:
        NotFound: no such drill for this viewer.
        ExcuseRefused: not rung, answered by themselves, not over yet, or one's own.
    """
    values = {"id": drill_id, "person_id": person_id}
    row = (await session.execute(_RUNG_BY, values)).one_or_none()
    if row is None:
        raise NotFound()
    for wrong, reason in (
        (row.ended_at is None, "still_running"),
        (row.state is None, "not_rung"),
        (row.state in ("acknowledged", "declined"), "answered"),
        (person_id == viewer.person_id, "own"),
    ):
        if wrong:
            raise ExcuseRefused(reason=reason)
    if not (await session.execute(_MAY, {"facility_id": row.facility_id})).scalar_one():
        raise NotAllowed(reason="not_your_facility")
    said = {"reason": wanted.reason, "note": wanted.note, "by": viewer.person_id}
    await session.execute(_EXCUSE, values | said | {"at": clock.now()})


async def on_call_there(
    session: AsyncSession, facility_id: FacilityId, group_id: UUID | None, at: datetime
) -> int:
    """How many places of the house (or group) that a drill rings somebody fills."""
    return sum(
        1
        for answer in await rosters.roster(session, facility_id, at)
        if answer.person_id is not None
        and answer.slot.tier in RUNG
        and (group_id is None or answer.slot.group_id == group_id)
    )


async def _holds(session: AsyncSession, viewer: Viewer, region_id: UUID) -> bool:
    rows = await session.execute(
        text(
            "SELECT 1 FROM region_closure WHERE descendant_id = :region"
            " AND ancestor_id = ANY(CAST(:mine AS uuid[]))"
        ),
        {"region": region_id, "mine": list(viewer.region_ids)},
    )
    return rows.first() is not None
