"""The book of policies over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.ladder import ANY as ANY_WORD
from duty.escalation.policybook import queries, service
from duty.escalation.policybook.rights import WRITERS
from duty.escalation.policybook.schemas import (
    NewPolicy,
    PolicyBook,
    PolicyOut,
    PolicyWritten,
    Trial,
    Withdrawal,
)
from kernel.access import ANY, OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import FacilityId
from kernel.viewer import Viewer

Code = Annotated[str, Parameter(max_length=64, pattern=r"^(\*|[a-z][a-z0-9_.]{1,63})$")]


@get("/duty/policies", opt={OPT: ANY})
async def policy_book(
    session: AsyncSession, viewer: Viewer, facility_id: FacilityId | None = None
) -> PolicyBook:
    """What is in force at a facility (default: the viewer's own), with source and confidence."""
    return await queries.book(session, viewer, facility_id or viewer.facility_id)


@get("/duty/policies/try", opt={OPT: ANY})
async def try_policy(
    session: AsyncSession,
    viewer: Viewer,
    clock: Clock,
    event: Code,
    level: Code,
    facility_id: FacilityId | None = None,
    colour: Code = ANY_WORD,
    condition: Code = ANY_WORD,
    at: datetime | None = None,
) -> Trial:
    """Whom a page would ring at which second, by the rosters as planned. Nobody rings."""
    return await queries.rehearsal(
        session,
        facility_id or viewer.facility_id,
        event=event,
        level=level,
        colour=colour,
        condition=condition,
        at=at or clock.now(),
    )


@get("/duty/policies/{policy_id:uuid}/history", opt={OPT: ANY})
async def policy_history(session: AsyncSession, policy_id: UUID) -> list[PolicyOut]:
    """All versions of the same owner for the same case, newest first."""
    return await queries.history(session, policy_id)


@post("/duty/policies", opt={OPT: roles(*WRITERS)})
async def write_policy(
    session: AsyncSession, viewer: Viewer, data: NewPolicy, idempotency_key: str | None
) -> PolicyWritten:
    """A new version for my own facility, or for a region of mine. It cannot end in silence."""

    async def work() -> PolicyWritten:
        return PolicyWritten(await service.write(session, viewer, data))

    return await once(session, viewer, idempotency_key, "write_policy", data, PolicyWritten, work)


@post("/duty/policies/{policy_id:uuid}/withdraw", opt={OPT: roles(*WRITERS)})
async def withdraw_policy(
    session: AsyncSession,
    viewer: Viewer,
    policy_id: UUID,
    data: Withdrawal,
    idempotency_key: str | None,
) -> PolicyWritten:
    """Take back the version in force: the one before it counts again, else whose comes next."""

    async def work() -> PolicyWritten:
        return PolicyWritten(await service.withdraw(session, viewer, policy_id, data.reason))

    scope = f"withdraw_policy:{policy_id}"
    return await once(session, viewer, idempotency_key, scope, data, PolicyWritten, work)


router = Router(
    "/",
    route_handlers=[policy_book, try_policy, policy_history, write_policy, withdraw_policy],
    tags=["duty"],
)
