"""HTTP of the wall: which strips hang there. Their samples come by the gateway."""

from collections.abc import Mapping
from uuid import UUID

from litestar import Router, get
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.ids import FacilityId, PregnancyId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from realtime.repository import Row
from realtime.wall.repository import WallRepository
from realtime.wall.schemas import WallOut, WallStripOut, strip_out
from registry.facilities import queries as facilities
from registry.facilities.schemas import FacilityRef
from registry.pregnancies import queries as pregnancies


@get("/wall", opt={OPT: CLINICAL})
async def get_wall(session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer) -> WallOut:
    """The newest tracing of every monitor that the viewer may see, while it hangs on the wall.

    A running or silent one stays for twelve hours, an ended one for ten minutes.
    """
    at = clock.now()
    rows = await WallRepository(session, viewer).shown(at)
    places = await facilities.get_many(session, [FacilityId(row[0].facility_id) for row in rows])
    whose = {PregnancyId(row[0].pregnancy_id) for row in rows if row[0].pregnancy_id is not None}
    names = await pregnancies.short_names(session, viewer, sealer, whose)
    return WallOut(at, [_strip(row, places, names) for row in rows])


def _strip(
    row: Row, places: Mapping[FacilityId, FacilityRef], names: Mapping[UUID, str]
) -> WallStripOut:
    recording = row[0]
    whose = recording.pregnancy_id
    name = None if whose is None else names.get(whose)
    return strip_out(row, places[FacilityId(recording.facility_id)], name)


router = Router("/ctg", route_handlers=[get_wall], tags=["ctg"])
