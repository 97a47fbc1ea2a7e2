"""The centre's side of `yunshang.ctg.v1`, without a socket.

What the buffer holds is told to it (`know`), what the server says goes in (`receive_text`,
`receive_binary`), what to send comes out: texts at once, and wishes for seconds, which the shell
reads from the buffer and hands back to be packed. New seconds go before old ones: a doctor who
waits for the strip sees now first, then what was missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import msgspec

from realtime import frames
from realtime.agent.buffer import Kept
from realtime.agent.moments import moment, possible
from realtime.resume import SeqRanges

MAX_STREAMS: Final = 64
MAX_NUMBER: Final = 65_535
MAX_IN_FLIGHT: Final = 4 * frames.MAX_BUNDLE_FRAMES
"""Old seconds of one recording that may wait for their acknowledgement."""
AHEAD_OF_DISK: Final = 38_400
"""So many seconds at most may have been sent from memory that a full or slow disk never took: the
server may know so much more of a recording than the buffer does."""
RETRY_S: Final = 2.0
MAX_RTT_NS: Final = 30_000_000_000
COARSE_NS: Final = 100_000_000
"""A coarse clock may make a short way seem to take less than nothing, by so much."""
HELD_S: Final = 60.0
"""A refusal that only people can mend is tried again so rarely; nothing is thrown away for it."""
ANSWER_S: Final = 30.0
"""A gateway that says nothing to an opening for so long is left."""
_NO_MESSAGE: Final = (
    ArithmeticError, LookupError, RecursionError, TypeError, ValueError, msgspec.MsgspecError,
)  # fmt: skip
SOON: Final = frozenset({"ctg.storage_unavailable", "ctg.taken_over", "ctg.too_many_streams"})
"""Refusals that pass by themselves."""


class Wrong(Exception):
    """The other end said what a gateway cannot say; nothing of it was believed."""


@dataclass(slots=True)
class Line:
    """One recording on this connection."""

    kept: Kept
    inherited: bool = False
    """Whether an earlier process began it, which may have sent more than the disk knows."""
    number: int = 0
    state: str = "new"
    """new → opening → open → closing → done; refused ones wait in `held`."""
    live: int = 0
    """The next new second to send."""
    old: int = 0
    """The next old second to send; those before `old_end` are old."""
    old_end: int = 0
    sent: SeqRanges = field(default_factory=SeqRanges)
    """What was ever sent or said lost: no acknowledgement may go past its first hole."""
    safe: int = 0
    """So far it was acknowledged once, whatever the server says now."""
    asked_s: float = 0.0
    retry_s: float = 0.0
    code: str = ""
    """Why it was refused last."""
    gaps: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """The server takes the recording; it has everything up to `durable`."""

    recording: UUID
    durable: int


@dataclass(frozen=True, slots=True)
class Acked:
    """Everything up to `seq` is durable at the server."""

    recording: UUID
    seq: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The server has all of the recording, its end included."""

    recording: UUID


@dataclass(frozen=True, slots=True)
class Refused:
    """The server says no; `seq` where it is about one second."""

    recording: UUID
    code: str


@dataclass(frozen=True, slots=True)
class ClockRead:
    """Result of a clock exchange: server minus this machine, and the round trip; nanoseconds."""

    offset_ns: int
    rtt_ns: int


Event = Opened | Acked | Closed | Refused | ClockRead


@dataclass(frozen=True, slots=True)
class Wish:
    """Read these seconds from the buffer and hand them to `pack`."""

    recording: UUID
    first: int
    last: int
    limit: int


class Uplink:
    """All recordings of a centre on one connection that is made again whenever it is cut.

    Args:
        ack_ms: how long acknowledgements may wait for each other, 0-2000.
    """

    def __init__(self, ack_ms: int = 0) -> None:
        self._ack_ms = ack_ms
        self.lines: dict[UUID, Line] = {}
        self._by_number: dict[int, Line] = {}
        self._clock: ClockRead | None = None
        self._asked_ns: int | None = None
        self._turn = 0
        self._number = 0

    # What the buffer holds

    def know(
        self, kept: Kept, gaps: Sequence[tuple[int, int]] = (), *, inherited: bool = False
    ) -> None:
        """A recording exists, or has grown; tell every second only after it is durable."""
        line = self.lines.get(kept.id)
        if line is None:
            line = self.lines[kept.id] = Line(kept, inherited, safe=kept.acked)
            if inherited and kept.last_seq:
                line.sent.add(1, kept.last_seq)
        line.kept = kept
        line.gaps = list(gaps) or line.gaps
        for first, last in gaps:
            line.sent.add(first, last)

    def declare(self, recording: UUID, first: int, last: int) -> list[str]:
        """Seconds are lost for good: the texts to send now, if the recording is open."""
        line = self.lines.get(recording)
        if line is None or (first, last) in line.gaps:
            return []
        line.gaps.append((first, last))
        line.sent.add(first, last)
        return [_gap(line, (first, last))] if line.state == "open" else []

    # The connection

    def connected(self) -> None:
        """A new connection: every recording is opened again."""
        self._by_number.clear()
        self._number, self._asked_ns = 0, None
        for line in self.lines.values():
            line.number, line.state, line.retry_s = 0, "new", 0.0

    def lost(self) -> None:
        """The connection is gone."""
        self.connected()

    def linked(self, recording: UUID | None) -> bool:
        """Whether new seconds of this recording are taken at once."""
        line = self.lines.get(recording) if recording is not None else None
        return line is not None and line.state == "open"

    def step(self, now_s: float) -> list[str]:
        """Texts that are due: openings, and closings of what is complete.

        Raises:
            Wrong: an opening has waited too long for its answer.
        """
        texts = []
        # Numbers are few: what still runs comes before what ended long ago.
        for line in sorted(self.lines.values(), key=lambda line: line.kept.ended):
            if line.state == "new" and now_s >= line.retry_s and self._numbered(line):
                line.state, line.asked_s = "opening", now_s
                texts.append(_open(line, self._ack_ms))
            elif line.state == "opening" and now_s - line.asked_s > ANSWER_S:
                raise Wrong("an opening was not answered")
            elif line.state == "open" and now_s >= line.retry_s and self._complete(line):
                line.state = "closing"
                texts.append(_text(type="close", stream=line.number, last_seq=line.kept.last_seq))
        return texts

    def time_text(self, t1_ns: int) -> str:
        """First half of a clock exchange; tells the result of the one before."""
        self._asked_ns = t1_ns
        if self._clock is None:
            return _text(type="time", t1=t1_ns)
        told = {"offset_ns": self._clock.offset_ns, "rtt_ns": self._clock.rtt_ns}
        return _text(type="time", t1=t1_ns, **told)

    def _numbered(self, line: Line) -> bool:
        """Give the line a number; False while all are taken.

        A number is not given twice on one connection (but for the 65,535th): what is still on its
        way to one recording must not be taken for another's.
        """
        if len(self._by_number) >= MAX_STREAMS:
            return False
        self._number = self._number % MAX_NUMBER + 1
        while self._number in self._by_number:
            self._number = self._number % MAX_NUMBER + 1
        line.number = self._number
        self._by_number[line.number] = line
        return True

    @staticmethod
    def _complete(line: Line) -> bool:
        return line.kept.ended and line.kept.acked >= line.kept.last_seq

    # Sending

    def wish(self, room: int, *, old: bool = True) -> Wish | None:
        """The next seconds to send, at most `room`; None when nothing waits or may go.

        Without `old`, only new ones: those are in memory, whatever the disk does.
        """
        if room < 1:
            return None
        lines = [line for line in self.lines.values() if line.state == "open"]
        room = min(room, frames.MAX_BUNDLE_FRAMES)
        for line in lines:
            if line.live <= line.kept.last_seq:
                return Wish(line.kept.id, line.live, line.kept.last_seq, room)
        if not old:
            return None
        for n in range(len(lines)):
            line = lines[(self._turn + n) % len(lines)]
            window = line.kept.acked + MAX_IN_FLIGHT - line.old + 1
            if line.old < line.old_end and window > 0:
                self._turn += n + 1
                return Wish(line.kept.id, line.old, line.old_end - 1, min(room, window))
        return None

    def pack(self, wish: Wish, seconds: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """The frames to send for a wish; forgets the wish's seconds until the next connection."""
        line = self.lines[wish.recording]
        top = seconds[-1][0] if len(seconds) == wish.limit else wish.last
        if wish.first >= line.live:
            line.live = top + 1
        else:
            line.old = top + 1
        line.sent.add(wish.first, top)
        return [frames.with_stream(body, line.number) for _, body in seconds]

    # Receiving

    def receive_binary(self, data: bytes) -> list[Event]:
        """Take an acknowledgement.

        Raises:
            Wrong: it is none, or of seconds that were not sent.
        """
        try:
            pairs = frames.read_ack(data)
        except frames.Malformed as malformed:
            raise Wrong(malformed.code) from malformed
        events: list[Event] = []
        for number, seq in pairs:
            line = self._by_number.get(number)
            if line is None or line.state not in {"open", "closing"}:
                continue
            if seq > line.sent.contiguous:
                raise Wrong(f"acknowledged {seq}, sent {line.sent.contiguous}")
            if seq > line.kept.acked:
                events.append(self._settle(line, seq))
        return events

    def receive_text(self, data: str | bytes, t4_ns: int, now_s: float) -> list[Event]:
        """Take one message; unknown ones say nothing.

        Raises:
            Wrong: it is not JSON, not of the protocol, or cannot be true.
        """
        try:
            message = msgspec.json.decode(data)
            if not isinstance(message, dict):
                raise Wrong("no message")
            return self._on_message(message, t4_ns, now_s)
        except _NO_MESSAGE as error:
            raise Wrong(type(error).__name__) from error

    def _on_message(self, message: dict[str, Any], t4_ns: int, now_s: float) -> list[Event]:
        kind = message.get("type")
        if kind == "time":
            return self._on_time(message, t4_ns)
        line = self._by_number.get(message.get("stream", 0))
        if line is None:
            return []
        if kind == "opened":
            return [self._on_opened(line, int(message["next_seq"]))]
        if kind == "closed":
            return [self._on_closed(line)]
        if kind == "refused":
            return [self._on_refused(line, message, now_s)]
        return []

    def gap_texts(self, recording: UUID) -> list[str]:
        """Declared gaps of a recording that has just been opened."""
        line = self.lines[recording]
        return [_gap(line, gap) for gap in line.gaps if gap[1] > line.kept.acked]

    def _on_opened(self, line: Line, next_seq: int) -> Event:
        sent = line.kept.last_seq + AHEAD_OF_DISK if line.inherited else line.sent.highest
        if line.state != "opening" or not 1 <= next_seq <= sent + 1:
            raise Wrong(f"opened at {next_seq}, sent {sent}")
        line.state, line.code = "open", ""
        # What is there now is old; what comes from now on is new.
        line.live = line.old_end = max(line.kept.last_seq + 1, next_seq)
        line.old = next_seq
        line.safe = max(line.safe, next_seq - 1)
        if next_seq > 1:
            line.sent.add(1, next_seq - 1)
        # Less than before: it was set back to an older state. What is here no more is then said
        # to be lost, else nothing behind it could ever be acknowledged.
        line.kept.acked = next_seq - 1
        line.kept.last_seq = max(line.kept.last_seq, next_seq - 1)
        return Opened(line.kept.id, next_seq - 1)

    def _on_closed(self, line: Line) -> Event:
        if line.state != "closing":
            raise Wrong("closed what was not over")
        line.state = "done"
        self._free(line)
        del self.lines[line.kept.id]
        return Closed(line.kept.id)

    def _settle(self, line: Line, seq: int) -> Event:
        line.kept.acked = seq
        line.safe = max(line.safe, seq)
        line.gaps = [gap for gap in line.gaps if gap[1] > seq]
        return Acked(line.kept.id, seq)

    def _on_refused(self, line: Line, message: dict[str, Any], now_s: float) -> Event:
        code = str(message.get("code"))
        if code == "ctg.conflicting_frame":
            pass  # what is stored stays; the acknowledgement follows
        elif code == "ctg.close_incomplete" and line.state == "closing":
            next_seq = int(message["next_seq"])
            if not 1 <= next_seq <= line.kept.last_seq:
                raise Wrong(f"incomplete at {next_seq} of {line.kept.last_seq}")
            line.state, line.retry_s = "open", now_s + RETRY_S
            line.old, line.kept.acked = next_seq, next_seq - 1
            line.old_end = line.live = line.kept.last_seq + 1
        else:
            self._free(line)
            line.state, line.code = "new", code
            line.retry_s = now_s + (RETRY_S if code in SOON else HELD_S)
        return Refused(line.kept.id, code)

    def _free(self, line: Line) -> None:
        self._by_number.pop(line.number, None)
        line.number = 0

    def _on_time(self, message: dict[str, Any], t4_ns: int) -> list[Event]:
        t1, t2, t3 = (int(message[name]) for name in ("t1", "t2", "t3"))
        if not (possible(t2) and possible(t3)):
            raise Wrong(f"a clock at {t2}, {t3}")
        asked, self._asked_ns = self._asked_ns, None
        offset_ns, rtt_ns = ((t2 - t1) + (t3 - t4_ns)) // 2, (t4_ns - t1) - (t3 - t2)
        if t1 != asked or not -COARSE_NS <= rtt_ns <= MAX_RTT_NS:
            return []  # not what was asked, or a clock jumped meanwhile: the next one will tell
        self._clock = ClockRead(offset_ns, max(0, rtt_ns))
        return [self._clock]


def _open(line: Line, ack_ms: int) -> str:
    kept = line.kept
    return _text(
        type="open",
        stream=line.number,
        device=kept.device,
        recording=kept.id,
        channels=kept.channels,
        started_at=moment(kept.started_ns),
        bed=kept.bed,
        ack_ms=ack_ms,
    )


def _gap(line: Line, gap: tuple[int, int]) -> str:
    return msgspec.json.encode(
        {"type": "gap", "stream": line.number, "from": gap[0], "to": gap[1]}
    ).decode()


def _text(**message: Any) -> str:
    return msgspec.json.encode(message).decode()


def unsent(lines: Iterable[Line]) -> int:
    """Seconds that the server has not acknowledged."""
    return sum(line.kept.last_seq - line.kept.acked for line in lines)
