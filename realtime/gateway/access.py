"""Who may pass the door and see what.

Devices show a bearer token of their own; people show the platform's session, in its cookie (then
the Origin must be one of ours, exactly) or as a bearer token. Nothing secret ever stands in a URL.
What a viewer may see is asked as the viewer, by the same SQL that row-level security uses.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from typing import Final
from uuid import UUID

from kernel.database import viewer_settings
from kernel.errors import Unavailable
from kernel.tokens import token_hash
from kernel.viewer import Viewer
from realtime.gateway.door import Refuse, Request
from realtime.gateway.store import UNAVAILABLE, Device, Store

SESSION_COOKIE: Final = "__Host-yunshang"

ViewersOf = Callable[[Collection[str]], Awaitable[dict[str, Viewer]]]
"""Turns session tokens into their viewers, without those that are unknown, expired or revoked."""

_SEES: Final = (
    "SELECT set_config('app.person_id', $1, true), set_config('app.facility_ids', $2, true),"
    " set_config('app.region_ids', $3, true), set_config('app.roles', $4, true)"
)

UNAUTHENTICATED: Final = Refuse(HTTPStatus.UNAUTHORIZED, "ctg.not_authenticated")
UNAVAILABLE_NOW: Final = Refuse(HTTPStatus.SERVICE_UNAVAILABLE, "ctg.storage_unavailable")


class Access:
    """Asks the database who somebody is and what he may see."""

    def __init__(self, store: Store, viewers_of: ViewersOf, origins: Collection[str]) -> None:
        self._store = store
        self._viewers_of = viewers_of
        self._origins = frozenset(origins)

    async def device(self, request: Request) -> Device | Refuse:
        """The device whose bearer token the request carries."""
        token = bearer(request)
        if token is None:
            return UNAUTHENTICATED
        try:
            device = await self._store.device_of_token(token_hash(token))
        except UNAVAILABLE:
            return UNAVAILABLE_NOW
        return device or UNAUTHENTICATED

    async def viewer(self, request: Request) -> tuple[Viewer, str] | Refuse:
        """The person behind a session, with the token to check again later."""
        origin = request.headers.get("origin")
        token = bearer(request)
        if token is None:
            token = _cookie(request.headers.get("cookie", ""))
            if token is None:
                return UNAUTHENTICATED
            if origin is None:
                return Refuse(HTTPStatus.FORBIDDEN, "ctg.origin_not_allowed")
        if origin is not None and origin not in self._origins:
            return Refuse(HTTPStatus.FORBIDDEN, "ctg.origin_not_allowed")
        try:
            viewer = (await self._viewers_of([token])).get(token)
        except (*UNAVAILABLE, Unavailable):
            return UNAVAILABLE_NOW
        return (viewer, token) if viewer is not None else UNAUTHENTICATED

    async def again(self, tokens: Collection[str]) -> dict[str, Viewer]:
        """The viewers of tokens as of now."""
        return await self._viewers_of(tokens)

    async def visible(self, viewer: Viewer, recordings: Collection[UUID]) -> set[UUID]:
        """Those of the recordings that the viewer may see."""
        told = viewer_settings(viewer)
        pool = await self._store.pool()
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(
                _SEES, told["person"], told["facilities"], told["regions"], told["roles"]
            )
            rows = await connection.fetch(
                "SELECT id FROM unnest($1::uuid[]) AS asked(id) WHERE ctg_visible(id)",
                list(recordings),
            )
        return {row["id"] for row in rows}


def bearer(request: Request) -> str | None:
    """The bearer token of the Authorization header."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _cookie(header: str) -> str | None:
    """Our cookie's value; a neighbour's odd cookie must not hide it."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == SESSION_COOKIE and value:
            return value
    return None
