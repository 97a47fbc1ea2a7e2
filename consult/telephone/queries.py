"""Reads of recorded calls, as the viewer: row-level security cuts what is not theirs."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.names import names
from consult.requests import rights
from consult.requests import store as requests
from consult.requests.errors import InvitedOnly
from consult.requests.states import ConsultState
from consult.telephone import store
from consult.telephone.rules import LATE
from consult.telephone.schemas import ConsultCall, ConsultCalls
from consult.telephone.service import NUMBER_FIELD
from kernel.sealing import Sealer
from kernel.viewer import Viewer


async def of_consult(
    session: AsyncSession, viewer: Viewer, sealer: Sealer, consult_id: UUID
) -> ConsultCalls:
    """The consultation's calls; or `NotFound`."""
    row = await requests.seen(session, consult_id)
    calls = await store.of_case(session, consult_id)
    known = await names(
        session, [one.person_id for one in calls], {one.facility_id for one in calls}
    )
    by = {one.corrects: one.n for one in calls if one.corrects is not None}
    try:
        rights.must_take_part(viewer, row, await requests.invitations(session, consult_id))
        takes_part = True
    except InvitedOnly:
        takes_part = False
    return ConsultCalls(
        calls=[
            ConsultCall(
                id=one.id,
                n=one.n,
                called_at=one.called_at,
                minutes=one.minutes,
                number=sealer.open(one.number_sealed, NUMBER_FIELD),
                spoke_with=one.spoke_with,
                why=one.why,
                told=one.told,
                advised=one.advised,
                read_back=one.read_back,
                corrects=one.corrects,
                corrected_by=by.get(one.n),
                person=known.person(one.person_id),
                facility=known.house(one.facility_id),
                recorded_at=one.recorded_at,
                late=one.late,
                mine=one.person_id == viewer.person_id,
            )
            for one in calls
        ],
        may_record=takes_part and row.state != ConsultState.CANCELLED,
        late_min=LATE.minutes,
        late_source=LATE.source,
        late_confidence=LATE.confidence,
    )
