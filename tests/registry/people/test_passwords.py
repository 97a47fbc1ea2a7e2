"""Argon2id, off the loop, bounded."""

import asyncio

import pytest

from registry.people import passwords
from registry.people.errors import LoginBusy
from tests.registry.world import PASSWORD, password_hash


async def test_right_wrong_and_nobody() -> None:
    assert await passwords.verify(password_hash(), PASSWORD)
    assert not await passwords.verify(password_hash(), PASSWORD + " ")
    assert not await passwords.verify(None, PASSWORD)
    assert not await passwords.verify("not a hash", PASSWORD)


def test_hashes_are_argon2id_and_salted() -> None:
    assert password_hash().startswith("$argon2id$v=19$m=65536,t=3,")
    assert passwords.hash_password(PASSWORD) != password_hash()


async def test_at_most_two_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    working, most = 0, 0
    release = asyncio.Event()

    async def slow(*_: object) -> bool:
        nonlocal working, most
        working += 1
        most = max(most, working)
        await release.wait()
        working -= 1
        return True

    monkeypatch.setattr(passwords.asyncio, "to_thread", slow)
    waiting = [
        asyncio.create_task(passwords.verify("hash", "x")) for _ in range(passwords.MAX_WAITING)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(LoginBusy):
        await passwords.verify("hash", "one too many")
    release.set()
    assert all(await asyncio.gather(*waiting))
    assert most == passwords.AT_ONCE
    assert await passwords.verify("hash", "room again")
