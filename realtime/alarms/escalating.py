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
from realtime.alarms.kinds import SPECS, AlarmKind

EVENT: Final = "ctg.alarm"
"""Chooses the ladder, together with the kind's level."""

_PAGE = text("SELECT page_id, page_case_id FROM ctg_alarm WHERE id = :id")


def rings(kind: str) -> bool:
    """Whether an alarm of this kind rings people at all."""
    return SPECS[AlarmKind(kind)].level is not None


async def ring(
    session: AsyncSession, clock: Clock, viewer: Viewer, row: Row[Any]
) -> tuple[PageId, CaseId]:
    """Ring for the locked alarm; the page and the case that it is about."""
    level = SPECS[AlarmKind(row.kind)].level
    assert level is not None  # noqa: S101  (only such kinds have a moment of escalation)
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
    """Somebody took the alarm: nobody else is rung for it. Repeats are nothing."""
    row = (await session.execute(_PAGE, {"id": alarm_id})).one_or_none()
    if row is not None and row.page_id is not None:
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
