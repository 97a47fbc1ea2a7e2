"""Labelled points at which a process kills itself, and the other troubles it can be born with.

Production code knows nothing of this: the process's own entry wraps the named functions before it
starts. A point before a commit dies with the work undone, one after it dies with the work done and
nobody told.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.engine import EscalationEngine
from duty.notify import claims, delivery
from duty.notify.channels import webhook
from duty.notify.delivery import Delivery
from duty.notify.dispatch import Dispatcher
from kernel import clock
from kernel.relay import Relay
from kernel.wake import Listener
from tests.live.loopback import allow_loopback

COMMITS = ("page", "answer", "call_back", "step", "claim", "settle", "record", "relay.note")
CALLS = ("call", "relay.handle")
POINTS = tuple(
    f"{operation}.{moment}" for operation in COMMITS for moment in ("before_commit", "after_commit")
) + tuple(f"{operation}.{moment}" for operation in CALLS for moment in ("before", "after"))
"""Every labelled point."""

CLIENTS = ("page.", "answer.", "call_back.")
"""Points that lie in the process of whoever asks, not in engine or sender."""

LEASE = timedelta(seconds=2)
STEP_EVERY_S = 4.0
CALL_LIMIT_S = 1.0
"""Shorter than in service (10 s and 5 s), so that an hour's worth of leases fits into minutes; the
lease stays longer than every call."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a process is born with: a point to die at, deafness to NOTIFY, a clock that is wrong by
    so much, or that jumps by so much."""

    point: str = ""
    deaf: bool = False
    skew_s: float = 0.0
    step_s: float = 0.0


@dataclass(slots=True)
class _Doing:
    operation: str
    busy: bool = False


_DOING: ContextVar[_Doing | None] = ContextVar("doing", default=None)


@dataclass(slots=True)
class _Fuse:
    point: str = ""
    passed: list[str] = field(default_factory=list)

    def burn(self, label: str) -> None:
        if label == self.point:
            os.kill(os.getpid(), signal.SIGKILL)


_FUSE = _Fuse()


@contextmanager
def doing(operation: str, *, busy: bool = True) -> Iterator[_Doing]:
    """Commits inside belong to `operation`; they count once there is something to commit."""
    now = _Doing(operation, busy)
    token = _DOING.set(now)
    try:
        yield now
    finally:
        _DOING.reset(token)


def arm(trouble: Trouble) -> None:
    """Bring the trouble into this process."""
    _FUSE.point = trouble.point
    _shorten()
    _wrap_commits()
    _name(EscalationEngine, "_fire_one", "step", busy=False)
    _busy_after(EscalationEngine, "_fire", before=True)
    _name(Dispatcher, "_claim", "claim", busy=False)
    _busy_after(claims, "claim_due")
    _name(Dispatcher, "_write", "settle")
    _name(Delivery, "record", "record")
    _name(Relay, "_note_done", "relay.note")
    _surround(Relay, "_handle", "relay.handle")
    _surround(webhook.WebhookChannel, "send", "call")
    if trouble.deaf:
        # Connected and never told anything: every NOTIFY is lost.
        Listener._received = lambda *_: None  # type: ignore[method-assign]
    if trouble.skew_s:
        _skew(trouble.skew_s)
    if trouble.step_s:
        _step(trouble.step_s)


def _shorten() -> None:
    allow_loopback(CALL_LIMIT_S)
    Delivery.__init__.__kwdefaults__["lease"] = LEASE
    delivery.LEASE = LEASE


def _skew(by_s: float) -> None:
    honest = clock.SystemClock.now
    clock.SystemClock.now = lambda self: honest(self) + timedelta(seconds=by_s)  # type: ignore[method-assign]


def _step(by_s: float) -> None:
    """Right, then ahead, then behind, then right again, as where NTP corrects a host at work."""
    honest, born = clock.SystemClock.now, time.monotonic()

    def now(self: clock.SystemClock) -> datetime:
        turn = int((time.monotonic() - born) / STEP_EVERY_S) % 3
        return honest(self) + timedelta(seconds=(0, by_s, -by_s)[turn])

    clock.SystemClock.now = now  # type: ignore[method-assign]


def _wrap_commits() -> None:
    commit = AsyncSession.commit

    async def guarded_commit(self: AsyncSession) -> None:
        now = _DOING.get()
        if now is not None and now.busy:
            _FUSE.burn(f"{now.operation}.before_commit")
        await commit(self)
        if now is not None and now.busy:
            _FUSE.burn(f"{now.operation}.after_commit")

    AsyncSession.commit = guarded_commit  # type: ignore[method-assign]


def _name(owner: type, method: str, operation: str, *, busy: bool = True) -> None:
    inner: Callable[..., Any] = getattr(owner, method)

    async def named(*arguments: Any, **keywords: Any) -> Any:
        with doing(operation, busy=busy):
            return await inner(*arguments, **keywords)

    setattr(owner, method, named)


def _busy_after(owner: Any, function: str, *, before: bool = False) -> None:
    """The operation has something to commit once this was called (or found anything)."""
    inner: Callable[..., Any] = getattr(owner, function)

    async def noted(*arguments: Any, **keywords: Any) -> Any:
        found = await inner(*arguments, **keywords)
        now = _DOING.get()
        if now is not None and (before or found):
            now.busy = True
        return found

    setattr(owner, function, noted)


def _surround(owner: type, method: str, operation: str) -> None:
    inner: Callable[..., Any] = getattr(owner, method)

    async def surrounded(*arguments: Any, **keywords: Any) -> Any:
        _FUSE.burn(f"{operation}.before")
        found = await inner(*arguments, **keywords)
        _FUSE.burn(f"{operation}.after")
        return found

    setattr(owner, method, surrounded)
