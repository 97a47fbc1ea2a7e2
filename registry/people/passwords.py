"""Argon2id (RFC 9106), off the event loop, two at a time.

Each check takes 64 MiB and tens of milliseconds of one core; two at a time keep a burst of logins
from starving the pages of an emergency.
"""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from registry.people.errors import LoginBusy

AT_ONCE = 2
MAX_WAITING = 40
"""Beyond so many waiting logins a caller is told to come back: at most a few seconds of queue."""

COST = RFC_9106_LOW_MEMORY
_hasher = PasswordHasher.from_parameters(COST)


class _Gate:
    def __init__(self) -> None:
        self.slots = asyncio.Semaphore(AT_ONCE)
        self.waiting = 0


def _decoy(cost: Parameters) -> str:
    """A hash that no password fits, of this cost; made without paying it."""
    salt, digest = (_unpadded(secrets.token_bytes(n)) for n in (cost.salt_len, cost.hash_len))
    price = f"m={cost.memory_cost},t={cost.time_cost},p={cost.parallelism}"
    return f"$argon2id$v={cost.version}${price}${salt}${digest}"


def _unpadded(value: bytes) -> str:
    return b64encode(value).decode().rstrip("=")


_DECOY = _decoy(COST)
"""Checked when the login is unknown, so that the answer takes as long."""

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
