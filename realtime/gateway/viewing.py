"""One viewer's connection: the shell around `WatchSession`."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog
from picows import WSTransport

from kernel.errors import Unavailable
from kernel.viewer import Viewer
from realtime import frames
from realtime.bindings.rules import fetuses
from realtime.gateway.access import Access
from realtime.gateway.commit import Committer
from realtime.gateway.live import Recording, Recordings
from realtime.gateway.seats import CONNECTIONS, VIEWERS_EACH, VIEWERS_SHARE, Seats
from realtime.gateway.socketry import MessageListener
from realtime.gateway.store import UNAVAILABLE, Opened, Store
from realtime.marks import NONE
from realtime.resume import Progress
from realtime.session import Hangup
from realtime.watch import MOST_LIVE_BYTES, Left, View, Wanted, WatchSession

log = structlog.get_logger()

MAX_MESSAGE_BYTES: Final = 16_384
PAGE_FRAMES: Final = 3_600
"""Seconds of history in one read, 288 KB, of one strip or of several."""
SLACK_FRAMES: Final = 30
WRITE_HIGH_BYTES: Final = 262_144
STALLED_S: Final = 30.0
MOST_UNSAID: Final = 256
"""Notices that wait for a viewer who is behind; with more it has to come again."""
VIEWER_LIMIT: Final = 256
"""Viewers of one recording at one gateway."""


@dataclass(slots=True)
class Viewing:
    """What all viewers' connections share."""

    store: Store
    recordings: Recordings
    access: Access
    committer: Committer
    alarms: Callable[[Collection[UUID]], Awaitable[dict[UUID, list[Any]]]]
    """Living alarms of recordings, for who has just come."""
    listeners: set[WatchListener] = field(default_factory=set)
    due: dict[WatchListener, None] = field(default_factory=dict)
    """Those with something to send, or that have stopped reading."""
    seats: Seats = field(default_factory=lambda: Seats(CONNECTIONS // VIEWERS_SHARE, VIEWERS_EACH))
    clock: Callable[[], float] = time.monotonic
    delivered: int = 0
    resyncs: int = 0
    dropped: int = 0

    def listener(self, viewer: Viewer, token: str) -> WatchListener:
        """A listener for one more connection of `viewer`."""
        return WatchListener(self, viewer, token)

    def end_session(self, session_id: str) -> None:
        """A login has ended: so do its strips."""
        for listener in list(self.listeners):
            listener.end_session(session_id)

    def tick(self) -> None:
        """Send every viewer what has come since the last tick."""
        self.recordings.show()
        now = self.clock()
        due, self.due = self.due, {}
        for listener in due:
            if listener.transport is not None:
                listener.tick(now)


@dataclass(slots=True)
class Catching:
    """One strip on its way from history to live: `first..last` is its next page."""

    view: View
    recording: Recording
    from_seq: int
    first: int
    last: int = 0

    @property
    def missing(self) -> int:
        """Seconds to read, and some that arrive meanwhile."""
        return max(0, self.recording.highest - self.first + 1) + SLACK_FRAMES


class WatchListener(MessageListener):
    """Subscriptions in; history, live frames and notices out."""

    __slots__ = (
        "_asked",
        "_early",
        "_serving",
        "_session",
        "_shared",
        "_unsaid",
        "_viewer",
        "_writable",
        "slot",
        "stalled_since",
        "token",
    )

    def __init__(self, shared: Viewing, viewer: Viewer, token: str) -> None:
        super().__init__(MAX_MESSAGE_BYTES)
        self._shared = shared
        self._viewer = viewer
        self.token = token
        self._session = WatchSession()
        self._asked: asyncio.Queue[tuple[View, ...]] = asyncio.Queue(maxsize=64)
        self._serving: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self.slot = NONE
        self.stalled_since: float | None = None
        """When its socket took nothing more; none while it does."""
        self._unsaid: dict[tuple[View, object], bytes] = {}
        self._early: dict[View, list[tuple[str, dict[str, object]]]] = {}
        """What was told of views that have not been welcomed yet."""

    # WebSocket callbacks

    def on_ws_connected(self, transport: WSTransport) -> None:
        super().on_ws_connected(transport)
        transport.underlying_transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
        self._shared.listeners.add(self)
        self.slot = self._shared.recordings.viewers.take(self)
        self._shared.seats.take(self.token)
        loop = asyncio.get_running_loop()
        self._serving = loop.create_task(self._serve())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._session.over = True
        self._shared.listeners.discard(self)
        self._shared.seats.leave(self.token)
        if self._serving is not None:
            self._serving.cancel()
        for view in list(self._session.views.values()):
            self._leave(view)
        self._shared.recordings.viewers.give_back(self.slot)
        self.transport = None

    def pause_writing(self) -> None:
        self._writable.clear()
        self.stalled_since = self._shared.clock()
        self._shared.due[self] = None

    def resume_writing(self) -> None:
        self._writable.set()
        self.stalled_since = None
        unsaid, self._unsaid = self._unsaid, {}
        for text in unsaid.values():
            self.send_text(text)

    @property
    def waiting_bytes(self) -> int:
        """What waits for this viewer, here and in its socket's buffer."""
        waiting = (self._session.queued + self._session.held) * frames.FRAME_BYTES
        waiting += sum(map(len, self._unsaid.values()))
        if self.transport is not None:
            waiting += self.transport.underlying_transport.get_write_buffer_size()
        return waiting

    @property
    def waiting_frames(self) -> int:
        """Frames queued for this viewer."""
        return self._session.queued

    def end_session(self, session_id: str) -> None:
        """Hang up if this is our login."""
        if session_id and str(self._viewer.session_id) == session_id:
            self.log_out()

    @property
    def shown(self) -> list[UUID]:
        """Recordings that are on its screen, or will be."""
        return list(self._session.views)

    def on_text(self, data: bytes) -> None:
        for event in self._session.receive_text(data):
            self._on_event(event)

    def on_binary(self, data: bytes) -> None:
        for event in self._session.receive_binary(data):
            self._on_event(event)

    def _on_event(self, event: Wanted | Left | Hangup) -> None:
        if isinstance(event, Hangup):
            self.hang_up(event.close_code, event.reason)
        elif isinstance(event, Left):
            for view in event.views:
                self._leave(view)
        else:
            try:
                self._asked.put_nowait(event.views)
            except asyncio.QueueFull:
                self.hang_up(1008, "ctg.too_many_requests")

    # Audience

    def feed(self, view: View, frame: bytes, *, relayed: bool = False) -> None:
        """One live frame under the view's number."""
        self._session.feed(view, frame, relayed=relayed)
        self._shared.due[self] = None

    def push(self, joined: bytes) -> None:
        """Live frames of live views, under their numbers."""
        self._session.push(joined)
        self._shared.due[self] = None

    def show(self, joined: bytes) -> None:
        """The same on a tick: sent at once where nothing waits."""
        if self._session.queued or self.stalled_since is not None or len(joined) > MOST_LIVE_BYTES:
            self.push(joined)
            return
        self._shared.delivered += len(joined) // frames.FRAME_BYTES
        self.send_binary(frames.live_of(joined))

    def tell(self, view: View, kind: str, **facts: object) -> None:
        """One notice, sent now, or as soon as a viewer that is behind takes something again."""
        early = self._early.get(view)
        if early is not None:
            early.append((kind, facts))
            return
        text = self._session.notice(kind, view, **facts)
        if self._writable.is_set():
            self.send_text(text)
            return
        key = (view, kind if kind == "state" else object())  # of a state only the newest counts
        self._unsaid.pop(key, None)
        if len(self._unsaid) < MOST_UNSAID:
            self._unsaid[key] = text
        else:
            self.hang_up(1008, "ctg.viewer_stalled")

    def leave(self) -> None:
        """The gateway is about to end: the viewer comes again, elsewhere."""
        self.hang_up(1012, "ctg.restarting")

    def tick(self, now: float) -> None:
        """Send what waits, or notice that the viewer has stopped reading."""
        if not self._writable.is_set():
            self._shared.due[self] = None  # looked at again until it reads, or is given up
            if self.stalled_since is not None and now - self.stalled_since > STALLED_S:
                self.hang_up(1008, "ctg.viewer_stalled")
            return
        if not self._session.queued:
            return
        self._shared.delivered += self._session.queued
        notices, bundles = self._session.take()
        if notices:
            self._shared.resyncs += len(notices)
            self._shared.dropped += self._session.dropped
            self._session.dropped = 0
        for notice in notices:
            self.send_text(notice)
        for bundle in bundles:
            self.send_binary(bundle)

    # What waits

    async def _serve(self) -> None:
        """Admit and bring up to date, one subscription after another."""
        while True:
            views = await self._asked.get()
            try:
                await self._admit(views)
            except (*UNAVAILABLE, Unavailable) as error:
                log.warning("gateway.subscribe_failed", error=type(error).__name__)
                for view in views:
                    self._refuse(view.recording, "ctg.storage_unavailable")

    async def _admit(self, views: tuple[View, ...]) -> None:
        shared = self._shared
        ids = [view.recording for view in views]
        allowed = await shared.access.visible(self._viewer, ids)
        stored: dict[UUID, Opened] = {}
        asked: set[UUID] = set()
        while new := [one for one in allowed - asked if shared.recordings.get(one) is None]:
            asked.update(new)
            stored |= await shared.store.known(new)
        # They are in the audience before it is read what there is, and what is told meanwhile
        # waits for their welcome: nothing falls between the two.
        seated: dict[View, Recording] = {}
        for view in views:
            recording = self._kept(view.recording, stored) if view.recording in allowed else None
            if recording is None:
                self._refuse(view.recording, "ctg.not_found")
            elif self._wants(view) and self._seat(view, recording):
                seated[view] = recording
        ids = [recording.id for recording in seated.values()]
        facts = await shared.store.facts(ids) if ids else {}
        alarms = await shared.alarms(ids) if ids else {}
        todo: deque[Catching] = deque()
        for view, recording in seated.items():
            if self._wants(view):
                standing = {"alarms": alarms.get(recording.id, [])}
                todo.append(self._welcome(view, recording, facts[recording.id] | standing))
        while todo:
            await self._catch_up(todo)

    def _kept(self, id_: UUID, stored: Mapping[UUID, Opened]) -> Recording | None:
        """The recording, in memory from now on; None if it does not exist."""
        recordings = self._shared.recordings
        recording, found = recordings.get(id_), stored.get(id_)
        if recording is None and found is not None:
            progress = Progress(id_, found.received, found.lost)
            progress.durable = progress.next_seq - 1
            recording = recordings.keep(id_, found.no, progress)
        return recording

    def _seat(self, view: View, recording: Recording) -> bool:
        """Let the view hear what is told of the recording; False if there is no seat."""
        if len(recording.views) >= VIEWER_LIMIT:
            self._refuse(view.recording, "ctg.viewers_full")
            return False
        self._early[view] = []
        self._shared.recordings.spread()
        recording.views.append((self, view))
        self._shared.recordings.moved(recording)
        return True

    def _wants(self, view: View) -> bool:
        """Whether it has not been left, or subscribed anew, meanwhile."""
        return self._session.views.get(view.recording) is view

    def _welcome(self, view: View, recording: Recording, facts: dict[str, Any]) -> Catching:
        first = max(1, recording.highest - view.since_s + 1)
        told = {
            "device": facts["device"],
            "bed": facts["bed"],
            "channels": facts["channels"],
            "fetuses": fetuses(facts["channels"], facts["labels"]),
            "started_at": facts["started_at"],
            "closed_at": facts["closed_at"],
            "bound": facts["pregnancy_id"] is not None,
            "from_seq": first,
            "gaps": json.loads(facts["gaps"]),
            "alarms": facts["alarms"],
            **recording.state(),
        }
        self.send_text(self._session.admitted(view, recording.number, told))
        for kind, early in self._early.pop(view):
            # Of states the welcome says a newer one; that it has ended stays true.
            if kind != "state" or early.get("closed"):
                self.tell(view, kind, **early)
        return Catching(view, recording, first, first)

    async def _catch_up(self, todo: deque[Catching]) -> None:
        """Send one page of history of as many strips as it holds; the complete ones go live."""
        await self._writable.wait()
        page: list[Catching] = []
        room = PAGE_FRAMES
        while todo and (not page or todo[0].missing <= room):
            one = todo.popleft()
            if self._wants(one.view):
                one.last = one.first + min(one.missing, PAGE_FRAMES) - 1
                room -= one.last - one.first + 1
                page.append(one)
        waiting = self._shared.committer.waiting_of([one.recording for one in page])
        for one in page:
            if one.view.spilled:
                one.first, one.last = one.from_seq, one.from_seq + PAGE_FRAMES - 1
            # Of a recording from elsewhere: what was heard of and may not be stored yet.
            newest = [*waiting[one.recording], *one.recording.unconfirmed]
            self._session.hold(one.view, newest, one.last)
        spans = [(one.recording.id, one.recording.no, one.first, one.last) for one in page]
        stored = await self._shared.store.read_pages(spans)
        # No await from here: nothing can arrive between the last page and the live stream.
        self._shared.recordings.spread()
        for one in page:
            if not self._wants(one.view):
                continue
            got = stored[one.recording.no]
            if one.last >= one.recording.highest and not one.view.spilled:
                messages = self._session.go_live(one.view, got, one.first)
                self._shared.recordings.moved(one.recording)
            else:
                messages = self._session.page(one.view, got)
                one.first = one.last + 1
                todo.append(one)
            for message in messages:
                self.send_binary(message)

    def may_still(self, viewer: Viewer, shown: Collection[UUID], allowed: Collection[UUID]) -> None:
        """The viewer as of now, who may see `allowed` of what was `shown` when that was asked."""
        self._viewer = viewer
        for recording in shown:
            if recording not in allowed:
                self._refuse(recording, "ctg.not_found")

    def log_out(self) -> None:
        """The login has ended."""
        self.hang_up(1008, "ctg.session_ended")

    def _refuse(self, recording: UUID, code: str) -> None:
        view = self._session.views.get(recording)
        if view is not None:
            self._leave(view)
        self.send_text(self._session.refused(recording, code))

    def _leave(self, view: View) -> None:
        self._unsaid = {key: text for key, text in self._unsaid.items() if key[0] is not view}
        self._early.pop(view, None)
        recording = self._shared.recordings.get(view.recording)
        if recording is not None:
            recording.views = [pair for pair in recording.views if pair[1] is not view]
            self._shared.recordings.moved(recording)
