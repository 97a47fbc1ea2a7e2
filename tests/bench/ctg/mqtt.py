"""Just enough MQTT 3.1.1 for the reference: publish with QoS 1, subscribe with QoS 0."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

from realtime import frames
from tests.bench.ctg.judge import Acks, Seen
from tests.bench.ctg.schedule import Plan
from tests.bench.ctg.sockets import Log

PATIENCE_S = 60.0
CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9


def packet(kind: int, flags: int, body: bytes) -> bytes:
    """One control packet (MQTT 3.1.1, 2.2)."""
    size, length = bytearray(), len(body)
    while True:
        length, low = divmod(length, 128)
        size.append(low | (128 if length else 0))
        if not length:
            return bytes([kind << 4 | flags]) + bytes(size) + body


def _text(value: str) -> bytes:
    return len(value).to_bytes(2, "big") + value.encode()


def connect(name: str) -> bytes:
    """CONNECT with a clean session and no keep-alive (3.1)."""
    return packet(1, 0, _text("MQTT") + bytes([4, 2, 0, 0]) + _text(name))


def subscribe(topics: Sequence[str]) -> bytes:
    """SUBSCRIBE with QoS 0 (3.8)."""
    return packet(8, 2, b"\0\1" + b"".join(_text(topic) + b"\0" for topic in topics))


def publish(topic: str, number: int, payload: bytes) -> bytes:
    """PUBLISH with QoS 1 under a packet identifier (3.3)."""
    return packet(PUBLISH, 2, _text(topic) + number.to_bytes(2, "big") + payload)


def packets(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Where each whole packet's body begins and ends: kind, begin, end."""
    at = 0
    while at + 1 < len(data):
        kind, length, shift, begin = data[at] >> 4, 0, 0, at + 1
        while begin < len(data):
            length |= (data[begin] & 127) << shift
            shift += 7
            begin += 1
            if not data[begin - 1] & 128:
                break
        else:
            return
        if begin + length > len(data):
            return
        yield kind, begin, begin + length
        at = begin + length


class Client(asyncio.Protocol):
    """One connection; after its opening everything goes to the log."""

    def __init__(self, number: int, log: Log) -> None:
        self._number = number
        self._log = log
        self._opening = b""
        self._answers: asyncio.Queue[int] = asyncio.Queue()
        self.open = False
        self.transport: asyncio.Transport | None = None
        self.lost = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.lost or "cut"

    def data_received(self, data: bytes) -> None:
        if self.open:
            self._log.moments.append(time.monotonic())
            self._log.who.append(self._number)
            self._log.data.append(bytes(data))
            return
        self._opening += data
        end = 0
        for kind, _, end in packets(self._opening):  # noqa: B007 - the last one is wanted
            self._answers.put_nowait(kind)
        self._opening = self._opening[end:]

    async def ask(self, data: bytes, answer: int) -> None:
        """Send and wait for the answer."""
        assert self.transport is not None
        self.transport.write(data)
        if await asyncio.wait_for(self._answers.get(), PATIENCE_S) != answer:
            raise RuntimeError("the broker said something else")

    def send(self, data: bytes) -> None:
        """Publish, unless the connection is gone."""
        if not self.lost:
            self.transport.write(data)  # type: ignore[union-attr]


class Broker:
    """All connections of one run with a broker; one monitor a connection."""

    def __init__(self, plan: Plan) -> None:
        assert plan.mux == 1
        self._plan = plan
        host, _, port = plan.url.removeprefix("mqtt://").partition(":")
        self._where = (host, int(port))
        self._acks, self._seen = Log(), Log()
        self.senders: list[Client] = []
        self.viewers: list[Client] = []

    async def open(self) -> None:
        """Connect everything, walls subscribed."""
        for number in range(self._plan.connections):
            self.senders.append(await self._client(number, self._acks, "m"))
        for number, wall in enumerate(self._plan.walls):
            client = await self._client(number, self._seen, "v")
            await client.ask(subscribe([f"m/{monitor}" for monitor in wall]), SUBACK)
            self.viewers.append(client)
        for client in (*self.senders, *self.viewers):
            client.open = True

    async def _client(self, number: int, log: Log, kind: str) -> Client:
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(lambda: Client(number, log), *self._where)
        await client.ask(connect(f"{kind}{number}"), CONNACK)
        return client

    @staticmethod
    def wrapped(batch: list[bytes], second: int) -> list[bytes]:
        """Each monitor's frame as a PUBLISH; the second is the packet's identifier."""
        return [publish(f"m/{monitor}", second, one) for monitor, one in enumerate(batch)]

    @property
    def acked(self) -> int:
        """How many chunks of acknowledgements have come."""
        return len(self._acks.data)

    @property
    def lost(self) -> list[str]:
        """Why connections ended that should not have."""
        return [client.lost for client in (*self.senders, *self.viewers) if client.lost]

    def acks(self) -> Acks:
        """The acknowledgements, read; a packet's identifier is its second."""
        found = Acks()
        for number, kind, body, at_s in _read(self._acks):
            if kind == PUBACK:
                found.add(number, int.from_bytes(body[:2], "big"), at_s)
        return found

    def seen(self) -> Seen:
        """The viewers' frames, read."""
        found = Seen()
        for number, kind, body, at_s in _read(self._seen):
            if kind == PUBLISH:
                size = int.from_bytes(body[:2], "big")
                monitor = int(body[4 : 2 + size])
                found.add(number, monitor, body[-frames.FRAME_BYTES :], at_s)
        return found

    async def close(self) -> None:
        """Hang up everywhere."""
        for client in (*self.senders, *self.viewers):
            if client.transport is not None:
                client.lost = client.lost or "ours"
                client.transport.abort()
        await asyncio.sleep(0)


def _read(log: Log) -> Iterator[tuple[int, int, bytes, float]]:
    """Packets of every connection, each at the moment when its last byte came."""
    rest: dict[int, bytes] = {}
    for at_s, number, data in zip(log.moments, log.who, log.data, strict=True):
        joined, end = rest.get(number, b"") + data, 0
        for kind, begin, end in packets(joined):
            yield number, kind, joined[begin:end], at_s
        rest[number] = joined[end:]
