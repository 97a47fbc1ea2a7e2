"""多学科会诊呼叫: one button rings a whole house for a case, until each specialty answers."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import repository, service
from duty.escalation.errors import HouseOutside, NotYourCall
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, PageId
from kernel.viewer import Viewer
from registry.facilities import queries as facilities

MDT = "consult.mdt"
"""The event: chooses the policy, by default a quorum."""

_TITLE = text(
    "SELECT title FROM page WHERE case_id = :case_id ORDER BY created_at DESC, id DESC LIMIT 1"
)


async def call_team(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    case_id: CaseId,
    facility_id: FacilityId,
    level: str,
    colour: str | None,
    condition: str | None,
    key: str,
) -> PageId:
    """Ring the experts of `facility_id` for the case; a call that is still ringing is that call.

    Raises:
        NotFound: no such case for this viewer, or no such house.
        HouseOutside: nobody there is on a roster of ours.
    """
    if not await repository.lock_case(session, case_id):
        raise NotFound()
    await facilities.get(session, facility_id)
    if await facilities.is_outside(session, facility_id):
        raise HouseOutside()
    for row in await repository.open_of_case(session, case_id, facility_id):
        if row.event == MDT and (await repository.lock_ladder(session, row.id)).live:
            return row.id
    title = (await session.execute(_TITLE, {"case_id": case_id})).scalar_one_or_none()
    return await service.page(
        session,
        clock,
        viewer,
        case_id=case_id,
        facility_id=facility_id,
        event=MDT,
        level=level,
        req_key=f"{MDT}:{case_id}:{key}",
        title=title,
        colour=colour,
        condition=condition,
    )


async def call_off(session: AsyncSession, clock: Clock, viewer: Viewer, page_id: PageId) -> PageId:
    """The team is needed no more: the side that called it says so. Repeats are nothing.

    Raises:
        NotFound: no such page for this viewer.
        NotYourCall: it is no call for a team, or another house made it.
    """
    row = await repository.get(session, page_id)
    if row is None:
        raise NotFound()
    ours = viewer.person_id == row.created_by or row.from_facility_id in viewer.facility_ids
    if row.event != MDT or not ours:
        raise NotYourCall()
    await service.stop_pages(session, clock, row.case_id, [page_id], "called_off")
    return page_id
