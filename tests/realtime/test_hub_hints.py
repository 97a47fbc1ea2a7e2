"""Case hints over a real Valkey, which may go at any time."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

from redis.asyncio import Redis

from kernel.ids import CaseId
from kernel.outbox import OutboxMessage
from realtime.hub_hints import CHANNEL, CaseAnnouncer, CaseHints


def message(case_id: CaseId, seq: int) -> OutboxMessage:
    payload = {"case_id": str(case_id), "seq": seq, "kind": "x"}
    return OutboxMessage(uuid4(), "case.changed", payload, 1, datetime(2026, 1, 1, tzinfo=UTC))


async def subscribed(hints: CaseHints) -> None:
    async with asyncio.timeout(5):
        while not hints.connected:
            await asyncio.sleep(0.01)


async def test_an_announcement_is_heard_also_after_the_connection_was_cut(
    valkey_url: str,
) -> None:
    heard: asyncio.Queue[tuple[CaseId, int]] = asyncio.Queue()
    hints = CaseHints(valkey_url, lambda case_id, seq: heard.put_nowait((case_id, seq)))
    announcer = CaseAnnouncer(valkey_url)
    listening = asyncio.create_task(hints.run())
    admin = Redis.from_url(valkey_url)
    try:
        await subscribed(hints)
        case_id = CaseId(uuid4())
        await announcer(message(case_id, 7))
        assert await asyncio.wait_for(heard.get(), 2) == (case_id, 7)
        await admin.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        async with asyncio.timeout(5):
            while heard.empty():
                await announcer(message(case_id, 8))
                await asyncio.sleep(0.05)
        assert heard.get_nowait() == (case_id, 8)
        await admin.publish(CHANNEL, "nonsense")
        await announcer(message(case_id, 9))
        async with asyncio.timeout(5):
            while await heard.get() != (case_id, 9):
                pass
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await announcer.close()
        await admin.aclose()


async def test_without_valkey_announcing_is_not_a_failure() -> None:
    announcer = CaseAnnouncer("unix:///nonexistent/valkey.sock")
    await announcer(message(CaseId(uuid4()), 1))
    await announcer.close()
