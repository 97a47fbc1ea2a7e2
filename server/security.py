"""The door: who is asking, from which page, and whether the route is open to them.

`server/app.py` needs two lines:

    middleware=[DefineMiddleware(Authentication, settings=settings, database=pool)]
    guards=[require_role]

`Authentication` leaves the viewer in `scope["state"]["viewer"]` (absent on public routes and
without a live session) for HTTP and WebSocket alike. Three checks come before it, on everything
that could change something:

- **Origin**, exact, on unsafe methods and on every WebSocket handshake (Litestar has no check for
  sockets). A request without an Origin header passes only if it carries no session cookie: browsers
  always send one with cross-site writes, other programs need not, and without a cookie there is
  nothing to ride on. Programs that use the cookie send an Origin that the installation lists.
- **Content type** `application/json` on writes below /api that carry a body; a route that takes
  files says so by `opt={"content": frozenset({"application/dicom"})}`.
- **Role**, by the route's own declaration (kernel.access). No declaration: nobody enters.
- **Link**: a route declared `LINK` looks at the cookie of a case-scoped link, or of a room's guest,
  and at no login; every other route looks at the login and at no link.

A socket is refused by closing it before it is accepted: 4401 not logged in, 4403 not allowed.
"""

from typing import Any, ClassVar

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import WebSocketException
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from consult.rooms.guests import sessions as guests
from kernel.access import ANY, LINK, OPT, PUBLIC
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import NotAllowed, Refusal
from kernel.viewer import Viewer
from referral.links import sessions as links
from registry.people import cookie, link_cookie, sessions
from registry.people.installation import policy_of
from registry.people.sessions import ANONYMOUS
from server.settings import Settings

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON: frozenset[str] = frozenset({"application/json"})

Connection = ASGIConnection[Any, Any, Any, Any]


class NotAuthenticated(Refusal):
    """No live session."""

    code: ClassVar[str] = "kernel.not_authenticated"
    status: ClassVar[int] = 401


class OriginRefused(Refusal):
    """The request comes from a page that is not ours."""

    code: ClassVar[str] = "server.origin_refused"
    status: ClassVar[int] = 403


class MediaTypeRefused(Refusal):
    """A write that is not JSON, on a route that takes nothing else."""

    code: ClassVar[str] = "kernel.unsupported_media_type"
    status: ClassVar[int] = 415


class Authentication:
    """ASGI middleware: checks origin and content type, then finds the viewer by one query."""

    def __init__(self, app: ASGIApp, settings: Settings, database: Database) -> None:
        self._app = app
        self._database = database
        self._origins = settings.origins
        self._policy = policy_of(settings)
        self._demo = settings.demo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection: Connection = ASGIConnection(scope, receive, send)
        declared = connection.route_handler.opt.get(OPT)
        by_link = declared == LINK
        token = connection.cookies.get(link_cookie.NAME if by_link else cookie.NAME)
        self._check_origin(connection, token)
        _check_content(connection)
        if token and declared != PUBLIC:
            clock: Clock = connection.app.state.clock
            find = self._holder if by_link else self._viewer
            viewer = await find(token, clock)
            if viewer is not None:
                scope["state"]["viewer"] = viewer
        await self._app(scope, receive, send)

    def _check_origin(self, connection: Connection, token: str | None) -> None:
        scope = connection.scope
        if scope["type"] == ScopeType.HTTP and scope["method"] in _SAFE:
            return
        origin = connection.headers.get("origin")
        if origin is None and token is None and scope["type"] == ScopeType.HTTP:
            return
        if origin not in self._origins:
            refuse(connection, OriginRefused(origin=origin or ""), 4403)

    async def _viewer(self, token: str, clock: Clock) -> Viewer | None:
        at = clock.now()
        async with self._database.session(ANONYMOUS) as session:
            known = await sessions.find(session, token, at, self._policy, demo=self._demo)
            if known is None:
                return None
            if known.touch and known.viewer.session_id is not None:
                await sessions.touch(session, known.viewer.session_id, at)
            return known.viewer

    async def _holder(self, token: str, clock: Clock) -> Viewer | None:
        at = clock.now()
        async with self._database.session(ANONYMOUS) as session:
            return await links.find(session, token, at, demo=self._demo) or await guests.find(
                session, token, at, demo=self._demo
            )


def _check_content(connection: Connection) -> None:
    scope = connection.scope
    if scope["type"] != ScopeType.HTTP or scope["method"] in _SAFE:
        return
    headers = connection.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    sent = headers.get("content-type", "").partition(";")[0].strip().lower()
    allowed: frozenset[str] = connection.route_handler.opt.get("content", _JSON)
    if sent not in allowed:
        raise MediaTypeRefused()


def refuse(connection: Connection, refusal: Refusal, close_code: int) -> None:
    """Raise the refusal in the form that the protocol understands."""
    if connection.scope["type"] == ScopeType.WEBSOCKET:
        raise WebSocketException(detail=refusal.code, code=close_code)
    raise refusal


def require_role(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: enter only as the route's declaration says."""
    allowed = handler.opt.get(OPT)
    if allowed == PUBLIC:
        return
    viewer: Viewer | None = connection.scope["state"].get("viewer")
    if viewer is None:
        refuse(connection, NotAuthenticated(), 4401)
    elif allowed is None:
        refuse(connection, NotAllowed(reason="undeclared"), 4403)
    elif allowed not in (ANY, LINK) and not viewer.has(*allowed):
        refuse(connection, NotAllowed(reason="role"), 4403)
