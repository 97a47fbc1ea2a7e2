"""Argon2id (RFC 9106), off the event loop, two at a time.

Each check takes 64 MiB and tens of milliseconds of one core; two at a time keep a burst of logins
from starving the pages of an emergency.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from registry.people.errors import LoginBusy

AT_ONCE = 2
MAX_WAITING = 40
"""Beyond so many waiting logins a caller is told to come back: at most a few seconds of queue."""

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_DECOY = _hasher.hash("nobody's password, checked when the login is unknown")


class _Gate:
    def __init__(self) -> None:
        self.slots = asyncio.Semaphore(AT_ONCE)
        self.waiting = 0


_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, _Gate] = WeakKeyDictionary()


def hash_password(password: str) -> str:
    """An Argon2id hash to store; blocks for tens of milliseconds."""
    return _hasher.hash(password)


async def hash_off_loop(password: str) -> str:
    """`hash_password` in a thread, in line with the checks.

    Raises:
        LoginBusy: too many are waiting.
    """
    async with _turn():
        return await asyncio.to_thread(hash_password, password)


async def verify(stored: str | None, password: str) -> bool:
    """True if `password` fits; an unknown login (None) costs the same time.

    Raises:
        LoginBusy: too many checks are waiting.
    """
    async with _turn():
        fits = await asyncio.to_thread(_fits, stored or _DECOY, password)
    return fits and stored is not None


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    gate = _gates.setdefault(asyncio.get_running_loop(), _Gate())
    if gate.waiting >= MAX_WAITING:
        raise LoginBusy()
    gate.waiting += 1
    try:
        async with gate.slots:
            yield
    finally:
        gate.waiting -= 1


def _fits(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
