"""No second lies in two chunks, whoever writes them."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from realtime import frames
from tests.realtime.conftest import Site
from tests.realtime.wire import Sender

_INSERT = (
    "INSERT INTO ctg_chunk (recording_id, recording_no, first_seq, last_seq, received_from,"
    " received_to, frames) SELECT r.id, r.no, s.low, s.high, now(), now(),"
    f" convert_to(repeat('x', ({frames.FRAME_BYTES} * (s.high - s.low + 1))::int), 'UTF8')"
    " FROM ctg_recording r, unnest($2::bigint[], $3::bigint[]) AS s(low, high) WHERE r.id = $1"
)


async def opened(site: Site) -> UUID:
    recording = uuid4()
    sender = await Sender.dial(site.url, site.token)
    await sender.open(recording)
    await sender.close()
    return recording


async def insert(connection: Any, recording: UUID, *spans: tuple[int, int]) -> None:
    lows, highs = zip(*spans, strict=True)
    await connection.execute(_INSERT, recording, list(lows), list(highs))


async def test_chunks_lie_apart(site: Site) -> None:
    one, other = await opened(site), await opened(site)
    pool = await site.gateway.store.pool()
    await insert(pool, one, (11, 20), (31, 40))
    await insert(pool, one, (1, 10), (21, 30), (41, 100))
    await insert(pool, other, (1, 100))
    await insert(pool, one, (111, 120))
    over_old = [[(105, 111)], [(120, 130)], [(112, 113)], [(105, 130)], [(50, 60)]]
    for spans in (*over_old, [(101, 103), (103, 104)]):
        with pytest.raises(asyncpg.ExclusionViolationError):
            await insert(pool, one, *spans)
    with pytest.raises(asyncpg.UniqueViolationError):
        await insert(pool, one, (111, 111))
    await insert(pool, one, (101, 110), (121, 121))


async def test_whoever_writes_beside_another_waits_and_sees(site: Site) -> None:
    recording = await opened(site)
    pool = await site.gateway.store.pool()
    async with pool.acquire() as first, pool.acquire() as second:
        ours = first.transaction()
        await ours.start()
        await insert(first, recording, (1, 10))
        theirs = asyncio.ensure_future(insert(second, recording, (5, 15)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(theirs), 0.2)
        await ours.commit()
        with pytest.raises(asyncpg.ExclusionViolationError):
            await theirs
