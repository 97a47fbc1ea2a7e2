"""The server's side of one viewer connection, without a socket.

A viewer subscribes to recordings; each becomes a numbered *view*. Live frames are queued per tick
and leave as one message. The queue is bounded: a viewer that cannot keep up loses everything but
the newest second of each view and is told exactly which range to fetch again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
import numpy as np

from realtime import frames
from realtime.resume import SeqRanges
from realtime.session import CLOSE_BAD_TEXT, CLOSE_POLICY, MAX_TEXT_BYTES, Hangup

MAX_VIEWS: Final = 64
MAX_PENDING_FRAMES: Final = 4_096
"""Queued frames of one viewer, 320 KiB; with the socket's own buffer well under 1 MB."""
MOST_LIVE_BYTES: Final = frames.MAX_BUNDLE_FRAMES * frames.FRAME_BYTES
"""Live frames of one message."""
MAX_SINCE_S: Final = 24 * 3_600


class Subscribe(msgspec.Struct, tag_field="type", tag="subscribe", frozen=True):
    """Show these recordings, starting `since_s` seconds before their newest second."""

    recordings: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MAX_VIEWS)]
    since_s: Annotated[int, msgspec.Meta(ge=0, le=MAX_SINCE_S)] = 1_200


class Unsubscribe(msgspec.Struct, tag_field="type", tag="unsubscribe", frozen=True):
    """Stop showing these recordings."""

    recordings: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MAX_VIEWS)]


_messages = msgspec.json.Decoder(Subscribe | Unsubscribe)


@dataclass(eq=False, slots=True)
class View:
    """One recording on one viewer's screen."""

    recording: UUID
    since_s: int
    number: int = 0
    """The recording's own, the same for all its viewers, so that they share every live frame."""
    live: bool = False
    """False while history is being sent; meanwhile live frames wait in `held` where they must."""
    upto: int = 0
    """Seconds up to this one have been asked for; later ones will be, so they need not wait."""
    held: dict[int, bytes] = field(default_factory=dict)
    spilled: bool = False
    """More came than could be held: the page must be read again."""
    skipped: tuple[int, int] | None = None
    history: SeqRanges = field(default_factory=SeqRanges)
    """What has been sent as history; relayed frames may repeat it."""

    def shown(self, kept: Sequence[bytes]) -> list[bytes]:
        """Return kept frames under the view's number, as messages."""
        if not kept:
            return []
        numbers = np.full(len(kept), self.number, np.uint32)
        return _bundles(frames.renumbered(b"".join(kept), numbers))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The shell must authorise each view, then call `admitted` or `refused`."""

    views: tuple[View, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """These views are gone; the shell stops feeding them."""

    views: tuple[View, ...]


Event = Wanted | Left | Hangup


class WatchSession:
    """One viewer with up to 64 views."""

    __slots__ = ("_max_pending", "_skipping", "dropped", "over", "queue", "queued", "views")

    def __init__(self, *, max_pending: int = MAX_PENDING_FRAMES) -> None:
        self.views: dict[UUID, View] = {}
        self.over = False
        self.dropped = 0
        """Frames that this viewer was too slow for."""
        self._max_pending = max_pending
        self.queue: list[bytes] = []
        """Live frames for the next tick, one or several joined."""
        self.queued = 0
        """How many frames they are."""
        self._skipping = False
        """Some view has lost seconds and was not told yet."""

    def receive_text(self, data: bytes) -> list[Event]:
        """Take one text message."""
        if self.over:
            return []
        if len(data) > MAX_TEXT_BYTES:
            return [self._hang_up(CLOSE_POLICY, "ctg.message_too_big")]
        try:
            message = _messages.decode(data)
        except msgspec.ValidationError:
            return [self._hang_up(CLOSE_POLICY, "ctg.message_invalid")]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return [self._hang_up(CLOSE_BAD_TEXT, "ctg.json_invalid")]
        if isinstance(message, Subscribe):
            return self._on_subscribe(message)
        gone = tuple(view for r in message.recordings if (view := self.drop(r)) is not None)
        return [Left(gone)] if gone else []

    def receive_binary(self, data: bytes) -> list[Event]:
        """Viewers send no binary; one that does is closed."""
        return [] if self.over else [self._hang_up(CLOSE_POLICY, "ctg.binary_not_expected")]

    def _on_subscribe(self, message: Subscribe) -> list[Event]:
        fresh = [r for r in dict.fromkeys(message.recordings) if r not in self.views]
        if len(self.views) + len(fresh) > MAX_VIEWS:
            return [self._hang_up(CLOSE_POLICY, "ctg.too_many_views")]
        views = []
        for recording in fresh:
            view = View(recording, message.since_s)
            self.views[recording] = view
            views.append(view)
        return [Wanted(tuple(views))] if views else []

    def _hang_up(self, close_code: int, reason: str) -> Hangup:
        self.over = True
        return Hangup(close_code, reason)

    def drop(self, recording: UUID) -> View | None:
        """Forget a view and what waits for it."""
        view = self.views.pop(recording, None)
        if view is not None:
            self._keep([f for f in self._waiting() if frames.stream_of(f) != view.number])
        return view

    def _waiting(self) -> list[bytes]:
        return frames.split_frames(b"".join(self.queue))

    def _keep(self, waiting: list[bytes]) -> None:
        self.queue, self.queued = waiting, len(waiting)

    def admitted(self, view: View, number: int, facts: dict[str, Any]) -> bytes:
        """The viewer may see it, under this number; return the `subscribed` message."""
        view.number = number
        return self.notice("subscribed", view, **facts)

    def refused(self, recording: UUID, code: str) -> bytes:
        """The viewer may not (or no longer) see it; return the notice and forget the view."""
        self.drop(recording)
        return msgspec.json.encode({"type": "refused", "recording": recording, "code": code})

    @staticmethod
    def notice(kind: str, view: View, **facts: Any) -> bytes:
        """Return a JSON message about one view."""
        return msgspec.json.encode(
            {"type": kind, "recording": view.recording, "view": view.number, **facts}
        )

    # History, then live

    def hold(self, view: View, newest: Iterable[bytes], upto: int) -> None:
        """Collect live frames while a page of history up to this second is read.

        `newest` are the frames already received but not yet durable; together with whatever is
        durable when the page is read they are everything up to this moment. What lies behind the
        page is left to the next one: a viewer that is slow to take its history must not have the
        present wait for it here, an hour of 64 strips. Of a view that has spilled, history must be
        read from its start again.
        """
        if view.spilled:
            view.held, view.spilled = {}, False
        view.upto = upto
        for frame in newest:
            if frames.seq_of(frame) <= upto:
                view.held[frames.seq_of(frame)] = frame

    def page(self, view: View, history: list[bytes]) -> list[bytes]:
        """Return the messages of a page of history."""
        for frame in history:
            view.history.add(frames.seq_of(frame))
            view.held.pop(frames.seq_of(frame), None)
        return view.shown(history)

    def go_live(self, view: View, history: list[bytes], from_seq: int) -> list[bytes]:
        """Return the last page merged with what was held; from now on frames flow.

        What was held of earlier pages' seconds came after those pages were read. Not to be called
        when the view has spilled.
        """
        merged = {
            seq: frame
            for seq, frame in view.held.items()
            if seq >= from_seq or seq not in view.history
        }
        merged.update((frames.seq_of(frame), frame) for frame in history)
        view.held, view.live = {}, True
        for seq in sorted(merged):
            view.history.add(seq)
        return view.shown([merged[seq] for seq in sorted(merged)])

    def feed(self, view: View, frame: bytes, *, relayed: bool = False) -> None:
        """Queue one live frame, which carries the view's number, within the bound.

        `relayed` frames come from another gateway: stored before, they may have been history, and
        not yet stored, no page may find them.
        """
        if relayed and frames.seq_of(frame) in view.history:
            return
        if not view.live:
            if relayed or frames.seq_of(frame) <= view.upto:
                self._wait(view, frame)
            return
        self.push(frame)

    def _wait(self, view: View, frame: bytes) -> None:
        if view.spilled:
            return
        if self.held >= self._max_pending:
            view.held, view.spilled = {}, True
        else:
            view.held[frames.seq_of(frame)] = frame

    @property
    def held(self) -> int:
        """Live frames of all views that wait for their history."""
        return sum(len(view.held) for view in self.views.values())

    def push(self, joined: bytes) -> None:
        """Queue live frames of any live views, which carry their numbers, within the bound."""
        self.queue.append(joined)
        self.queued += len(joined) // frames.FRAME_BYTES
        if self.queued > self._max_pending:
            self._drop_to_newest()

    def _drop_to_newest(self) -> None:
        newest: dict[int, bytes] = {}
        before_drop = self.queued
        views = {view.number: view for view in self.views.values()}
        for frame in self._waiting():
            view = views[frames.stream_of(frame)]
            before = newest.get(view.number)
            if before is not None:
                older = frame if frames.seq_of(frame) < frames.seq_of(before) else before
                seq = frames.seq_of(older)
                low, high = view.skipped or (seq, seq)
                view.skipped = (min(low, seq), max(high, seq))
                if older is frame:
                    continue
            newest[view.number] = frame
        self._keep(list(newest.values()))
        self._skipping = True
        self.dropped += before_drop - self.queued

    def take(self) -> tuple[list[bytes], list[bytes]]:
        """Return what this tick sends: `resync` notices (text), then live bundles (binary)."""
        notices = self._skips() if self._skipping else []
        joined = b"".join(self.queue)
        self._keep([])
        return notices, _bundles(joined)

    def _skips(self) -> list[bytes]:
        notices, self._skipping = [], False
        for view in self.views.values():
            if view.skipped is not None:
                first, last = view.skipped
                notices.append(self.notice("resync", view, **{"from": first, "to": last}))
                view.skipped = None
        return notices


def _bundles(joined: bytes) -> list[bytes]:
    starts = range(0, len(joined), MOST_LIVE_BYTES)
    return [frames.live_of(joined[at : at + MOST_LIVE_BYTES]) for at in starts]
