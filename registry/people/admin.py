"""HTTP for administrators of accounts and for auditors."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.ids import AccountId
from kernel.viewer import Role, Viewer
from registry.people import accounts, service
from registry.people.installation import policy_of, settings_of
from registry.people.schemas import AccountOut, Ended, SecurityEventOut, SessionOut

SECURITY = roles(Role.SECURITY_ADMIN)
OVERSIGHT = roles(Role.SECURITY_ADMIN, Role.AUDITOR)


@get("/accounts", opt={OPT: roles(Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN, Role.AUDITOR)})
async def list_accounts(session: AsyncSession, clock: Clock, state: State) -> list[AccountOut]:
    """All accounts with their present roles."""
    return await accounts.accounts(session, clock.now(), policy_of(settings_of(state)))


@post("/accounts/{account_id:uuid}/disable", opt={OPT: SECURITY}, status_code=204)
async def disable(account_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer) -> None:
    """Close an account; its sessions end at once."""
    await service.disable_account(session, clock, viewer, AccountId(account_id))


@post("/accounts/{account_id:uuid}/enable", opt={OPT: SECURITY}, status_code=204)
async def enable(account_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer) -> None:
    """Open a disabled account again."""
    await service.enable_account(session, clock, viewer, AccountId(account_id))


@post("/accounts/{account_id:uuid}/revoke-sessions", opt={OPT: SECURITY}, status_code=200)
async def revoke_sessions(
    account_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer
) -> Ended:
    """End all sessions of an account."""
    ended = await service.revoke_sessions(session, clock, viewer, AccountId(account_id))
    return Ended(ended)


@get("/sessions", opt={OPT: OVERSIGHT})
async def list_sessions(
    session: AsyncSession, clock: Clock, viewer: Viewer, state: State
) -> list[SessionOut]:
    """All open logins, newest first."""
    return await accounts.open_sessions(session, clock.now(), viewer, policy_of(settings_of(state)))


@get("/security-events", opt={OPT: OVERSIGHT})
async def list_security_events(
    session: AsyncSession,
    before: int | None = None,
    limit: Annotated[int, Parameter(ge=1, le=500)] = 100,
) -> list[SecurityEventOut]:
    """The security trail, newest first."""
    return await accounts.security_events(session, before=before, limit=limit)


router = Router(
    "/admin",
    route_handlers=[
        list_accounts,
        disable,
        enable,
        revoke_sessions,
        list_sessions,
        list_security_events,
    ],
    tags=["admin"],
)
