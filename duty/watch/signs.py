"""What says that paging is impaired: pure judgement of one look.

Each sign is a fact about the installation, in seconds or counts, never about anybody. An alarm
puts up the banner "呼叫系统受损：请打电话"; an info is for those who run the installation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """Whether people must telephone, or operators must look."""

    ALARM = "alarm"
    INFO = "info"


class Sign(StrEnum):
    """呼叫引擎无心跳、升级超时、消息积压、通知监听中断、时钟偏差、通道故障、接口无响应、
    数据库不可达、缓存不可用、有投递被放弃、无人值守."""

    ENGINE_SILENT = "engine_silent"
    ESCALATION_OVERDUE = "escalation_overdue"
    MESSAGES_PENDING = "messages_pending"
    LISTENER_DEAD = "listener_dead"
    CLOCK_SKEW = "clock_skew"
    CHANNEL_FAILING = "channel_failing"
    API_UNREACHABLE = "api_unreachable"
    DATABASE_UNREACHABLE = "database_unreachable"
    VALKEY_DOWN = "valkey_down"
    ROWS_GIVEN_UP = "rows_given_up"
    UNWATCHED = "unwatched"


_FOR_OPERATORS = {Sign.VALKEY_DOWN, Sign.ROWS_GIVEN_UP, Sign.UNWATCHED}
"""Valkey only wakes; what was given up is over, and new pages ring; an unwatched installation may
be well. None of them sends anybody to the telephone."""

SEVERITY: Mapping[Sign, Severity] = {
    sign: Severity.INFO if sign in _FOR_OPERATORS else Severity.ALARM for sign in Sign
}


class ChannelTally(msgspec.Struct, frozen=True):
    """What one channel did in the last ten minutes."""

    channel: str
    sent: int
    failed: int


class CommitToSend(msgspec.Struct, frozen=True):
    """From commit to the first channel that took the page over, in the last hour, milliseconds."""

    n: int = 0
    p50: float | None = None
    p99: float | None = None


class PagingVitals(msgspec.Struct, frozen=True):
    """One look, as `paging_vitals()` and the public health answer give it.

    Attributes:
        at: the database's clock.
        engine_age_s: since the youngest heartbeat of any engine; None if there is none.
        listening: whether an engine hears NOTIFY; None if no engine is there to say so.
        skew_ms: the largest certain difference between a host's clock and the database's.
        overdue_s: how long the most overdue step of a ringing page waits for the engine.
        pending_s: how long the oldest message waits for a sender.
        given_up: outbox rows whose handler failed for good and nobody has decided about.
    """

    at: datetime
    engine_age_s: float | None = None
    listening: bool | None = None
    skew_ms: float | None = None
    live_pages: int = 0
    overdue_s: float = 0
    pending: int = 0
    pending_s: float = 0
    channels: tuple[ChannelTally, ...] = ()
    sent: CommitToSend = CommitToSend()
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on a fact is a sign. Heartbeats come every two seconds, looks every second."""

    engine_age_s: float = 10
    overdue_s: float = 5
    pending_s: float = 5
    skew_ms: float = 1000
    failures: int = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A sign with its measure; `channel` for those that belong to one."""

    sign: Sign
    value: float
    channel: str | None = None

    @property
    def key(self) -> str:
        """What makes it the same sign at the next look."""
        return str(self.sign) if self.channel is None else f"{self.sign}:{self.channel}"

    @property
    def severity(self) -> Severity:
        return SEVERITY[self.sign]


LIMITS = Limits()


def judge(seen: PagingVitals, limits: Limits = LIMITS) -> list[Found]:
    """The signs of one look, gravest first. No engine at all counts as silent for ever."""
    found: list[Found] = []
    if seen.engine_age_s is None or seen.engine_age_s > limits.engine_age_s:
        found.append(Found(Sign.ENGINE_SILENT, seen.engine_age_s or 0))
    if seen.overdue_s > limits.overdue_s:
        found.append(Found(Sign.ESCALATION_OVERDUE, seen.overdue_s))
    if seen.pending_s > limits.pending_s:
        found.append(Found(Sign.MESSAGES_PENDING, seen.pending_s))
    found += [
        Found(Sign.CHANNEL_FAILING, float(one.failed), one.channel)
        for one in seen.channels
        if fails(one, limits)
    ]
    if seen.skew_ms is not None and seen.skew_ms > limits.skew_ms:
        found.append(Found(Sign.CLOCK_SKEW, seen.skew_ms / 1000))
    if seen.listening is False:
        found.append(Found(Sign.LISTENER_DEAD, 0))
    if seen.given_up:
        found.append(Found(Sign.ROWS_GIVEN_UP, float(seen.given_up)))
    return found


def fails(channel: ChannelTally, limits: Limits = LIMITS) -> bool:
    """A provider fails when it refused `failures` messages and took fewer than it refused."""
    return channel.failed >= limits.failures and channel.failed > channel.sent
