"""Nobody has taken an alarm: the people on call at its unit are rung, by their own ladder.

A page is about a case. Where the woman has one it is hers; an alarm of a tracing that is bound to
none becomes a case of its own, as a drill does, that no indicator counts.
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel import chain, parties
from kernel.chain.errors import TimelineFrozen
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, PageId, RegionId
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from realtime.alarms.kinds import LINES, SPECS, AlarmKind
from realtime.alarms.states import UNANSWERED

EVENT: Final = "ctg.alarm"
"""Chooses the ladder, together with the kind's level."""

_PAGE = text("SELECT page_id, page_case_id FROM ctg_alarm WHERE id = :id")
_RINGING = text(
    """
    SELECT a.page_id, a.page_case_id FROM ctg_alarm a
      JOIN escalation e ON e.page_id = a.page_id AND e.state IN ('running', 'exhausted')
     WHERE a.facility_id = :facility_id AND a.kind = ANY(:lines) AND a.state <> 'closed'
     ORDER BY e.page_id LIMIT 1
    """
)
_WAITING = text(
    "SELECT count(*) FROM ctg_alarm WHERE page_id = :page_id AND state = ANY(:unanswered)"
)


def rings(kind: str) -> bool:
    """Whether an alarm of this kind rings people at all."""
    return SPECS[AlarmKind(kind)].level is not None


async def ring(
    session: AsyncSession, clock: Clock, viewer: Viewer, row: Row[Any]
) -> tuple[PageId, CaseId]:
    """Ring for the locked alarm; the page and the case that it is about.

    Lines go down together: while a house is rung for one of them, another rings nobody anew.
    """
    level = SPECS[AlarmKind(row.kind)].level
    assert level is not None  # noqa: S101  (only such kinds have a moment of escalation)
    if AlarmKind(row.kind) in LINES:
        values = {"facility_id": row.facility_id, "lines": [str(kind) for kind in LINES]}
        ringing = (await session.execute(_RINGING, values)).one_or_none()
        if ringing is not None:
            return PageId(ringing.page_id), CaseId(ringing.page_case_id)
    case_id = await _case(session, clock, viewer, row)
    page_id = await duty.page(
        session,
        clock,
        viewer,
        case_id=case_id,
        facility_id=FacilityId(row.facility_id),
        event=EVENT,
        level=level,
        req_key=f"{EVENT}:{row.id}:{row.version}",
        title=f"CTG {row.serial}",
    )
    return page_id, case_id


async def stop_ringing(session: AsyncSession, clock: Clock, alarm_id: UUID) -> None:
    """Somebody took the alarm: nobody else is rung, unless for others. Repeats are nothing."""
    row = (await session.execute(_PAGE, {"id": alarm_id})).one_or_none()
    if row is None or row.page_id is None:
        return
    values = {"page_id": row.page_id, "unanswered": [str(state) for state in UNANSWERED]}
    if not (await session.execute(_WAITING, values)).scalar_one():
        page_ids = [PageId(row.page_id)]
        await duty.stop_pages(session, clock, CaseId(row.page_case_id), page_ids, "alarm_taken")


async def _case(session: AsyncSession, clock: Clock, viewer: Viewer, row: Row[Any]) -> CaseId:
    facts: dict[str, object] = {
        "alarm_id": row.id,
        "recording_id": row.recording_id,
        "kind": row.kind,
        "channel": row.channel,
        "facility_id": row.facility_id,
    }
    if row.case_id is not None:
        try:
            async with session.begin_nested():
                await _chain(session, clock, viewer, CaseId(row.case_id), facts)
            return CaseId(row.case_id)
        except (NotFound, TimelineFrozen):
            pass  # its story is closed; the alarm is not
    own = CaseId(row.id)
    house, region = FacilityId(row.facility_id), RegionId(row.region_id)
    await parties.add_facility(session, own, house, PartyRole.ORIGIN, region)
    await _chain(session, clock, viewer, own, facts)
    return own


async def _chain(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: CaseId, facts: dict[str, object]
) -> None:
    kind = "ctg.alarm_unanswered"
    await chain.append(session, clock, case_id, kind, viewer=viewer, payload=facts, auto=True)
