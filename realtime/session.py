"""The server's side of one ingest connection, without a socket.

Bytes and text go in; events, replies and decisions come out. The shell around it owns what needs
waiting: it looks recordings up, makes frames durable and compares suspected duplicates, then tells
the session, which answers with what is to be sent. One recording's :class:`Progress` may outlive
the connection: after a cut the next one continues where it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
import numpy as np

from realtime import frames
from realtime.frames import Malformed
from realtime.resume import Progress

MAX_STREAMS: Final = 64
MAX_TEXT_BYTES: Final = 16_384
MAX_HOLES: Final = 1_024
"""A stream with more separate gaps than this is not a recording; it is closed."""

CLOSE_BAD_TEXT: Final = 1007
CLOSE_POLICY: Final = 1008

StreamNo = Annotated[int, msgspec.Meta(ge=1, le=65_535)]
Seq = Annotated[int, msgspec.Meta(ge=1, le=frames.MAX_SEQ)]
Nanoseconds = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
Channel = Literal["fhr1", "fhr2", "fhr3", "mhr", "toco", "spo2"]
PLAIN: Final = r"\A[^\x00-\x1f\x7f]*\Z"
"""No control characters: they say nothing to people, and PostgreSQL has no room for a NUL."""


class Open(msgspec.Struct, tag_field="type", tag="open", frozen=True):
    """A monitor begins, or resumes, a recording."""

    stream: StreamNo
    device: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=PLAIN)]
    recording: UUID
    channels: Annotated[list[Channel], msgspec.Meta(min_length=1, max_length=6)]
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    bed: Annotated[str, msgspec.Meta(max_length=64, pattern=PLAIN)] = ""
    ack_ms: Annotated[int, msgspec.Meta(ge=0, le=2_000)] = 0


class Close(msgspec.Struct, tag_field="type", tag="close", frozen=True):
    """The recording has ended at `last_seq`; 0 when it never began."""

    stream: StreamNo
    last_seq: Annotated[int, msgspec.Meta(ge=0, le=frames.MAX_SEQ)]


class Time(msgspec.Struct, tag_field="type", tag="time", frozen=True):
    """First half of a clock exchange.

    A sender that has completed an earlier exchange may report its result, nanoseconds both.
    """

    t1: int | float
    offset_ns: Nanoseconds | None = None
    rtt_ns: Nanoseconds | None = None


class Gap(msgspec.Struct, tag_field="type", tag="gap", frozen=True):
    """The sender has lost `first..last` for good."""

    stream: StreamNo
    first: Seq = msgspec.field(name="from")
    last: Seq = msgspec.field(name="to")


_messages = msgspec.json.Decoder(Open | Close | Time | Gap)

# (state, action) → state of one stream on this connection; a pair not listed is refused.
STREAM_STATES: Final[dict[tuple[str, str], str]] = {
    ("none", "open"): "opening",
    ("ended", "open"): "opening",
    ("opening", "opened"): "open",
    ("opening", "refused"): "ended",
    ("open", "close"): "closing",
    ("closing", "closed"): "none",
    ("closing", "incomplete"): "open",
    ("opening", "lost"): "ended",
    ("open", "lost"): "ended",
    ("closing", "lost"): "ended",
}


@dataclass(eq=False, slots=True)
class Stream:
    """One monitor on this connection."""

    number: int
    opening: Open
    state: str = "opening"
    progress: Progress | None = None
    owner: Any = None
    """The shell's own, for what arrives; none before it is open here, nor after."""
    again: bool = False
    """A duplicate was confirmed: say once more how far the recording is durable."""

    @property
    def durable(self) -> int:
        """Everything up to this second is committed or declared lost."""
        return self.progress.durable if self.progress is not None else 0

    @property
    def acked(self) -> int:
        """How far that was said."""
        return self.progress.acked if self.progress is not None else 0

    @property
    def due(self) -> bool:
        """Whether there is something to acknowledge."""
        return self.progress is not None and (self.again or self.durable > self.acked)


@dataclass(frozen=True, slots=True)
class Opening:
    """The shell must look the recording up, then call `opened` or `refused`."""

    stream: Stream


@dataclass(frozen=True, slots=True)
class Ending:
    """The recording is complete up to `last_seq`; call `closed` once that is durable."""

    stream: Stream
    last_seq: int


@dataclass(frozen=True, slots=True)
class LostDeclared:
    """These seconds will never come: keep them as recorded gaps."""

    stream: Stream
    holes: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TimeAsked:
    """Answer with `time_reply`, stamping the moments of receipt and of sending."""

    t1: int | float
    offset_ns: int | None
    rtt_ns: int | None


@dataclass(frozen=True, slots=True)
class Reply:
    """Text to send now."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Hangup:
    """Close the connection with this WebSocket code and coded reason."""

    close_code: int
    reason: str


Event = Opening | Ending | LostDeclared | TimeAsked | Reply | Hangup


class Batch:
    """What one binary message brought.

    Attributes:
        streams, seqs, frames: the new seconds, in the order in which they came.
        suspects: numbers already received: equal or conflicting, to be compared with what is kept.
        hangup: the message was malformed; what came before that place counts.
    """

    __slots__ = ("frames", "hangup", "seqs", "streams", "suspects")

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.seqs: list[int] = []
        self.frames: list[bytes] = []
        self.suspects: list[tuple[Stream, int, bytes]] = []
        self.hangup: Hangup | None = None


class Usual:
    """What messages of a connection look like as a rule: the same streams in the same order.

    One that looks like it, with the next second of each, needs no look at each.

    Attributes:
        size: of the message, bytes.
        head: its first bytes, before the frames.
        numbers: the streams, 32 bits each, little-endian.
        places: of their recordings' marks (`np.intp`), joined.
        turn: whatever its user counts by.
    """

    __slots__ = ("count", "head", "numbers", "places", "size", "turn")

    def __init__(self, data: bytes, streams: Sequence[Stream], places: Sequence[int]) -> None:
        self.count = len(streams)
        self.size = len(data)
        self.head = data[: self.size - self.count * frames.FRAME_BYTES]
        self.numbers = np.array([stream.number for stream in streams], "<u4").tobytes()
        self.places = np.array(places, np.intp).tobytes()
        self.turn = 0


class IngestSession:
    """One connection carrying up to 64 monitors."""

    __slots__ = ("_heartbeat_s", "_viewer_limit", "over", "streams", "usual")

    def __init__(self, *, heartbeat_s: int = 5, viewer_limit: int = 256) -> None:
        self.streams: dict[int, Stream] = {}
        self.over = False
        self.usual: Usual | None = None
        """None while the latest message did not look like one."""
        self._heartbeat_s = heartbeat_s
        self._viewer_limit = viewer_limit

    # Receiving

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
        if isinstance(message, Open):
            return self._on_open(message)
        if isinstance(message, Close):
            return self._on_close(message)
        if isinstance(message, Gap):
            return self._on_gap(message)
        return [TimeAsked(message.t1, message.offset_ns, message.rtt_ns)]

    def receive_binary(self, data: bytes) -> Batch:
        """Take one binary message: a frame or a bundle.

        Frames before a malformed one are kept; the connection ends at the malformed one.
        """
        batch = Batch()
        if self.over:
            return batch
        try:
            self._take(data, batch)
        except Malformed as malformed:
            code = CLOSE_BAD_TEXT if malformed.code == "ctg.crc_wrong" else CLOSE_POLICY
            batch.hangup = self._hang_up(code, malformed.code)
        return batch

    def _take(self, data: bytes, batch: Batch) -> None:
        arrived = frames.split_message(data)
        in_order = True
        for frame in arrived:
            number, seq = frames.stream_of(frame), frames.seq_of(frame)
            stream = self.streams.get(number)
            progress = stream.progress if stream is not None else None
            in_order = in_order and progress is not None and progress.tail == seq
            if self._is_new(stream, seq, frame, batch):
                batch.streams.append(stream)  # type: ignore[arg-type]
                batch.seqs.append(seq)
                batch.frames.append(frame)
        places = [one.progress.place for one in batch.streams if one.progress is not None]
        as_usual = in_order and len(set(places)) == len(arrived)
        self.usual = Usual(data, batch.streams, places) if as_usual else None

    @staticmethod
    def _is_new(stream: Stream | None, seq: int, frame: bytes, batch: Batch) -> bool:
        frames.read_head(frame)
        if stream is None or stream.state == "opening":
            raise Malformed("ctg.stream_not_open")
        progress = stream.progress
        if stream.state != "open" or progress is None:
            return False  # in flight when the stream was refused, taken over or closed
        if seq in progress.received:
            batch.suspects.append((stream, seq, frame))
            return False
        if progress.tail == seq:
            progress.follow()
            return True
        progress.receive(seq)
        if len(progress.received) > MAX_HOLES:
            raise Malformed("ctg.too_many_gaps")
        return True

    def _on_open(self, message: Open) -> list[Event]:
        if _utc(message.started_at) is None:
            return [self._hang_up(CLOSE_POLICY, "ctg.message_invalid")]
        known = self.streams.get(message.stream)
        after = STREAM_STATES.get((known.state if known else "none", "open"))
        if after is None:
            return [self._hang_up(CLOSE_POLICY, "ctg.stream_in_use")]
        living = sum(1 for stream in self.streams.values() if stream.state != "ended")
        if living >= MAX_STREAMS:
            return [Reply(_refusal(message.stream, "ctg.too_many_streams"))]
        stream = Stream(message.stream, message)
        self.streams[message.stream] = stream
        return [Opening(stream)]

    def _on_close(self, message: Close) -> list[Event]:
        stream = self._open_stream(message.stream)
        if stream is None:
            return self._not_open(message.stream)
        progress = stream.progress
        assert progress is not None  # noqa: S101 - the state table says so
        if progress.next_seq <= message.last_seq:
            return [self._cannot_close(stream, "ctg.close_incomplete", progress)]
        if progress.received.highest > message.last_seq:
            return [self._cannot_close(stream, "ctg.close_too_early", progress)]
        self._move(stream, "close")
        return [Ending(stream, message.last_seq)]

    def _on_gap(self, message: Gap) -> list[Event]:
        stream = self._open_stream(message.stream)
        if stream is None:
            return self._not_open(message.stream)
        if message.last < message.first:
            return [self._hang_up(CLOSE_POLICY, "ctg.gap_invalid")]
        progress = stream.progress
        assert progress is not None  # noqa: S101 - the state table says so
        holes = progress.declare_lost(message.first, message.last)
        if len(progress.settled) > MAX_HOLES:
            return [self._hang_up(CLOSE_POLICY, "ctg.too_many_gaps")]
        return [LostDeclared(stream, tuple(holes))]

    @staticmethod
    def _cannot_close(stream: Stream, code: str, progress: Progress) -> Reply:
        return Reply(_refusal(stream.number, code, next_seq=progress.next_seq))

    def _open_stream(self, number: int) -> Stream | None:
        stream = self.streams.get(number)
        return stream if stream is not None and stream.state == "open" else None

    def _not_open(self, number: int) -> list[Event]:
        # A stream that was just refused or taken over may have messages in flight.
        if number in self.streams and self.streams[number].state == "ended":
            return []
        return [self._hang_up(CLOSE_POLICY, "ctg.stream_not_open")]

    def _hang_up(self, close_code: int, reason: str) -> Hangup:
        self.over, self.usual = True, None
        return Hangup(close_code, reason)

    def _move(self, stream: Stream, action: str) -> None:
        self.usual = None
        stream.state = STREAM_STATES[(stream.state, action)]

    # What the shell found out

    def opened(self, stream: Stream, progress: Progress, durable: int | None = None) -> bytes:
        """The recording is known up to `progress` and durable up to `durable`; return the answer.

        The answer promises durability: a sender forgets what lies before `next_seq`.
        """
        self._move(stream, "opened")
        stream.progress = progress
        progress.durable = progress.acked = progress.next_seq - 1 if durable is None else durable
        return _encode(
            {
                "type": "opened",
                "stream": stream.number,
                "next_seq": stream.durable + 1,
                "heartbeat_s": self._heartbeat_s,
                "viewer_limit": self._viewer_limit,
            }
        )

    def refused(self, stream: Stream, code: str, detail: str = "") -> bytes:
        """The recording may not be opened by this sender; return the answer."""
        self._move(stream, "refused")
        return _refusal(stream.number, code, detail)

    def lost(self, stream: Stream, code: str) -> bytes:
        """The stream was taken from this connection; return the notice."""
        self._move(stream, "lost")
        stream.progress = None  # another connection's by now
        return _refusal(stream.number, code)

    def conflict(self, stream: Stream, seq: int) -> bytes:
        """A frame disagreed with the stored one, which stays; return the refusal."""
        stream.again = True
        return _refusal(stream.number, "ctg.conflicting_frame", seq=seq)

    def duplicate(self, stream: Stream) -> None:
        """A frame equalled the stored one: acknowledge again."""
        stream.again = True

    def durable(self, stream: Stream, seq: int) -> None:
        """Everything up to `seq` has been committed."""
        if stream.progress is not None:
            stream.progress.durable = max(stream.durable, seq)

    def closed(self, stream: Stream) -> bytes:
        """The end of the recording is durable; return the answer."""
        self._move(stream, "closed")
        del self.streams[stream.number]
        return _encode({"type": "closed", "stream": stream.number})

    def take_acks(self) -> bytes | None:
        """Return one acknowledgement of all streams that have something to acknowledge, if any."""
        pairs = []
        for stream in self.streams.values():
            if stream.due and stream.progress is not None:
                stream.progress.acked, stream.again = stream.durable, False
                pairs.append((stream.number, stream.acked))
        return frames.build_ack(pairs) if pairs else None

    @property
    def settled(self) -> bool:
        """Whether everything that has arrived, up to the first hole, is durable."""
        return all(
            stream.progress is None or stream.durable >= stream.progress.next_seq - 1
            for stream in self.streams.values()
        )


def time_reply(t1: int | float, t2_ns: int, t3_ns: int) -> bytes:
    """Second half of the clock exchange: `t1` returned, then receipt and sending in ns."""
    return _encode({"type": "time", "t1": t1, "t2": t2_ns, "t3": t3_ns})


def _utc(moment: datetime) -> datetime | None:
    """The moment in UTC; None where its zone moves it out of the calendar."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _refusal(stream: int, code: str, detail: str = "", **extra: int) -> bytes:
    return _encode(
        {"type": "refused", "stream": stream, "code": code, "detail": detail or code, **extra}
    )


def _encode(message: dict[str, object]) -> bytes:
    return msgspec.json.encode(message)
