"""A target has passed: those at her bed are told, then the unit, then the region, until a human
owns it.

Called by the engine. A case that another transaction holds is skipped and found again at the next
look; each case is a transaction of its own. Made-up time is left to clocks with made-up time.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import FacilityId, PageId
from kernel.viewer import Viewer
from referral import policies
from referral.clocks.data import Where
from referral.clocks.marks import BREACHED
from referral.clocks.rules import Climb, Reading
from referral.clocks.watch import read_clocks, watch
from referral.repository import CaseRepository
from referral.service.ask import call_coordinator, tell
from referral.service.desk import Desk, moment
from referral.states import LegState

ENGINE = Viewer.system("engine")
BATCH = 50

_DUE = text(
    "SELECT DISTINCT w.case_id FROM clock_watch w JOIN referral r ON r.id = w.case_id"
    " WHERE w.due_at <= :now AND r.simulated = :simulated AND r.state <> 'voided' LIMIT :batch"
)


async def run_due(database: Database, clock: Clock) -> bool:
    """Climb every ladder whose next step has come; True if any did."""
    async with database.session(ENGINE) as session:
        values = {"now": clock.now(), "simulated": clock.simulated, "batch": BATCH}
        cases = list((await session.execute(_DUE, values)).scalars())
    done = False
    for case_id in cases:
        async with database.session(ENGINE) as session:
            done = await _run_case(session, clock, case_id) or done
    return done


async def _run_case(session: AsyncSession, clock: Clock, case_id: UUID) -> bool:
    rows = await CaseRepository(session, ENGINE).locked_or_skipped(case_id)
    if rows is None:
        return False
    view = policies.viewpoint(ENGINE, coordinates=False, rides=False)
    desk = Desk(session, clock, ENGINE, rows, moment(clock, None, None), view)
    clocks = await read_clocks(session, desk.case_id, desk.at)
    done = False
    for reading in clocks:
        climb = reading.climb
        if climb is not None and climb.at <= desk.at:
            await _take_step(desk, reading, climb)
            done = True
    if done:
        clocks = await read_clocks(session, desk.case_id, desk.at)
    await watch(session, desk.case_id, clocks)
    return done


async def _take_step(desk: Desk, reading: Reading, climb: Climb) -> None:
    assert reading.due_at is not None  # noqa: S101  (a ladder climbs from a due moment)
    due = reading.due_at.isoformat()
    here = place_of(desk, reading.interval.at)
    pages: list[PageId] = []
    if climb.step.who == "bedside":
        await tell(desk, BREACHED, [here], {"interval": reading.code})
    elif climb.step.who == "unit":
        pages.append(await _ring(desk, here, f"clock:{desk.case_id}:{reading.code}:{due}"))
    else:
        key = f"clock:{desk.case_id}:{reading.code}:{due}"
        pages += await call_coordinator(desk, BREACHED, key)
    facts = {
        "set": reading.set.code,
        "set_version": reading.set.version,
        "interval": reading.code,
        "start_seq": reading.start.seq,
        "due": due,
        "step": climb.number,
        "who": climb.step.who,
        "facility_id": here,
        "page_ids": pages,
    }
    await desk.write(BREACHED, facts, auto=True)


async def _ring(desk: Desk, facility_id: UUID, key: str) -> PageId:
    case = desk.rows.referral
    return await duty.page(
        desk.session,
        desk.clock,
        desk.viewer,
        case_id=desk.case_id,
        facility_id=FacilityId(facility_id),
        event=BREACHED,
        level=case.acuity,
        req_key=f"{key}:{facility_id}",
        title=case.number,
        colour=case.risk_colour,
        condition=case.condition,
    )


def place_of(desk: Desk, where: Where) -> UUID:
    """Whose clock it is. Once she has arrived, "here" is the receiver."""
    case, legs = desk.rows.referral, desk.rows.legs
    receiver = legs[-1].destination_id if legs else case.receiver_id
    if receiver is None or where == "origin":
        return case.origin_id
    arrived = not legs or legs[-1].state in (LegState.ARRIVED, LegState.HANDED_OVER)
    return receiver if where == "receiver" or arrived else case.origin_id
