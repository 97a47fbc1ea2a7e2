"""HTTP for logging in and out, oneself and colleagues."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import ANY, OPT, PUBLIC
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import NotFound
from kernel.ids import FacilityId, PersonId, SessionId
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.people import accounts, cookie, queries, service, sessions
from registry.people.admin import router as admin_router
from registry.people.installation import on_duty, policy_of, settings_of
from registry.people.rules import home
from registry.people.schemas import (
    Config,
    LoginIn,
    Me,
    PasswordChange,
    PersonOut,
    SessionOut,
)
from registry.people.sessions import Origin

PRODUCT = "云上妇幼 Yunshang"
LANGUAGES = ["zh-CN", "en"]


async def _me(session: AsyncSession, clock: Clock, viewer: Viewer, state: State) -> Me:
    settings = settings_of(state)
    account = await queries.account(session, viewer)
    person = await queries.get(session, viewer.person_id)
    places = await facilities.get_many(session, {viewer.facility_id, *viewer.facility_ids})
    return Me(
        account_id=viewer.account_id,
        person_id=viewer.person_id,
        name=person.name,
        title=person.title,
        roles=sorted(str(role) for role in viewer.roles),
        facility=places[viewer.facility_id],
        facilities=[places[id_] for id_ in sorted(viewer.facility_ids) if id_ in places],
        region_ids=sorted(viewer.region_ids),
        demo=settings.demo,
        must_change_password=account.must_change,
        on_duty=await on_duty(state, session, clock, viewer),
        gateway_url=settings.gateway_url,
        server_time=clock.now(),
        home=home(viewer.roles),
    )


def _origin(request: Request[Any, Any, Any]) -> Origin:
    """The peer's address as the server sees it; X-Forwarded-For is the server's business."""
    address = request.client.host if request.client else "local"
    return Origin(address, request.headers.get("user-agent", ""))


@post("/login", opt={OPT: PUBLIC}, status_code=200)
async def log_in(
    data: LoginIn,
    request: Request[Any, Any, Any],
    database: Database,
    clock: Clock,
    state: State,
) -> Response[Me]:
    """Open a session; the answer is `Me` and the cookie."""
    settings = settings_of(state)
    policy = policy_of(settings)
    token = await sessions.log_in(
        database,
        clock,
        login=data.login,
        password=data.password,
        origin=_origin(request),
        policy=policy,
    )
    async with database.session(sessions.ANONYMOUS) as session:
        if old := request.cookies.get(cookie.NAME):
            await sessions.end_token(session, clock.now(), old)
        known = await sessions.find(session, token, clock.now(), policy, demo=settings.demo)
    if known is None:
        raise NotFound()
    async with database.session(known.viewer) as session:
        me = await _me(session, clock, known.viewer, state)
    return Response(me, cookies=[cookie.carrying(token)])


@post("/logout", opt={OPT: ANY}, status_code=204)
async def log_out(session: AsyncSession, clock: Clock, viewer: Viewer) -> Response[None]:
    """End this session."""
    await service.log_out(session, clock, viewer)
    return Response(None, status_code=204, cookies=[cookie.cleared()])


@get("/me", opt={OPT: ANY})
async def me(session: AsyncSession, clock: Clock, viewer: Viewer, state: State) -> Me:
    """Who is logged in here."""
    return await _me(session, clock, viewer, state)


@post("/me/password", opt={OPT: ANY}, status_code=204)
async def change_password(
    data: PasswordChange, database: Database, clock: Clock, viewer: Viewer
) -> None:
    """Change one's password; all other sessions end."""
    await service.change_password(database, clock, viewer, old=data.old, new=data.new)


@get("/me/sessions", opt={OPT: ANY})
async def own_sessions(
    session: AsyncSession, clock: Clock, viewer: Viewer, state: State
) -> list[SessionOut]:
    """One's own open logins."""
    return await accounts.open_sessions(
        session, clock.now(), viewer, policy_of(settings_of(state)), viewer.account_id
    )


@delete("/me/sessions/{session_id:uuid}", opt={OPT: ANY}, status_code=204)
async def end_own_session(
    session_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer
) -> None:
    """End one of one's own logins (a lost phone)."""
    await service.end_own_session(session, clock, viewer, SessionId(session_id))


@get("/config", opt={OPT: PUBLIC})
async def config(state: State) -> Config:
    """What a page must know before anybody is logged in."""
    settings = settings_of(state)
    return Config(PRODUCT, settings.demo, settings.gateway_url, LANGUAGES)


@get("/people/{person_id:uuid}", opt={OPT: ANY})
async def person(person_id: UUID, session: AsyncSession) -> PersonOut:
    """A colleague's name, title and place of work."""
    found = await queries.get(session, PersonId(person_id))
    place = await facilities.get(session, FacilityId(found.facility_id))
    return PersonOut(found.id, found.name, found.title, found.specialty, place)


router = Router(
    "/",
    route_handlers=[
        log_in,
        log_out,
        me,
        change_password,
        own_sessions,
        end_own_session,
        config,
        person,
        admin_router,
    ],
    tags=["people"],
)
