"""What happens in help at a distance is also a fact of the case that it is about."""

from collections.abc import Mapping
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import chain
from kernel.chain.errors import TimelineFrozen
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId
from kernel.viewer import Viewer

log = structlog.get_logger()


async def also_of(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: UUID | None,
    kind: str,
    facts: Mapping[str, object],
) -> bool:
    """Write it on that case's chain, where there is one open to the viewer. True if written.

    `facts` say whose it is, e.g. `consult_id`. What the case does not take is left out of it alone.
    """
    if case_id is None:
        return False
    try:
        async with session.begin_nested():
            await chain.append(
                session, clock, CaseId(case_id), kind, viewer=viewer, payload=facts,
                auto=viewer.is_process,
            )  # fmt: skip
    except (NotFound, TimelineFrozen):
        log.info("consult.case_not_told", kind=kind)
        return False
    return True
