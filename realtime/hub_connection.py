"""One browser's side of the hub: what it still has to be told.

Inbox items are never queued here. The database holds them in order, the connection only knows
the last number it sent; so alerts cannot overflow, and a slow reader costs one row of a query.
Hints (a case changed, look again) are queued up to a bound; beyond it the connection is closed and
the browser starts again from its offset.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import msgspec

from duty.notify.inbox import Item
from kernel.errors import Unavailable
from kernel.ids import CaseId, PageId, PregnancyId
from kernel.viewer import Viewer

SEND_S = 5.0
"""A reader that takes nothing for so long is not there."""

MAX_HINTS = 200
BATCH = 100

Send = Callable[[bytes], Awaitable[None]]
Fetch = Callable[[Viewer, int, int], Awaitable[list[Item]]]

RESYNC = 4408
"""Close code: come back with your offset, you will get the rest."""

ENDED = 4401
"""Close code after `bye`: the session is over."""


class ItemFrame(msgspec.Struct, frozen=True, tag_field="type", tag="item"):
    """An inbox item on the wire."""

    offset: int
    kind: str
    data: msgspec.Raw


class CaseFrame(msgspec.Struct, frozen=True, tag_field="type", tag="case"):
    """Look again: the case has moved on to event `version`."""

    case_id: CaseId
    version: int


class WomanFrame(msgspec.Struct, frozen=True, tag_field="type", tag="woman"):
    """Look again: something of her was read, or voided."""

    pregnancy_id: PregnancyId


class ByeFrame(msgspec.Struct, frozen=True, tag_field="type", tag="bye"):
    """The session is over; do not come back without logging in."""

    code: str


BOARD = b'{"type":"board"}'
PONG = b'{"type":"pong"}'
PING = b'{"type":"ping"}'


class Closed(Exception):
    """The connection must end with this close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Connection:
    """What one socket has been sent and what it waits for."""

    def __init__(self, viewer: Viewer, *, offset: int, device_id: str, send: Send) -> None:
        self.id = uuid4()
        self.viewer = viewer
        self.device_id = device_id
        self.offset = offset
        self._send = send
        self._wake = asyncio.Event()
        self._inbox_dirty = True
        self._replies: list[bytes] = []
        self._cases: OrderedDict[CaseId, int] = OrderedDict()
        self._women: set[PregnancyId] = set()
        self._board = False
        self._bye: str | None = None
        self._overflow = False
        self.pushed: set[PageId] = set()
        self._wake.set()

    def look(self, head: int | None = None) -> None:
        """There may be new inbox items (up to number `head`, if known)."""
        if head is None or head > self.offset:
            self._inbox_dirty = True
            self._wake.set()

    def hint(self, case_id: CaseId, version: int) -> None:
        """A case changed; hints of one case replace each other."""
        known = self._cases.get(case_id, 0)
        self._cases[case_id] = max(known, version)
        self._overflow = self._overflow or len(self._cases) > MAX_HINTS
        self._wake.set()

    def woman(self, pregnancy_id: PregnancyId) -> None:
        """Something of a woman was read; hints of one woman replace each other."""
        self._women.add(pregnancy_id)
        self._overflow = self._overflow or len(self._women) > MAX_HINTS
        self._wake.set()

    def board(self) -> None:
        """Something may have been missed: refetch what is on the screen."""
        self._board = True
        self._wake.set()

    def reply(self, frame: bytes) -> None:
        """Answer to something the browser asked."""
        self._replies.append(frame)
        self._overflow = self._overflow or len(self._replies) > MAX_HINTS
        self._wake.set()

    def bye(self, code: str) -> None:
        """The session is over."""
        self._bye = code
        self._wake.set()

    async def pump(self, fetch: Fetch, on_pushed: Callable[["Connection"], None]) -> None:
        """Send what there is, for ever; inbox items first.

        Raises:
            Closed: the session ended, or the browser cannot keep up.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._bye is not None:
                await self._put(msgspec.json.encode(ByeFrame(self._bye)))
                raise Closed(ENDED)
            if self._inbox_dirty:
                self._inbox_dirty = False
                await self._drain_inbox(fetch, on_pushed)
            if self._overflow:
                raise Closed(RESYNC)
            await self._drain_hints()

    async def _drain_inbox(self, fetch: Fetch, on_pushed: Callable[["Connection"], None]) -> None:
        while True:
            try:
                items = await fetch(self.viewer, self.offset, BATCH)
            except Unavailable:
                # The hub's poll looks again within a second.
                return
            for item in items:
                await self._put(msgspec.json.encode(ItemFrame(item.offset, item.kind, item.data)))
                self.offset = item.offset
                if item.kind == "page":
                    self.pushed.add(_page_of(item))
            if self.pushed:
                on_pushed(self)
            if len(items) < BATCH:
                return

    async def _drain_hints(self) -> None:
        while self._replies:
            await self._put(self._replies.pop(0))
        while self._cases:
            case_id, version = self._cases.popitem(last=False)
            await self._put(msgspec.json.encode(CaseFrame(case_id, version)))
        while self._women:
            await self._put(msgspec.json.encode(WomanFrame(self._women.pop())))
        if self._board:
            self._board = False
            await self._put(BOARD)

    async def _put(self, frame: bytes) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await self._send(frame)
        except TimeoutError:
            raise Closed(RESYNC) from None


class _PageData(msgspec.Struct):
    page_id: UUID


def _page_of(item: Item) -> PageId:
    return PageId(msgspec.json.decode(item.data, type=_PageData).page_id)
