"""The burden of duty over HTTP."""

from datetime import datetime
from typing import Annotated

from litestar import Response, Router, get
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.fairness import queries
from duty.changes.fairness.queries import Wanted
from duty.changes.fairness.schemas import FairnessReport
from kernel.access import OPT, roles
from kernel.errors import BadInput
from kernel.handing import to_save
from kernel.ids import FacilityId, GroupId, PersonId
from kernel.viewer import CLINICAL_ROLES, Role, Viewer

READING = roles(*CLINICAL_ROLES, Role.MEDICAL_AFFAIRS)

From = Annotated[datetime, QueryParameter(name="from")]


def _wanted(
    viewer: Viewer,
    start: datetime,
    end: datetime,
    facility_id: FacilityId | None,
    group_id: GroupId | None,
    person_id: PersonId | None,
) -> Wanted:
    if start.tzinfo is None or end.tzinfo is None:
        raise BadInput(field="from", reason="zone_missing")
    return Wanted(facility_id or viewer.facility_id, start, end, group_id, person_id)


@get("/duty/fairness", opt={OPT: READING})
async def fairness(
    session: AsyncSession,
    viewer: Viewer,
    start: From,
    to: datetime,
    facility_id: FacilityId | None = None,
    group_id: GroupId | None = None,
    person_id: PersonId | None = None,
) -> FairnessReport:
    """Weighted nights, weekends and holidays per person; one person's shifts when named."""
    wanted = _wanted(viewer, start, to, facility_id, group_id, person_id)
    return await queries.report(session, viewer, wanted)


@get("/duty/fairness.csv", opt={OPT: READING}, media_type="text/csv")
async def fairness_csv(
    session: AsyncSession,
    viewer: Viewer,
    start: From,
    to: datetime,
    facility_id: FacilityId | None = None,
    group_id: GroupId | None = None,
) -> Response[str]:
    """The same table for a spreadsheet."""
    wanted = _wanted(viewer, start, to, facility_id, group_id, None)
    said = await queries.report(session, viewer, wanted)
    return Response(
        queries.as_csv(said),
        media_type="text/csv; charset=utf-8",
        headers=to_save("fairness.csv"),
    )


router = Router("/", route_handlers=[fairness, fairness_csv], tags=["duty"])
