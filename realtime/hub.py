"""The hub of one serve process: wakes its browsers' connections. It carries no truth.

One LISTEN connection hears of inboxes, cases, readings and ended sessions; a look at the inbox
heads every second makes up for every notification that is lost, and for the time while the listener
is down; pages ask again by themselves for the rest. Valkey, if there, is one more source of case
hints. Each loop is supervised: it fails, says so, and starts again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import TextClause, text

from duty.escalation import service as pages
from duty.notify import inbox
from duty.notify.inbox import Item
from duty.rosters import presence
from kernel.chain.append import CASE_CHANNEL
from kernel.clock import Clock
from kernel.database import Database, viewer_settings
from kernel.errors import Unavailable
from kernel.ids import CaseId, PersonId, PregnancyId
from kernel.viewer import Viewer
from kernel.wake import Listener
from realtime.hub_connection import Connection
from realtime.hub_hints import CaseHints
from registry.people.sessions import REVOKED_CHANNEL

log = structlog.get_logger()

WOMAN_CHANNEL = "yunshang_woman"
"""NOTIFY channel of readings; the payload is the pregnancy's id."""

POLL_S = 1.0
PRESENCE_S = 5.0
MARK_S = 0.25
GATHER_S = 0.2
"""Women of whom something was read this close together are asked about at once."""
RESTART_S = 0.5

_OF_CASE = text("SELECT app_audience(:case_id, CAST(:viewers AS jsonb)), CAST(:case_id AS uuid)")
_OF_WOMEN = text(
    "SELECT viewer, pregnancy_id"
    "  FROM app_audience_of_women(CAST(:women AS uuid[]), CAST(:viewers AS jsonb))"
)
_NOBODY = Viewer.system("hub")


class Hub:
    """All connections of this process and the loops that wake them."""

    def __init__(
        self, database: Database, clock: Clock, *, valkey_url: str = "", url: str | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._connections: dict[UUID, Connection] = {}
        self._by_person: dict[PersonId, set[Connection]] = {}
        self._changed: dict[CaseId, int] = {}
        self._women: set[PregnancyId] = set()
        self._case_wake = asyncio.Event()
        self._women_wake = asyncio.Event()
        self._pushed: set[Connection] = set()
        self._mark_wake = asyncio.Event()
        self._recheck = asyncio.Event()
        self.listener = Listener(
            url or database.url,
            (inbox.CHANNEL, CASE_CHANNEL, WOMAN_CHANNEL, REVOKED_CHANNEL),
            self._notified,
        )
        self._hints = CaseHints(valkey_url, self.case_changed) if valkey_url else None

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: Connection) -> None:
        """Start waking this connection."""
        self._connections[connection.id] = connection
        self._by_person.setdefault(connection.viewer.person_id, set()).add(connection)

    def remove(self, connection: Connection) -> None:
        """Forget this connection."""
        self._connections.pop(connection.id, None)
        self._pushed.discard(connection)
        person_id = connection.viewer.person_id
        others = self._by_person.get(person_id, set())
        others.discard(connection)
        if not others:
            self._by_person.pop(person_id, None)

    async def run(self) -> None:
        """Serve until cancelled."""
        loops: list[Callable[[], Awaitable[None]]] = [
            self.listener.run,
            self._poll,
            self._spread_cases,
            self._spread_women,
            self._mark_pushed,
            self._mark_present,
        ]
        if self._hints is not None:
            loops.append(self._hints.run)
        async with asyncio.TaskGroup() as group:
            for loop in loops:
                group.create_task(_keep(loop), name=f"hub.{loop.__name__}")

    async def fetch(self, viewer: Viewer, offset: int, limit: int) -> list[Item]:
        """Inbox items as that viewer."""
        async with self._database.session(viewer) as session:
            return await inbox.after(session, viewer.person_id, offset, limit)

    def note_pushed(self, connection: Connection) -> None:
        """Pages went out over this connection: their reach state becomes `sent`."""
        self._pushed.add(connection)
        self._mark_wake.set()

    def case_changed(self, case_id: CaseId, version: int) -> None:
        """The case has a new event; whoever may see it is told to look."""
        self._changed[case_id] = max(self._changed.get(case_id, 0), version)
        self._case_wake.set()

    def woman_changed(self, pregnancy_id: PregnancyId) -> None:
        """Something of her was read or voided; whoever may see her is told to look."""
        self._women.add(pregnancy_id)
        self._women_wake.set()

    def _notified(self, channel: str, payload: str) -> None:
        if not payload:
            self._reconnected(channel)
        elif channel == inbox.CHANNEL:
            for connection in self._by_person.get(PersonId(UUID(payload)), ()):
                connection.look()
        elif channel == REVOKED_CHANNEL:
            for connection in self._connections.values():
                if str(connection.viewer.session_id) == payload:
                    connection.bye("session_ended")
        elif channel == WOMAN_CHANNEL:
            self.woman_changed(PregnancyId(UUID(payload)))
        else:
            case_id, _, version = payload.partition(" ")
            self.case_changed(CaseId(UUID(case_id)), int(version))

    def _reconnected(self, channel: str) -> None:
        """Notifications may have been lost: everybody looks, sessions are asked again."""
        for connection in self._connections.values():
            if channel == inbox.CHANNEL:
                connection.look()
            elif channel == CASE_CHANNEL:
                connection.board()
        if channel == REVOKED_CHANNEL:
            waiting, self._recheck = self._recheck, asyncio.Event()
            waiting.set()

    async def recheck_due(self, within_s: float) -> None:
        """Return when sessions should be asked again: after `within_s`, or after an outage."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._recheck.wait()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            if not self._by_person:
                continue
            try:
                async with self._database.session(_NOBODY) as session:
                    heads = await inbox.heads(session, list(self._by_person))
            except Unavailable:
                continue
            for person_id, head in heads.items():
                for connection in self._by_person.get(person_id, ()):
                    connection.look(head)

    async def _spread_cases(self) -> None:
        while True:
            await self._case_wake.wait()
            self._case_wake.clear()
            changed, self._changed = self._changed, {}
            async with self._or_board():
                for case_id, version in changed.items():
                    for connection, _ in await self._audience(_OF_CASE, case_id=case_id):
                        connection.hint(case_id, version)

    async def _spread_women(self) -> None:
        while True:
            await self._women_wake.wait()
            await asyncio.sleep(GATHER_S)
            self._women_wake.clear()
            women, self._women = self._women, set()
            async with self._or_board():
                for connection, hers in await self._audience(_OF_WOMEN, women=sorted(women)):
                    connection.woman(PregnancyId(hers))

    @asynccontextmanager
    async def _or_board(self) -> AsyncIterator[None]:
        """Whatever keeps hints from those who may see it: everybody refetches what they see."""
        try:
            yield
        except Exception as error:
            for connection in self._connections.values():
                connection.board()
            if not isinstance(error, Unavailable):
                raise

    async def _audience(self, asked: TextClause, **about: object) -> list[tuple[Connection, UUID]]:
        """Connections whose viewer may see it, and what, by the condition that RLS itself asks."""
        connections = list(self._connections.values())
        if not connections:
            return []
        viewers = [viewer_settings(connection.viewer) for connection in connections]
        said = {**about, "viewers": msgspec.json.encode(viewers).decode()}
        async with self._database.session(_NOBODY) as session:
            rows = await session.execute(asked, said)
            return [(connections[at], of) for at, of in rows]

    async def _mark_pushed(self) -> None:
        while True:
            await self._mark_wake.wait()
            # A browser's own receipt usually comes first and says more.
            await asyncio.sleep(MARK_S)
            self._mark_wake.clear()
            pushed, self._pushed = self._pushed, set()
            for connection in pushed:
                page_ids, connection.pushed = connection.pushed, set()
                try:
                    async with self._database.session(connection.viewer) as session:
                        await pages.pushed(session, self._clock, connection.viewer, page_ids)
                except Unavailable:
                    connection.pushed |= page_ids
                    self.note_pushed(connection)

    async def _mark_present(self) -> None:
        while True:
            await asyncio.sleep(PRESENCE_S)
            devices = {(c.viewer.person_id, c.device_id) for c in self._connections.values()}
            if not devices:
                continue
            with suppress(Unavailable):
                async with self._database.session(_NOBODY) as session:
                    await presence.seen(session, sorted(devices))


async def _keep(loop: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await loop()
        except Exception as error:
            log.error("hub.loop_failed", loop=getattr(loop, "__name__", ""), exc_info=error)
        await asyncio.sleep(RESTART_S)
