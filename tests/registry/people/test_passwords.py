"""Argon2id, off the loop, bounded."""

import asyncio
import subprocess
import sys

import pytest
from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError

from registry.people import passwords
from registry.people.errors import LoginBusy
from tests.registry.world import PASSWORD, password_hash


async def test_right_wrong_and_nobody() -> None:
    assert await passwords.verify(password_hash(), PASSWORD)
    assert not await passwords.verify(password_hash(), PASSWORD + " ")
    assert not await passwords.verify(None, PASSWORD)
    assert not await passwords.verify("not a hash", PASSWORD)


@pytest.mark.usefixtures("full_cost")
async def test_hashes_in_service_are_argon2id_of_rfc_9106_and_salted() -> None:
    first, second = passwords.hash_password(PASSWORD), passwords.hash_password(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second
    assert await passwords.verify(first, PASSWORD)
    assert not await passwords.verify(first, PASSWORD + " ")


def test_what_the_module_sets_up_is_the_full_cost() -> None:
    """In a process of its own: nothing of the tests may have lowered it."""
    code = (
        "from registry.people import passwords as p;"
        "print(p._hasher.time_cost, p._hasher.memory_cost, p._hasher.parallelism, p._DECOY)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    *cost, decoy = done.stdout.split()
    assert cost == ["3", "65536", "4"]
    assert decoy.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.usefixtures("full_cost")
def test_the_decoy_is_a_hash_like_any_other() -> None:
    assert extract_parameters(passwords._DECOY) == extract_parameters(passwords.hash_password("x"))
    with pytest.raises(VerifyMismatchError):  # computed to the end, not refused as malformed
        passwords._hasher.verify(passwords._DECOY, PASSWORD)


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
