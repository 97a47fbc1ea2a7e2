"""One sender's connection: the shell around `IngestSession`."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
import structlog
from picows import WSTransport

from realtime import frames
from realtime.gateway.arrays import starts_of
from realtime.gateway.arrivals import Arrivals
from realtime.gateway.commit import Committer
from realtime.gateway.folder import Contradiction
from realtime.gateway.live import Recording, Recordings
from realtime.gateway.opening import Opener
from realtime.gateway.patience import Patience
from realtime.gateway.rest import Rest
from realtime.gateway.seats import CONNECTIONS, SENDERS_EACH, Seats
from realtime.gateway.slots import Slots
from realtime.gateway.socketry import MessageListener
from realtime.gateway.store import UNAVAILABLE, Device, OpenRequest, Store
from realtime.gateway.tap import Taps
from realtime.marks import NONE, Places
from realtime.resume import SeqRanges
from realtime.session import (
    Ending,
    Hangup,
    IngestSession,
    LostDeclared,
    Opening,
    Reply,
    Stream,
    TimeAsked,
    time_reply,
)

log = structlog.get_logger()

MAX_MESSAGE_BYTES: Final = frames.BUNDLE_HEAD_BYTES + frames.MAX_BUNDLE_FRAMES * frames.FRAME_BYTES
WRITE_HIGH_BYTES: Final = 65_536
STALLED_S: Final = 30.0
MAX_SUSPECTS: Final = 1_024
"""Seconds that came again and wait to be compared; then the sender is not read."""
LOT: Final = 512


@dataclass(slots=True)
class Ingest:
    """What all senders' connections share."""

    store: Store
    recordings: Recordings
    committer: Committer
    opener: Opener
    taps: Taps = field(default_factory=Taps)
    listeners: set[IngestListener] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    seats: Seats = field(default_factory=lambda: Seats(CONNECTIONS, SENDERS_EACH))
    viewer_limit: int = 256
    clock_ns: Callable[[], int] = time.time_ns
    clock: Callable[[], float] = time.monotonic
    clocks: dict[Recording, tuple[int, int]] = field(default_factory=dict)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a recording was opened."""
    senders: Slots[IngestListener] = field(default_factory=Slots)
    leaving: set[int] = field(default_factory=set)
    """Those of them who get a last acknowledgement and go."""
    rest: Rest = field(default_factory=Rest)
    arrivals: Arrivals = field(init=False)
    patience: Patience = field(default_factory=Patience)
    acks: int = 0
    conflicts: int = 0
    """Seconds of which senders were told that they said them otherwise before."""

    def __post_init__(self) -> None:
        self.arrivals = Arrivals(self.recordings, self.committer, self.clock_ns, self.rest)
        self.committer.gather = self.arrivals.take
        self.committer.tell_durable = self.acknowledge
        self.committer.tell_pressure = self.press

    @property
    def received(self) -> int:
        """Frames that have come, each once."""
        return self.arrivals.received

    def listener(self, device: Device) -> IngestListener:
        """A listener for one more connection of `device`."""
        return IngestListener(self, device)

    def spawn(self, work: Coroutine[Any, Any, None], listener: IngestListener) -> None:
        """Run something that waits; should it fail, only its connection ends."""

        def done(task: asyncio.Task[None]) -> None:
            self.tasks.discard(task)
            if not task.cancelled() and task.exception() is not None:
                log.error("gateway.failed", exc_info=task.exception())
                listener.hang_up(1011, "ctg.internal")

        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(done)

    def acknowledge(self, places: Places) -> None:
        """These are durable further than before: tell their senders, each once, or let it wait."""
        columns = self.recordings.columns
        if self.leaving:
            for sender in np.unique(columns.feeder[places]).tolist():
                if sender in self.leaving:
                    self.senders[sender].go()
        self._tell(self.patience.due(columns, places, self.clock()))

    def tick(self) -> None:
        """Send the acknowledgements that have waited as long as they may."""
        self._tell(self.patience.ripe(self.recordings.columns, self.clock()))

    def _tell(self, places: Places) -> None:
        if not len(places):
            return
        columns = self.recordings.columns
        senders = columns.feeder[places]
        order = np.argsort(senders, kind="stable")
        places, senders = places[order], senders[order]
        seqs = columns.durable[places]
        columns.acked[places] = seqs
        starts = starts_of(senders)
        said, ends = frames.build_acks(columns.stream[places], seqs, starts)
        at = 0
        for sender, end in zip(self.senders.of(senders[starts]), ends.tolist(), strict=True):
            sender.send_binary(said[at:end])
            at = end
        self.acks += len(starts)

    def press(self, pressed: bool) -> None:
        """Stop, or go on, reading from senders: too much waits for the database."""
        for listener in self.listeners:
            listener.pause_reading(pressed)

    def contradicted(self, payload: str) -> None:
        """Whoever folds has found that a sender said something else to another gateway.

        Viewers here may have seen what is not kept. A hint: without it (`payload` is empty after a
        cut) the record stands all the same.
        """
        if not payload:
            return
        told = msgspec.json.decode(payload, type=Contradiction)
        recording = self.recordings.get(told.recording)
        if recording is None:
            return
        recording.tell_here("resync", **{"from": min(told.seqs), "to": max(told.seqs)})
        if recording.feeder is not None:
            feeder, stream = recording.feeder
            feeder.contradicted(stream, told.seqs)


class IngestListener(MessageListener):
    """Bytes in, durable frames and acks out."""

    __slots__ = (
        "_comparing",
        "_held_by",
        "_shared",
        "_stalled",
        "_suspects",
        "device",
        "quiet",
        "session",
        "slot",
    )

    def __init__(self, shared: Ingest, device: Device) -> None:
        super().__init__(MAX_MESSAGE_BYTES)
        self._shared = shared
        self.device = device
        self.session = IngestSession(viewer_limit=shared.viewer_limit)
        self.slot = NONE
        self.quiet = 0
        """Looks of `Idle` since anything came."""
        self._suspects: deque[tuple[Stream, int, bytes]] = deque()
        self._comparing = False
        self._held_by: set[str] = set()
        self._stalled: asyncio.TimerHandle | None = None

    def serials(self) -> set[str]:
        """Monitors whose recordings this sender has open."""
        return {stream.opening.device for stream in self._owned}

    @property
    def _owned(self) -> list[Stream]:
        """The streams whose recordings come in here."""
        return [one for one in self.session.streams.values() if one.owner is not None]

    # WebSocket callbacks

    def on_ws_connected(self, transport: WSTransport) -> None:
        super().on_ws_connected(transport)
        transport.underlying_transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
        self._shared.listeners.add(self)
        self.slot = self._shared.senders.take(self)
        self._shared.seats.take(self.device.token_hash)
        if self._shared.committer.pressed:
            self.pause_reading(True)
        log.info("gateway.sender_connected", device=self.device.serial)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._shared.arrivals.take()
        self.session.over = True
        self._shared.listeners.discard(self)
        self._shared.seats.leave(self.device.token_hash)
        if self._stalled is not None:
            self._stalled.cancel()
        for stream in self._owned:
            recording, stream.owner = stream.owner, None
            self._detach(recording)
        self._shared.leaving.discard(self.slot)
        self._shared.patience.forget(self.slot)
        self._shared.senders.give_back(self.slot)
        self.transport = None
        log.info("gateway.sender_gone", device=self.device.serial)

    def on_sign(self) -> None:
        self.quiet = 0

    def on_text(self, data: bytes) -> None:
        received_ns = self._shared.clock_ns()
        self._shared.arrivals.take()  # it may be about what came before
        for event in self.session.receive_text(data):
            if isinstance(event, Reply):
                self.send_text(event.text)
            elif isinstance(event, Opening):
                self._shared.rest.stirred()
                self._shared.spawn(self._open(event.stream), self)
            elif isinstance(event, LostDeclared):
                self._on_lost(event)
            elif isinstance(event, Ending):
                self._on_ending(event)
            elif isinstance(event, TimeAsked):
                self._on_time(event, received_ns)
            else:
                self._hang_up(event)

    def on_binary(self, data: bytes) -> None:
        self._shared.arrivals.add(self, data)

    def take_alone(self, data: bytes, at_ns: int) -> None:
        """Look at one message by itself: it is not the usual one."""
        batch = self.session.receive_binary(data)
        if batch.frames:
            shared = self._shared
            owners = [stream.owner for stream in batch.streams]
            shared.committer.add(*shared.recordings.receive_some(owners, batch.frames, at_ns))
            shared.arrivals.received += len(owners)
        if batch.suspects:
            self._suspects.extend(batch.suspects)
            if len(self._suspects) > MAX_SUSPECTS:
                self.pause_reading(True, "suspects")
            if not self._comparing:
                self._comparing = True
                self._shared.spawn(self._compare(), self)
        if batch.hangup is not None:
            self._hang_up(batch.hangup)

    def pause_writing(self) -> None:
        """A sender that does not take its answers is not read, and given up after a while."""
        self.pause_reading(True, "answers")
        self._stalled = asyncio.get_running_loop().call_later(STALLED_S, self._give_up)

    def resume_writing(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        self.pause_reading(False, "answers")

    def _give_up(self) -> None:
        log.warning("gateway.sender_stalled", device=self.device.serial)
        self.hang_up(1008, "ctg.sender_stalled")

    @property
    def held(self) -> bool:
        """Whether it is not read for now."""
        return bool(self._held_by)

    def ask(self) -> None:
        """Ask whether anybody is there; the answer is a sign of life."""
        if self.transport is not None:
            self.transport.send_ping()

    def cut(self) -> None:
        """Nobody is there: no good-bye would arrive."""
        log.warning("gateway.sender_unreachable", device=self.device.serial)
        if self.transport is not None:
            self.transport.underlying_transport.abort()

    def pause_reading(self, pause: bool, why: str = "storage") -> None:
        """Let the sender's bytes wait in the network, until every reason to is gone."""
        held = bool(self._held_by)
        (self._held_by.add if pause else self._held_by.discard)(why)
        if self.transport is not None and held != bool(self._held_by):
            under = self.transport.underlying_transport
            (under.pause_reading if pause else under.resume_reading)()

    def _hang_up(self, event: Hangup) -> None:
        log.warning("gateway.sender_malformed", device=self.device.serial, code=event.reason)
        self.hang_up(event.close_code, event.reason)

    # Feeder

    def acknowledge(self) -> None:
        """Say how far its streams are durable, without waiting for more."""
        acks = self.session.take_acks()
        if acks is not None:
            self._shared.acks += 1
            self.send_binary(acks)

    def leave(self) -> None:
        """The gateway is about to end: take nothing more, acknowledge the rest, say good-bye."""
        self._shared.leaving.add(self.slot)
        self.pause_reading(True, "leaving")
        self._shared.arrivals.take()
        if self.session.settled:
            self.go()

    def go(self) -> None:
        """Acknowledge whatever is durable and say good-bye."""
        self.acknowledge()
        self.hang_up(1012, "ctg.restarting")

    def taken_over(self, stream: Stream) -> None:
        """Another connection has opened the recording."""
        stream.owner = None
        self.send_text(self.session.lost(stream, "ctg.taken_over"))

    def contradicted(self, stream: Stream, seqs: Sequence[int]) -> None:
        """These seconds were said otherwise before, to whatever gateway; that stays."""
        for seq in seqs:
            self._shared.conflicts += 1
            self.send_text(self.session.conflict(stream, seq))
        self.acknowledge()

    # Events that wait

    async def _open(self, stream: Stream) -> None:
        opening = stream.opening
        request = OpenRequest(
            opening.recording,
            opening.device,
            self.device.facility_id,
            tuple(opening.channels),
            opening.started_at,
            opening.bed,
        )
        answer = await self._shared.opener.open(request)
        if self.session.over or stream.state != "opening":
            return
        if isinstance(answer, str):
            log.warning("gateway.open_refused", device=opening.device, code=answer)
            self.send_text(self.session.refused(stream, answer))
            return
        self._shared.arrivals.take()
        if answer.feeder is not None:
            feeder, other = answer.feeder
            feeder.taken_over(other)
        answer.feeder, answer.elsewhere = (self, stream), False
        answer.hinted, answer.hinted_s = SeqRanges(), -math.inf
        answer.unconfirmed.clear()
        answer.device, answer.facility_id = opening.device, self.device.facility_id
        answer.columns.pulse_due[answer.place] = True
        answer.columns.patience_ms[answer.place] = opening.ack_ms
        self._shared.begun.set()
        stream.owner = answer
        self._shared.recordings.moved(answer)
        self.send_text(self.session.opened(stream, answer.progress, answer.durable))
        answer.tell("state", **answer.state())
        self._shared.taps.opened(answer)
        log.info("gateway.opened", recording=str(answer.id), next_seq=answer.durable + 1)

    def _on_lost(self, event: LostDeclared) -> None:
        recording: Recording = event.stream.owner
        self._shared.committer.add_gap(recording, event.holes)
        for first, last in event.holes:
            recording.tell("gap", **{"from": first, "to": last})

    def _on_ending(self, event: Ending) -> None:
        recording, stream = event.stream.owner, event.stream
        # Who waits for the end is not kept waiting.
        recording.columns.patience_ms[recording.place] = 0

        def then() -> None:
            if stream.state != "closing":
                return
            self.acknowledge()
            self.send_text(self.session.closed(stream))
            stream.owner = None
            self._detach(recording, closed=True)

        self._shared.committer.add_end(recording, event.last_seq, then)

    def _on_time(self, event: TimeAsked, received_ns: int) -> None:
        self.send_text(time_reply(event.t1, received_ns, self._shared.clock_ns()))
        if event.offset_ns is not None and event.rtt_ns is not None:
            for recording in [stream.owner for stream in self._owned]:
                recording.columns.offset_ns[recording.place] = event.offset_ns
                self._shared.clocks[recording] = (event.offset_ns, event.rtt_ns)

    def _detach(self, recording: Recording, *, closed: bool = False) -> None:
        if recording.feeder is not None and recording.feeder[0] is self:
            self._shared.recordings.spread()
            recording.feeder = None
            recording.columns.pulse_due[recording.place] = True
            self._shared.recordings.moved(recording)
            recording.tell("state", **recording.state(), closed=closed)
            self._shared.taps.gone(recording, closed=closed)

    async def _compare(self) -> None:
        """Compare what came again with what is kept, one lot after another."""
        while self._suspects and not self.session.over:
            lot = [self._suspects.popleft() for _ in range(min(LOT, len(self._suspects)))]
            await self._compare_lot(lot)
            if len(self._suspects) <= MAX_SUSPECTS:
                self.pause_reading(False, "suspects")
        self._comparing = False

    async def _compare_lot(self, lot: list[tuple[Stream, int, bytes]]) -> None:
        by_stream: dict[Stream, list[tuple[int, bytes]]] = {}
        for stream, seq, frame in lot:
            by_stream.setdefault(stream, []).append((seq, frame))
        for stream, suspects in by_stream.items():
            recording: Recording | None = stream.owner
            if recording is None:
                continue
            try:
                kept = await self._kept(recording, {seq for seq, _ in suspects})
                for seq, frame in suspects:
                    if seq in kept and not frames.same_content(kept[seq], frame):
                        await self._shared.store.write_conflict(recording.id, seq, kept[seq], frame)
                        log.warning("gateway.conflict", recording=str(recording.id), seqs=[seq])
                        self._shared.conflicts += 1
                        self.send_text(self.session.conflict(stream, seq))
            except UNAVAILABLE:
                continue  # no answer: the sender keeps its frames and sends them again
            self.session.duplicate(stream)
            self.acknowledge()

    async def _kept(self, recording: Recording, suspects: set[int]) -> dict[int, bytes]:
        """The frames that are already kept under the suspects' numbers."""
        unstored = self._shared.committer.waiting_of([recording])[recording]
        waiting = {frames.seq_of(frame): frame for frame in unstored}
        kept = {seq: waiting[seq] for seq in suspects if seq in waiting}
        elsewhere = suspects - kept.keys()
        if elsewhere:
            stored = await self._shared.store.read_frames(
                recording.id, min(elsewhere), max(elsewhere), limit=frames.MAX_SEQ
            )
            kept.update({frames.seq_of(frame): frame for frame in stored})
        return kept
