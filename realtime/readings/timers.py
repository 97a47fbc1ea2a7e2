"""A reading that is late rings: its readers until it is signed, then the bedside until received.

When the time comes to look at her again, the bedside is told.
"""

from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel import chain
from kernel.chain.errors import TimelineFrozen
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId
from kernel.viewer import Viewer
from realtime.readings.limits import book
from realtime.readings.rules import LEVELS
from realtime.readings.service import SIGNED
from realtime.readings.states import READING, ReadingAction, ReadingState

log = structlog.get_logger()

ENGINE: Final = Viewer.system("engine")
OVERDUE: Final = "ctg.reading_overdue"
UNRECEIVED: Final = "ctg.reading_unreceived"
FOLLOW_UP: Final = "ctg.reading_follow_up"
BATCH: Final = 50

_DUE = text(
    "SELECT * FROM ctg_reading WHERE next_at <= :at ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_LATE = text(
    "UPDATE ctg_reading SET next_at = :next_at, escalated_at = :at, version = version + 1"
    " WHERE id = :id"
)
_REMINDED = text("UPDATE ctg_reading SET next_at = NULL, version = version + 1 WHERE id = :id")
_EVENT = text(
    "INSERT INTO ctg_reading_event (reading_id, at, action, state)"
    " VALUES (:id, :at, :action, :state)"
)
_ONE = text("SELECT * FROM ctg_reading WHERE id = :id")
_SIGNED = text(
    "SELECT encode(digest, 'hex') AS digest FROM ctg_reading_report"
    " WHERE reading_id = :id AND n = :n"
)


async def run_due(database: Database, clock: Clock) -> bool:
    """Ring for everything that is late. True if there may be more."""
    done = 0
    while done < BATCH and await _one(database, clock):
        done += 1
    return done == BATCH


async def _one(database: Database, clock: Clock) -> bool:
    async with database.session(ENGINE) as session:
        at = clock.now()
        row = (await session.execute(_DUE, {"at": at})).one_or_none()
        if row is None:
            return False
        if row.state == ReadingState.RECEIVED:
            await _remind(session, clock, row)
            return True
        state = READING.edge(ReadingState(row.state), ReadingAction.ESCALATE).to
        unsigned = state in (ReadingState.ASKED, ReadingState.CLAIMED)
        limits = await book.load(session, row.limits_id)
        again = limits.to_sign(row.urgency) if unsigned else limits.to_receive(row.urgency)
        late = {"id": row.id, "at": at, "next_at": at + again}
        await session.execute(_LATE, late)
        said = {"id": row.id, "at": at, "action": "escalate", "state": str(state)}
        await session.execute(_EVENT, said)
        await _ring(session, clock, row, OVERDUE if unsigned else UNRECEIVED)
        log.info("ctg.reading_late", reading_id=str(row.id), state=row.state)
    return True


async def _remind(session: AsyncSession, clock: Clock, row: Row[Any]) -> None:
    """Tell the house that asked, once; the reading stays on its list until somebody has looked."""
    state, case_id = READING.edge(ReadingState.RECEIVED, ReadingAction.REMIND).to, CaseId(row.id)
    await session.execute(_REMINDED, {"id": row.id})
    said = {"id": row.id, "at": clock.now(), "action": "remind", "state": str(state)}
    await session.execute(_EVENT, said)
    facts: dict[str, object] = {"facility_id": row.facility_id}
    await chain.append(session, clock, case_id, FOLLOW_UP, viewer=ENGINE, payload=facts, auto=True)
    await duty.notify_people(
        session, clock, case_id=case_id, kind=FOLLOW_UP, data={"reading_id": row.id},
        facility_id=FacilityId(row.facility_id), person_ids=[row.asked_by, row.received_by],
    )  # fmt: skip


async def _ring(session: AsyncSession, clock: Clock, row: Row[Any], event: str) -> None:
    """Ring whoever must act; the other side, and who has claimed it, hear of it."""
    case_id = CaseId(row.id)
    acts, waits = row.reader_facility_id, row.facility_id
    if event == UNRECEIVED:
        acts, waits = waits, acts
    facts: dict[str, object] = {"facility_id": acts, "urgency": row.urgency}
    await chain.append(session, clock, case_id, event, viewer=ENGINE, payload=facts, auto=True)
    await duty.page(
        session, clock, ENGINE, case_id=case_id, facility_id=FacilityId(acts), event=event,
        level=LEVELS[row.urgency], req_key=f"{event}:{row.id}:{row.version}", title="CTG",
    )  # fmt: skip
    people = [one for one in (row.asked_by, row.claimed_by) if one is not None]
    await duty.notify_people(
        session, clock, case_id=case_id, kind=event, data={"reading_id": row.id},
        facility_id=FacilityId(waits), person_ids=people,
    )  # fmt: skip


async def tell_her_case(session: AsyncSession, clock: Clock, reading_id: UUID, n: int) -> None:
    """What was signed is also a fact of her own case, where there is one."""
    row = (await session.execute(_ONE, {"id": reading_id})).one_or_none()
    if row is None or row.of_case_id is None:
        return
    digest = (await session.execute(_SIGNED, {"id": reading_id, "n": n})).scalar_one()
    facts: dict[str, object] = {
        "reading_id": row.id,
        "n": n,
        "sha256": digest,
        "facility_id": row.reader_facility_id,
    }
    try:
        async with session.begin_nested():
            await chain.append(
                session, clock, CaseId(row.of_case_id), SIGNED, viewer=ENGINE, payload=facts
            )
    except (NotFound, TimelineFrozen):
        log.info("ctg.reading_not_told", reading_id=str(reading_id))
