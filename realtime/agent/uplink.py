"""The centre's side of `yunshang.ctg.v1`, without a socket.

What the buffer holds is told to it (`know`), what the server says goes in (`receive_text`,
`receive_binary`), what to send comes out: texts at once, and wishes for seconds, which the shell
reads from the buffer and hands back to be packed. New seconds go before old ones: a doctor who
waits for the strip sees now first, then what was missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from realtime import frames
from realtime.agent.buffer import Kept

MAX_STREAMS: Final = 64
MAX_IN_FLIGHT: Final = 4 * frames.MAX_BUNDLE_FRAMES
"""Old seconds of one recording that may wait for their acknowledgement."""
RETRY_S: Final = 2.0
HELD_S: Final = 60.0
"""A refusal that only people can mend is tried again so rarely; nothing is thrown away for it."""
_SOON: Final = frozenset({"ctg.storage_unavailable", "ctg.taken_over", "ctg.too_many_streams"})


@dataclass(slots=True)
class Line:
    """One recording on this connection."""

    kept: Kept
    number: int = 0
    state: str = "new"
    """new → opening → open → closing → done; refused ones wait in `held`."""
    live: int = 0
    """The next new second to send."""
    old: int = 0
    """The next old second to send; those before `old_end` are old."""
    old_end: int = 0
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
    """All recordings of a centre on one connection that is made again whenever it is cut."""

    def __init__(self) -> None:
        self.lines: dict[UUID, Line] = {}
        self._by_number: dict[int, Line] = {}
        self._clock: ClockRead | None = None
        self._turn = 0

    # What the buffer holds

    def know(self, kept: Kept, gaps: Sequence[tuple[int, int]] = ()) -> None:
        """A recording exists, or has grown; tell every second only after it is durable."""
        line = self.lines.get(kept.id)
        if line is None:
            line = self.lines[kept.id] = Line(kept)
        line.kept = kept
        line.gaps = list(gaps) or line.gaps

    def declare(self, recording: UUID, first: int, last: int) -> list[str]:
        """Seconds are lost for good: the texts to send now, if the recording is open."""
        line = self.lines.get(recording)
        if line is None or (first, last) in line.gaps:
            return []
        line.gaps.append((first, last))
        return [_gap(line, (first, last))] if line.state == "open" else []

    # The connection

    def connected(self) -> None:
        """A new connection: every recording is opened again."""
        self._by_number.clear()
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
        """Texts that are due: openings, and closings of what is complete."""
        texts = []
        # Numbers are few: what still runs comes before what ended long ago.
        for line in sorted(self.lines.values(), key=lambda line: line.kept.ended):
            if line.state == "new" and now_s >= line.retry_s and self._number(line):
                line.state = "opening"
                texts.append(_open(line))
            elif line.state == "open" and self._complete(line):
                line.state = "closing"
                texts.append(_text(type="close", stream=line.number, last_seq=line.kept.last_seq))
        return texts

    def time_text(self, t1_ns: int) -> str:
        """First half of a clock exchange; tells the result of the one before."""
        if self._clock is None:
            return _text(type="time", t1=t1_ns)
        told = {"offset_ns": self._clock.offset_ns, "rtt_ns": self._clock.rtt_ns}
        return _text(type="time", t1=t1_ns, **told)

    def _number(self, line: Line) -> bool:
        free = (n for n in range(1, MAX_STREAMS + 1) if n not in self._by_number)
        line.number = next(free, 0)
        if line.number:
            self._by_number[line.number] = line
        return bool(line.number)

    @staticmethod
    def _complete(line: Line) -> bool:
        return line.kept.ended and line.kept.acked >= line.kept.last_seq

    # Sending

    def wish(self, room: int) -> Wish | None:
        """The next seconds to send, at most `room`; None when nothing waits or may go."""
        if room < 1:
            return None
        lines = [line for line in self.lines.values() if line.state == "open"]
        room = min(room, frames.MAX_BUNDLE_FRAMES)
        for line in lines:
            if line.live <= line.kept.last_seq:
                return Wish(line.kept.id, line.live, line.kept.last_seq, room)
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
        return [frames.with_stream(body, line.number) for _, body in seconds]

    # Receiving

    def receive_binary(self, data: bytes) -> list[Event]:
        """Take an acknowledgement; raises `Malformed`."""
        events: list[Event] = []
        for number, seq in frames.read_ack(data):
            line = self._by_number.get(number)
            if line is not None and seq > line.kept.acked:
                events.append(self._settle(line, seq))
        return events

    def receive_text(self, data: str | bytes, t4_ns: int, now_s: float) -> list[Event]:
        """Take one message; unknown ones say nothing.

        Returns events; raises `msgspec.DecodeError` on what is not JSON.
        """
        message: dict[str, Any] = msgspec.json.decode(data)
        if message.get("type") == "time":
            return [self._on_time(message, t4_ns)]
        line = self._by_number.get(message.get("stream", 0))
        if line is None:
            return []
        if message.get("type") == "opened":
            return [self._on_opened(line, int(message["next_seq"]))]
        if message.get("type") == "closed":
            line.state = "done"
            self._free(line)
            del self.lines[line.kept.id]
            return [Closed(line.kept.id)]
        if message.get("type") == "refused":
            return [self._on_refused(line, message, now_s)]
        return []

    def gap_texts(self, recording: UUID) -> list[str]:
        """Declared gaps of a recording that has just been opened."""
        line = self.lines[recording]
        return [_gap(line, gap) for gap in line.gaps if gap[1] > line.kept.acked]

    def _on_opened(self, line: Line, next_seq: int) -> Event:
        line.state, line.code = "open", ""
        # What is there now is old; what comes from now on is new.
        line.live = line.old_end = max(line.kept.last_seq + 1, next_seq)
        line.old = next_seq
        line.kept.acked = max(line.kept.acked, next_seq - 1)
        return Opened(line.kept.id, next_seq - 1)

    def _settle(self, line: Line, seq: int) -> Event:
        line.kept.acked = seq
        line.gaps = [gap for gap in line.gaps if gap[1] > seq]
        return Acked(line.kept.id, seq)

    def _on_refused(self, line: Line, message: dict[str, Any], now_s: float) -> Event:
        code = str(message.get("code"))
        if code == "ctg.conflicting_frame":
            pass  # what is stored stays; the acknowledgement follows
        elif code == "ctg.close_incomplete":
            line.state = "open"
            line.old = int(message.get("next_seq", line.kept.acked + 1))
            line.old_end = line.live = line.kept.last_seq + 1
        else:
            self._free(line)
            line.state, line.code = "new", code
            line.retry_s = now_s + (RETRY_S if code in _SOON else HELD_S)
        return Refused(line.kept.id, code)

    def _free(self, line: Line) -> None:
        self._by_number.pop(line.number, None)
        line.number = 0

    def _on_time(self, message: dict[str, Any], t4_ns: int) -> Event:
        t1, t2, t3 = (int(message[name]) for name in ("t1", "t2", "t3"))
        self._clock = ClockRead(((t2 - t1) + (t3 - t4_ns)) // 2, (t4_ns - t1) - (t3 - t2))
        return self._clock


def _open(line: Line) -> str:
    kept = line.kept
    started = datetime.fromtimestamp(kept.started_ns / 1e9, UTC)
    return _text(
        type="open",
        stream=line.number,
        device=kept.device,
        recording=kept.id,
        channels=kept.channels,
        started_at=started,
        bed=kept.bed,
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
