"""The inbox over HTTP (the socket's twin), and the endpoints that administrators register."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify import endpoints, inbox
from duty.notify.schemas import EndpointIn, EndpointOut, InboxItem, InboxPage
from kernel.access import ANY, OPT, roles
from kernel.clock import Clock
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer

_ADMIN = roles(Role.SYSTEM_ADMIN)


@get("/inbox", opt={OPT: ANY})
async def my_inbox(
    session: AsyncSession,
    viewer: Viewer,
    after: Annotated[int, Parameter(ge=0)] = 0,
    limit: Annotated[int, Parameter(ge=1, le=500)] = 100,
) -> InboxPage:
    """My items after an offset, oldest first."""
    found = await inbox.after(session, viewer.person_id, after, limit)
    items = [InboxItem(one.offset, one.kind, one.data, one.created_at) for one in found]
    return InboxPage(items, found[-1].offset if len(found) == limit else None)


@get("/admin/endpoints", opt={OPT: _ADMIN})
async def list_endpoints(session: AsyncSession) -> list[EndpointOut]:
    """Registered endpoints without their addresses, those in use first."""
    return await endpoints.registered(session)


@post("/admin/endpoints", opt={OPT: _ADMIN})
async def register_endpoint(
    session: AsyncSession, viewer: Viewer, clock: Clock, sealer: Sealer, data: EndpointIn
) -> EndpointOut:
    """Register a webhook, or the robot of a group chat."""
    return await endpoints.register(session, clock, viewer, sealer, data)


@post("/admin/endpoints/{endpoint_id:uuid}/test", opt={OPT: _ADMIN}, status_code=200)
async def test_endpoint(
    session: AsyncSession, viewer: Viewer, clock: Clock, endpoint_id: UUID
) -> EndpointOut:
    """Send a test to an endpoint."""
    return await endpoints.test(session, clock, viewer, endpoint_id)


@post("/admin/endpoints/{endpoint_id:uuid}/disable", opt={OPT: _ADMIN}, status_code=204)
async def disable_endpoint(session: AsyncSession, clock: Clock, endpoint_id: UUID) -> None:
    """Stop delivering to an endpoint."""
    await endpoints.disable(session, clock, endpoint_id)


router = Router(
    "/",
    route_handlers=[my_inbox, list_endpoints, register_endpoint, test_endpoint, disable_endpoint],
    tags=["duty"],
)
