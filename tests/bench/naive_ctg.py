"""What one would write first, kept as a yardstick: `make bench-ctg` runs it beside the gateway.

A handler for each sender, a row and a commit for each second through the ORM, a PUBLISH for each,
a subscription for each viewer, a send for each second. It is correct, and speaks the gateway's
protocol far enough to be measured by the same generator; it knows no resuming and no access rules.

`python -m tests.bench.naive_ctg PORT DATABASE_URL VALKEY_URL`
"""

from __future__ import annotations

import json
import sys
from typing import Any
from uuid import UUID

import uvicorn
from litestar import Litestar, WebSocket, websocket
from redis.asyncio import Redis
from sqlalchemy import BigInteger, LargeBinary
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from realtime import frames

POOL = 20


class Base(DeclarativeBase):
    """Tables of this server alone."""


class Sample(Base):
    """One second of one recording."""

    __tablename__ = "naive_sample"

    recording: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    device_ns: Mapped[int] = mapped_column(BigInteger)
    frame: Mapped[bytes] = mapped_column(LargeBinary)


async def said(error: Exception, _scope: Any) -> None:
    """Errors go to the log."""
    sys.stderr.write(f"{type(error).__name__}: {error}\n")


def create_app(database_url: str, valkey_url: str) -> Litestar:
    """The whole server."""
    engine = create_async_engine(
        database_url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=POOL
    )
    sessions = async_sessionmaker(engine, class_=AsyncSession)
    valkey = Redis.from_url(valkey_url, max_connections=1_000)

    async def create_table() -> None:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    @websocket("/ctg/ingest")
    async def ingest(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept(subprotocols=frames.PROTOCOL)
        recordings: dict[int, UUID] = {}
        while True:
            message: dict[str, Any] = dict(await socket.receive())
            if message["type"] == "websocket.disconnect":
                return
            if text := message.get("text"):
                opening = json.loads(text)
                recordings[opening["stream"]] = UUID(opening["recording"])
                answer = {"type": "opened", "stream": opening["stream"], "next_seq": 1}
                await socket.send_text(json.dumps(answer))
                continue
            for frame in frames.split_message(message["bytes"]):
                head = frames.read_head(frame)
                recording = recordings[head.stream]
                async with sessions() as session:
                    session.add(
                        Sample(
                            recording=recording,
                            seq=head.seq,
                            device_ns=head.device_ns,
                            frame=frame,
                        )
                    )
                    await session.commit()
                await valkey.publish(f"ctg:{recording}", frame)
                await socket.send_bytes(frames.build_ack([(head.stream, head.seq)]))

    @websocket("/ctg/watch")
    async def watch(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept(subprotocols=frames.WATCH_PROTOCOL)
        wanted = json.loads(await socket.receive_data(mode="text"))["recordings"]
        views = {f"ctg:{one}".encode(): number for number, one in enumerate(wanted, 1)}
        async with valkey.pubsub() as channels:
            await channels.subscribe(*views)
            for number, one in enumerate(wanted, 1):
                told = {"type": "subscribed", "recording": one, "view": number}
                await socket.send_text(json.dumps(told))
            async for message in channels.listen():
                if message["type"] == "message":
                    frame = frames.with_stream(message["data"], views[message["channel"]])
                    await socket.send_bytes(frames.build_live([frame]))

    return Litestar([ingest, watch], on_startup=[create_table], after_exception=[said])


def main() -> None:
    """Serve until SIGTERM."""
    port, database_url, valkey_url = sys.argv[1:]
    uvicorn.run(
        create_app(database_url, valkey_url),
        port=int(port),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="error",
    )


if __name__ == "__main__":
    main()
