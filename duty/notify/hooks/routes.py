"""The providers' door, and what the duty desk reads of replies."""

from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.hooks import door, queries
from duty.notify.hooks.door import Knock
from duty.notify.hooks.schemas import ReplyOut
from duty.notify.providers.file import Callbacks
from kernel.access import OPT, PUBLIC, roles
from kernel.sealing import Sealer
from kernel.viewer import Role


# Its bodies are the providers' own; it is described in docs/integrators.md and not in the API.
@post(
    "/hooks/{provider:str}/{secret:str}/{kind:str}",
    opt={OPT: PUBLIC},
    status_code=200,
    include_in_schema=False,
)
async def provider_hook(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    sealer: Sealer,
    callbacks: Callbacks | None,
    provider: str,
    secret: str,
    kind: str,
) -> dict[str, Any]:
    """A provider reports what became of messages, or passes on what people answered.

    The body is read only for who may come in: nobody else learns what it looks like to us.
    """
    address = request.client.host if request.client else ""
    knock = Knock(provider, secret, kind, address)
    door.admit(callbacks, knock)
    body = door.opened(await request.body())
    return await door.take_down(session, sealer, knock, body)


@get("/duty/replies", opt={OPT: roles(Role.DUTY_DESK, Role.COORDINATOR)})
async def sms_replies(
    session: AsyncSession,
    sealer: Sealer,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> list[ReplyOut]:
    """SMS that came back about pages of my houses, newest first."""
    return await queries.replies(session, sealer, limit)


router = Router("/", route_handlers=[provider_hook, sms_replies], tags=["duty"])
