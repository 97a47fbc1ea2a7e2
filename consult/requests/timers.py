"""A consultation that waits too long rings; a planned one reminds first."""

from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests import store
from consult.requests.rules import RULES
from consult.requests.states import CONSULT, ConsultAction, ConsultState, InvitationState
from consult.requests.telling import tell_asker, tell_invited
from duty.escalation import service as duty
from kernel import chain
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import CaseId, FacilityId
from kernel.viewer import Viewer

log = structlog.get_logger()

ENGINE: Final = Viewer.system("engine")
UNANSWERED: Final = "consult.unanswered"
LATE: Final = "consult.late"
UNDECIDED: Final = "consult.undecided"
REMINDER: Final = "consult.reminder"
BATCH: Final = 50

_DUE = text(
    "SELECT * FROM consult_request WHERE next_at <= :at ORDER BY next_at LIMIT 1"
    " FOR UPDATE SKIP LOCKED"
)
_AGAIN = text("UPDATE consult_request SET next_at = :next_at WHERE id = :id")


async def run_due(database: Database, clock: Clock) -> bool:
    """Remind and ring for everything that is due. True if there may be more."""
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
        late = _late_at(row)
        if late is not None and at < late:
            await _remind(session, clock, row, late)
        else:
            await _escalate(session, clock, row, at)
    return True


def _late_at(row: Row[Any]) -> datetime | None:
    """When a planned consultation should have begun; None if it is not one, or has."""
    if row.state != ConsultState.AGREED or row.planned_at is None:
        return None
    planned: datetime = row.planned_at
    return planned + timedelta(minutes=RULES.urgent.begin_within_min)


async def _remind(session: AsyncSession, clock: Clock, row: Row[Any], late: datetime) -> None:
    """Both sides are told that it begins soon; the engine looks again when it should have begun."""
    await session.execute(_AGAIN, {"id": row.id, "next_at": late})
    await tell_asker(session, clock, row, REMINDER)
    await tell_invited(session, clock, row, REMINDER)


async def _escalate(session: AsyncSession, clock: Clock, row: Row[Any], at: datetime) -> None:
    state = ConsultState(row.state)
    limit = RULES.of(row.urgency)
    event, minutes = {
        ConsultState.ASKED: (UNANSWERED, limit.answer_within_min),
        ConsultState.AGREED: (LATE, limit.begin_within_min),
        ConsultState.CONCLUDED: (UNDECIDED, limit.decide_within_min),
    }[state]
    changed = {"next_at": at + timedelta(minutes=minutes), "escalated_at": at}
    to = CONSULT.edge(state, ConsultAction.ESCALATE).to
    await store.move(session, row, to, ConsultAction.ESCALATE, at, ENGINE, changed)
    await _ring(session, clock, row, event, limit.level)
    log.info("consult.late", consult_id=str(row.id), state=row.state)


async def _ring(session: AsyncSession, clock: Clock, row: Row[Any], event: str, level: str) -> None:
    """Ring whoever must act: houses that have not answered or come, or the one that decides."""
    waits_for = {
        UNANSWERED: (InvitationState.INVITED,),
        LATE: (InvitationState.ACCEPTED,),
        UNDECIDED: (),
    }[event]
    invited = await store.invitations(session, row.id)
    houses = {one.facility_id for one in invited if one.state in waits_for}
    case_id = CaseId(row.id)
    facts: dict[str, object] = {"urgency": row.urgency, "facility_ids": sorted(map(str, houses))}
    await chain.append(session, clock, case_id, event, viewer=ENGINE, payload=facts, auto=True)
    for house in sorted(houses) or [row.facility_id]:
        await duty.page(
            session, clock, ENGINE, case_id=case_id, facility_id=FacilityId(house), event=event,
            level=level, req_key=f"{event}:{row.id}:{row.version}:{house}",
        )  # fmt: skip
    await tell_asker(session, clock, row, event)
