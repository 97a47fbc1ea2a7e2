"""Live frames between gateways over Valkey: one joined bundle a tick, and only what is asked for.

A gateway whose viewers watch recordings that come in elsewhere says so every second; whoever feeds
one of them sends its frames along until a few seconds after the last asking. All of it is a hint:
a bundle that is lost, or Valkey itself, costs a viewer a second or two, because `elsewhere` finds
what is missing in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime import frames
from realtime.gateway.live import Recording, Recordings

log = structlog.get_logger()

LIVE: Final = "yunshang:ctg:live"
WANT: Final = "yunshang:ctg:want"
TOLD: Final = "yunshang:ctg:told"
ASK_S: Final = 1.0
ASKED_FOR_S: Final = 3.5
"""A recording is sent along so long after it was last asked for."""
MAX_WAITING: Final = 64
"""Bundles that wait for Valkey; the oldest is dropped."""
SEND_TIMEOUT_S: Final = 1.0
READ_S: Final = 5.0
RECONNECT_S: Final = (0.2, 0.5, 1.0, 2.0)
_HEAD: Final = struct.Struct("<16sI")


class Unreadable(Exception):
    """Not one of our bundles."""


def build(gateway: UUID, numbers: list[int], joined: bytes = b"") -> bytes:
    """A bundle: who sends it, recording numbers, and a frame for each of them (or none at all)."""
    head = _HEAD.pack(gateway.bytes, len(numbers))
    return head + struct.pack(f"<{len(numbers)}q", *numbers) + joined


def read(data: bytes) -> tuple[UUID, list[int], list[bytes]]:
    """Take a bundle apart; raise `Unreadable`."""
    try:
        sender, count = _HEAD.unpack_from(data)
        numbers = list(struct.unpack_from(f"<{count}q", data, _HEAD.size))
    except (struct.error, MemoryError) as error:
        raise Unreadable from error
    at = _HEAD.size + 8 * count
    if len(data) not in (at, at + frames.FRAME_BYTES * count):
        raise Unreadable
    return UUID(bytes=sender), numbers, frames.split_frames(data, at)


class Hints:
    """Both directions of one gateway."""

    def __init__(
        self,
        url: str,
        recordings: Recordings,
        *,
        clock: Callable[[], float] = time.monotonic,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._url = url
        self._recordings = recordings
        self._clock = clock
        self._clock_ns = clock_ns
        self._gateway = uuid4()
        self._asked_until: dict[int, float] = {}
        self._sent: set[Recording] = set()
        self._numbers: list[int] = []
        self._frames: list[bytes] = []
        self._waiting: deque[tuple[str, bytes]] = deque(maxlen=MAX_WAITING)
        self._wake = asyncio.Event()
        self.connected = False
        self.sent = 0
        self.heard = 0

    # Outlet of recordings that are fed here

    def feed(self, recording: Recording, frame: bytes) -> None:
        """One live frame for whoever asked for it."""
        self._numbers.append(recording.no)
        self._frames.append(frame)

    def tell(self, recording: Recording, kind: str, facts: dict[str, object]) -> None:
        """One notice for the viewers at other gateways."""
        notice = {"by": self._gateway, "no": recording.no, "kind": kind, "facts": facts}
        self._push(TOLD, msgspec.json.encode(notice))

    def tick(self) -> None:
        """Send what came since the last tick as one bundle."""
        if self._numbers:
            self.sent += len(self._numbers)
            self._push(LIVE, build(self._gateway, self._numbers, b"".join(self._frames)))
            self._numbers, self._frames = [], []

    def _push(self, channel: str, data: bytes) -> None:
        self._waiting.append((channel, data))
        self._wake.set()

    # Loops

    async def run(self) -> None:
        """Ask, send and listen until cancelled, through every restart of Valkey."""
        await asyncio.gather(self._ask(), self._keep(self._send), self._keep(self._listen))

    async def _keep(self, loop: Callable[[], Any]) -> None:
        failures = 0
        while True:
            started = self._clock()
            try:
                await loop()
            except (RedisError, OSError, TimeoutError) as error:
                failures = 1 if self._clock() - started > READ_S else failures + 1
                if failures == 1:
                    log.warning("gateway.hints_lost", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_S[min(failures, len(RECONNECT_S)) - 1])

    async def _ask(self) -> None:
        while True:
            wanted = [recording.no for recording in self._recordings.wanted()]
            if wanted:
                self._push(WANT, build(self._gateway, wanted))
            self._forget()
            await asyncio.sleep(ASK_S)

    def _forget(self) -> None:
        now = self._clock()
        self._asked_until = {no: until for no, until in self._asked_until.items() if until > now}
        for recording in [one for one in self._sent if one.no not in self._asked_until]:
            recording.outlet = None
            self._recordings.moved(recording)
            self._sent.discard(recording)

    async def _send(self) -> None:
        redis = self._client()
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    channel, data = self._waiting.popleft()
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        await redis.publish(channel, data)
        finally:
            await redis.aclose()

    async def _listen(self) -> None:
        redis = self._client()
        pubsub = redis.pubsub(ignore_subscribe_messages=True)
        try:
            await pubsub.subscribe(LIVE, WANT, TOLD)
            self.connected = True
            while True:
                message = await pubsub.get_message(timeout=READ_S)
                if message is not None:
                    self.take(message["channel"].decode(), message["data"])
        finally:
            self.connected = False
            await pubsub.aclose()  # type: ignore[no-untyped-call]
            await redis.aclose()

    def _client(self) -> Redis:
        # redis-py 8 times a blocking read out after five seconds unless its socket lives longer.
        return Redis.from_url(self._url, socket_timeout=READ_S * 2, socket_connect_timeout=2)

    # Receiving

    def take(self, channel: str, data: bytes) -> None:
        """One message of another gateway, or our own, which says nothing new."""
        try:
            if channel == TOLD:
                self._on_told(msgspec.json.decode(data))
                return
            sender, numbers, parts = read(data)
        except (Unreadable, msgspec.MsgspecError, KeyError, TypeError, ValueError):
            log.warning("gateway.hint_unreadable", channel=channel)
            return
        if sender == self._gateway:
            return
        if channel == WANT:
            self._on_want(numbers)
        else:
            self._on_live(zip(numbers, parts, strict=False))

    def _on_want(self, numbers: list[int]) -> None:
        until = self._clock() + ASKED_FOR_S
        for no in numbers:
            self._asked_until[no] = until
            recording = self._recordings.numbered(no)
            if recording is not None and recording.feeder is not None:
                recording.outlet = self
                self._recordings.moved(recording)
                self._sent.add(recording)

    def _on_live(self, pairs: Iterable[tuple[int, bytes]]) -> None:
        now_ns, now_s = self._clock_ns(), self._clock()
        for no, frame in pairs:
            recording = self._recordings.numbered(no)
            if recording is not None and recording.wanted:
                self.heard += 1
                recording.hint(frames.seq_of(frame), frame, now_ns, now_s)

    def _on_told(self, notice: Any) -> None:
        if UUID(notice["by"]) == self._gateway:
            return
        recording = self._recordings.numbered(int(notice["no"]))
        if recording is not None and recording.wanted:
            recording.tell_here(str(notice["kind"]), **notice["facts"])
