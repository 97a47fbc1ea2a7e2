"""The application served for real, and browsers that speak `/api/stream`."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import uvicorn
from litestar import Litestar
from websockets.asyncio.client import ClientConnection, connect

from kernel.ids import new_id
from kernel.tokens import token_hash
from kernel.viewer import Role, Viewer
from realtime.hub import Hub
from registry.people.models import Account, LoginSession
from registry.people.service import grant_role
from server.app import create_app
from server.settings import Settings
from tests.duty.region import SEEDER, Region

ORIGIN = "https://yunshang.example"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with nullcontext():
            yield


@dataclass(slots=True)
class Served:
    """A running application."""

    port: int
    app: Litestar

    @property
    def hub(self) -> Hub:
        """The application's hub."""
        hub: Hub = self.app.state.hub
        return hub


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Served]:
    """Serve on a free port until the block ends."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        ws="websockets-sansio",
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not task.done()
            await asyncio.sleep(0.01)
        yield Served(server.servers[0].sockets[0].getsockname()[1], app)
    finally:
        server.should_exit = True
        await task


async def log_in(region: Region, who: Viewer, *roles: Role) -> str:
    """A session of `who`, without the password dance; its token."""
    token = secrets.token_urlsafe(32)
    now = region.clock.now()
    async with region.clone.system.session(SEEDER) as session:
        account = Account(
            id=new_id(),
            person_id=who.person_id,
            login=str(who.person_id),
            password_hash="-",
            created_at=now,
        )
        session.add(account)
        await session.flush()
        for role in roles or who.roles:
            await grant_role(session, region.clock, account.id, role, facility_id=who.facility_id)  # type: ignore[arg-type]
        session.add(
            LoginSession(
                id=new_id(),
                token_hash=token_hash(token),
                account_id=account.id,
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=8),
                address="127.0.0.1",
                user_agent="test",
            )
        )
    return token


@dataclass(slots=True)
class Browser:
    """One socket; everything received is kept, with the loop's time of arrival."""

    socket: ClientConnection
    got: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    async def say(self, **message: object) -> None:
        """Send a message."""
        await self.socket.send(json.dumps(message))

    async def hear(self, type_: str, within_s: float = 5.0, **facts: object) -> dict[str, Any]:
        """The next message of this type with these facts; others on the way are kept."""
        async with asyncio.timeout(within_s):
            while True:
                message = json.loads(await self.socket.recv())
                self.got.append((asyncio.get_running_loop().time(), message))
                data = message.get("data") or {}
                both = {**data, **message}
                if message["type"] == type_ and all(both.get(k) == v for k, v in facts.items()):
                    return dict(message)

    async def quiet(self, for_s: float, type_: str = "item") -> bool:
        """True if no message of this type comes for so long."""
        try:
            await self.hear(type_, for_s)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def browsing(
    served: Served, token: str, *, offset: int | None = 0, origin: str = ORIGIN
) -> AsyncIterator[Browser]:
    """A logged-in browser that has said hello and was welcomed."""
    async with opened(served, token, origin=origin) as browser:
        await browser.say(type="hello", offset=offset, visible=True)
        await browser.hear("welcome")
        yield browser


@asynccontextmanager
async def opened(served: Served, token: str, *, origin: str = ORIGIN) -> AsyncIterator[Browser]:
    """A socket on which nothing was said yet."""
    async with connect(
        f"ws://127.0.0.1:{served.port}/api/stream",
        additional_headers={"Cookie": f"__Host-yunshang={token}"},
        origin=origin,  # type: ignore[arg-type]
        ping_interval=None,
        close_timeout=1,
    ) as socket:
        yield Browser(socket)
