"""Senders that are there stay, however little they say; who is not there is given up."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from realtime.gateway.idle import ASKED, GIVEN_UP
from realtime.gateway.ingest import IngestListener
from realtime.session import MAX_STREAMS
from tests.realtime.conftest import Site
from tests.realtime.wire import Sender, frame


async def come(site: Site) -> tuple[Sender, IngestListener]:
    """One more sender, and its other end in the gateway."""
    before = set(site.gateway.ingest.listeners)
    sender = await Sender.dial(site.url, site.token)
    while not (fresh := site.gateway.ingest.listeners - before):
        await asyncio.sleep(0.01)
    return sender, fresh.pop()


def deaf(sender: Sender) -> None:
    """It reads nothing any more, as if its cable had been pulled."""
    sender.socket.transport.pause_reading()


async def test_who_answers_or_sends_seconds_stays_and_who_is_not_there_is_cut(site: Site) -> None:
    idle, ingest = site.gateway.idle, site.gateway.ingest
    silent, silent_end = await come(site)
    dead, dead_end = await come(site)
    busy, busy_end = await come(site)
    await busy.open(uuid4())
    for sender in (dead, busy):
        deaf(sender)
    for seq in range(1, GIVEN_UP + 1):
        await busy.send(frame(seq))
        while ingest.received + len(ingest.arrivals._waiting) < seq:
            await asyncio.sleep(0.01)
        idle.look()
        assert busy_end.quiet == 0
        assert dead_end.quiet == seq
        if seq == ASKED:
            async with asyncio.timeout(10):
                while silent_end.quiet:  # its answer has come
                    await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        while dead_end in ingest.listeners:
            await asyncio.sleep(0.01)
    assert {silent_end, busy_end} <= ingest.listeners
    for sender in (dead, busy):
        sender.socket.transport.abort()
        await sender.socket.wait_closed()
    await silent.close()


async def test_who_is_not_read_is_not_given_up(site: Site) -> None:
    sender, end = await come(site)
    end.pause_reading(True)
    for _ in range(GIVEN_UP + 1):
        site.gateway.idle.look()
    assert end in site.gateway.ingest.listeners
    assert end.quiet == 0
    end.pause_reading(False)
    await sender.close()


async def test_memory_that_grew_forgets_nobody(site: Site) -> None:
    before = site.gateway.ingest.recordings.columns.capacity
    others, _ = await come(site)
    for stream in range(1, MAX_STREAMS + 1):
        await others.open(uuid4(), stream=stream)
    sender, end = await come(site)
    await sender.open(uuid4())
    assert site.gateway.ingest.recordings.columns.capacity > before
    await sender.send(frame(1))
    await sender.until_acked(1)
    for quiet in range(2):
        site.gateway.idle.look()
        assert end.quiet == quiet
    for one in (others, sender):
        await one.close()
