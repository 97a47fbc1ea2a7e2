"""One person, one live case: wherever she was registered, and without telling who treats her.

The database looks across facilities (migration 0014) and gives a stranger a bare yes. That yes is
itself something about a patient, so every one of them is told to the coordinator and written on the
live case's chain: whoever fishes is seen fishing.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import parties
from kernel.clock import Clock
from kernel.ids import FacilityId
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from referral import policies
from referral.errors import DuplicateCase, LiveCaseElsewhere
from referral.repository import CaseRepository
from referral.service.ask import tell
from referral.service.desk import Desk, moment
from registry.facilities import queries as facilities
from registry.facilities.rules import FacilityRole

TOPIC = "referral.live_case_elsewhere"

_LIVE = text("SELECT case_id, number FROM live_case_of_person(:patient, :subject)")
_REPORT = text("SELECT report_live_case(:patient, :subject, :facility)")


async def refuse_duplicate(desk: Desk) -> None:
    """Refuse to send while the same person is being transferred; a closed episode is no obstacle.

    Raises:
        DuplicateCase: her live case is open to the viewer, who should go on there.
        LiveCaseElsewhere: it is not; nothing of it is told.
    """
    case = desk.rows.referral
    if case.drill or case.direction == "back":
        return
    values = {"patient": case.patient_id, "subject": case.subject}
    found = (await desk.session.execute(_LIVE, values)).one_or_none()
    if found is None:
        return
    if found.case_id is not None:
        raise DuplicateCase(case_id=str(found.case_id), number=found.number)
    raise LiveCaseElsewhere.of(case.patient_id, case.subject)


async def report(session: AsyncSession, viewer: Viewer, refusal: LiveCaseElsewhere) -> None:
    """Leave word for the coordinator, in a transaction of its own: the refused one is undone."""
    values = {
        "patient": refusal.patient_id,
        "subject": refusal.subject,
        "facility": viewer.facility_id,
    }
    await session.execute(_REPORT, values)


async def tell_coordinator(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, facility_id: UUID
) -> None:
    """Another facility wanted to send the same person: on the chain, and to who coordinates."""
    rows = await CaseRepository(session, viewer).locked(case_id)
    view = policies.viewpoint(viewer, coordinates=False, rides=False)
    desk = Desk(session, clock, viewer, rows, moment(clock, None, None), view)
    await desk.write(TOPIC, {"facility_id": facility_id})
    region = await facilities.region_of(session, FacilityId(rows.referral.origin_id))
    institutes = await facilities.with_role(session, FacilityRole.MCH_INSTITUTE, desk.at, region)
    for institute in institutes:
        await parties.add_facility(session, desk.case_id, institute, PartyRole.COORDINATOR)
    told = [*institutes, FacilityId(rows.referral.origin_id)]
    await tell(desk, TOPIC, told, {"facility_id": str(facility_id)})
