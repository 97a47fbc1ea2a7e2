"""The providers' door on the application as composed: floods, rubbish, replays, lies."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import msgspec
import pytest

from server.settings import Settings
from tests.fixtures.database import Clone
from tests.realtime.browser import serving

SECRET = "a secret part of the path"
FLOOD = 100
FILE = f'public_url = "https://yunshang.example.cn"\n[callbacks]\nsecret = "{SECRET}"\n'
JSON = {"content-type": "application/json"}
UNKNOWN = {"success": True, "biz_id": "1", "phone_number": "19900001234"}


@pytest.fixture
async def client(
    database: Clone, settings: Settings, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    file = tmp_path / "providers.toml"
    file.write_text(FILE)
    file.chmod(0o600)
    installed = dataclasses.replace(settings, providers_file=file)
    async with (
        serving(installed) as served,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", timeout=60) as running,
    ):
        yield running


async def post(
    client: httpx.AsyncClient, body: bytes, secret: str = SECRET, kind: str = "sms-report"
) -> int:
    path = f"/api/hooks/aliyun/{secret}/{kind}"
    answer = await client.post(path, content=body, headers=JSON)
    return int(answer.status_code)


async def kept(database: Clone) -> tuple[int, int, int]:
    """How many reports, replies and things to do about them lie in the database."""
    root = await asyncpg.connect(database.superuser_url)
    try:
        tables = ("message_receipt", "inbound_reply", "outbox")
        counts = [await root.fetchval(f"SELECT count(*) FROM {one}") for one in tables]
        return counts[0], counts[1], counts[2]
    finally:
        await root.close()


RUBBISH = [
    b"",
    b"{",
    b"\xff\xfe\xfd",
    b'[{"success": true, "biz_id": "\xff"}]',
    b'[{"success": true}, 1]',
    b'["x"]',
    b"null",
    b'[{"success": true, "biz_id": "\\u0000"}]',
    b"[" * 100_000,
]
HUGE = b'[{"success": true, "biz_id": "' + b"x" * 10_000_000 + b'"}]'


async def test_rubbish_is_refused_and_nothing_of_it_stays(
    client: httpx.AsyncClient, database: Clone
) -> None:
    for body in RUBBISH:
        assert await post(client, body) in (400, 422), body[:40]
    assert await post(client, HUGE) == 413
    assert await kept(database) == (0, 0, 0)


async def test_who_does_not_know_the_secret_learns_nothing_whatever_they_send(
    client: httpx.AsyncClient, database: Clone
) -> None:
    bodies = [msgspec.json.encode([UNKNOWN]), *(one for one in RUBBISH if b"u0000" not in one)]
    guesses = [str(uuid4()) for _ in range(FLOOD)]
    tries = [(bodies[n % len(bodies)], guess) for n, guess in enumerate(guesses)]
    answers = await asyncio.gather(*(post(client, body, guess) for body, guess in tries))
    assert set(answers) == {404}
    assert await kept(database) == (0, 0, 0)
    assert await post(client, bodies[0]) == 200, "who does is still let in"


@pytest.mark.parametrize(
    ("kind", "word", "expected"),
    [
        ("sms-report", UNKNOWN, (1, 0, 1)),
        ("sms-up", {"phone_number": "19900001234", "content": "1", "sequence_id": 7}, (0, 1, 1)),
    ],
)
async def test_a_push_played_again_and_again_is_one(
    client: httpx.AsyncClient,
    database: Clone,
    kind: str,
    word: object,
    expected: tuple[int, int, int],
) -> None:
    push = msgspec.json.encode([word, word])
    answers = await asyncio.gather(*(post(client, push, kind=kind) for _ in range(20)))
    assert set(answers) == {200}
    assert await kept(database) == expected
