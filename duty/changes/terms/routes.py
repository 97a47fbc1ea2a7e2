"""The rules of changes and the weights of duty over HTTP."""

from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.routes import APPROVING
from duty.changes.terms import queries, service
from duty.changes.terms.schemas import HouseTerms, TermsIn, TermsMade, WeightsIn
from kernel.access import ANY, OPT
from kernel.idempotency import once
from kernel.ids import FacilityId, RegionId
from kernel.viewer import Viewer


@get("/duty/terms", opt={OPT: ANY})
async def house_terms(
    session: AsyncSession, viewer: Viewer, facility_id: FacilityId | None = None
) -> HouseTerms:
    """How a facility (default: one's own) handles changes, and what its duty counts."""
    return await queries.house_terms(session, viewer, facility_id or viewer.facility_id)


@post("/duty/terms", opt={OPT: APPROVING})
async def decide_terms(
    session: AsyncSession, viewer: Viewer, data: TermsIn, idempotency_key: str | None
) -> TermsMade:
    """Append a rule of changes for one's own house or a region of one's own; open requests keep
    theirs."""

    async def work() -> TermsMade:
        made = await service.decide_terms(
            session,
            viewer,
            replaces=data.replaces,
            terms=data.terms,
            source=data.source,
            confidence=data.confidence,
            region_id=None if data.region_id is None else RegionId(data.region_id),
        )
        return TermsMade(made)

    return await once(session, viewer, idempotency_key, "duty.terms", data, TermsMade, work)


@post("/duty/terms/weights", opt={OPT: APPROVING})
async def decide_weights(
    session: AsyncSession, viewer: Viewer, data: WeightsIn, idempotency_key: str | None
) -> TermsMade:
    """Append weights for one's own house; a report names the version it counted with."""

    async def work() -> TermsMade:
        made = await service.decide_weights(
            session,
            viewer,
            replaces=data.replaces,
            weights=data.weights,
            source=data.source,
            confidence=data.confidence,
        )
        return TermsMade(made)

    return await once(session, viewer, idempotency_key, "duty.weights", data, TermsMade, work)


router = Router("/", route_handlers=[house_terms, decide_terms, decide_weights], tags=["duty"])
