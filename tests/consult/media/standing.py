"""A media worker's place in the directory, for tests that carry no sound and no picture."""

import msgspec
from redis.asyncio import Redis

from consult.media.forward.directory import WorkerFacts

URL = "wss://media.test/standing"


async def stand(valkey_url: str) -> None:
    """Register a worker that never expires; nobody can connect to it."""
    facts = WorkerFacts(url=URL, pps=0, lag_ms=0.0, rooms=0)
    valkey = Redis.from_url(valkey_url)
    await valkey.set(f"media:worker:{URL}", msgspec.json.encode(facts))
    await valkey.aclose()
