"""Pure: which of a person's points ring, and when. The page and the preview ask the same function.

A wish may delay a channel, keep it quiet at night or turn it off. In an emergency the floor rings
at once whatever was wished, and quiet hours count for nothing.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from uuid import UUID

import msgspec

IN_APP = "in_app"
VOICE = "voice"
GROUP_CHATS = frozenset({"wecom_robot", "dingtalk_robot"})
"""What is said there is said to everybody at once."""


class Redial(msgspec.Struct, frozen=True):
    """How often and in which rhythm a telephone rings, and how many numbers one after another."""

    every_s: int
    times: int
    numbers: int


class Reaching(msgspec.Struct, frozen=True):
    """The data set: floor, delays and redialling, with its source and confidence."""

    version: str
    source: str
    confidence: str
    floor: frozenset[str]
    routine_levels: frozenset[str]
    emergency_delay_s: Mapping[str, int]
    routine_delay_s: Mapping[str, int]
    redial: Redial

    def emergency(self, level: str) -> bool:
        """True unless the level is known to wait: what is unknown is urgent."""
        return level not in self.routine_levels

    def delay_s(self, channel: str, *, emergency: bool) -> int:
        """Seconds after the page where nothing else is wished."""
        return (self.emergency_delay_s if emergency else self.routine_delay_s).get(channel, 0)


def load(path: Path | None = None) -> Reaching:
    """Read the data set."""
    found = path or Path(__file__).with_name("reaching.toml")
    return msgspec.convert(tomllib.loads(found.read_text("utf-8")), Reaching)


DATA = load()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wishes of one channel; quiet hours are local times of day, possibly over
    midnight. None: as the data set says."""

    delay_s: int | None = None
    off: bool = False
    quiet_from: time | None = None
    quiet_to: time | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A number or an address that works, without saying where it leads."""

    id: UUID
    channel: str
    rank: int = 1


@dataclass(frozen=True, slots=True)
class Ring:
    """One message to one point, `after_s` seconds from now; `ring` counts the calls of a number."""

    point_id: UUID
    channel: str
    after_s: int
    ring: int = 1


NO_WISH = Wish()


def plan(
    points: Iterable[Point],
    wishes: Mapping[str, Wish],
    level: str,
    local: datetime,
    data: Reaching = DATA,
) -> list[Ring]:
    """What rings outside the browser, earliest first.

    Args:
        points: the person's points that have been verified.
        wishes: by channel.
        level: the page's level; decides whether it is an emergency.
        local: now, at the person's place.
    """
    emergency = data.emergency(level)
    rings: list[Ring] = []
    for channel, group in groupby(sorted(points, key=_order), key=lambda point: point.channel):
        wish = wishes.get(channel, NO_WISH)
        held = emergency and channel in data.floor
        if wish.off and not held:
            continue
        after_s = 0 if held else _delay_s(channel, wish, emergency, local, data)
        rings += _channel(channel, list(group), after_s, data.redial)
    return sorted(rings, key=lambda ring: (ring.after_s, ring.channel, ring.ring, ring.point_id))


def _order(point: Point) -> tuple[str, int, UUID]:
    return (point.channel, point.rank, point.id)


def _delay_s(channel: str, wish: Wish, emergency: bool, local: datetime, data: Reaching) -> int:
    delay_s = wish.delay_s
    if delay_s is None:
        delay_s = data.delay_s(channel, emergency=emergency)
    return delay_s if emergency else max(delay_s, quiet_for_s(wish, local))


def _channel(channel: str, points: Sequence[Point], after_s: int, redial: Redial) -> list[Ring]:
    """A telephone is rung number after number; what makes no noise goes to all points at once."""
    if channel != VOICE:
        return [Ring(point.id, channel, after_s) for point in points]
    calls = redial.times + 1
    return [
        Ring(point.id, channel, after_s + (number * calls + call) * redial.every_s, call + 1)
        for number, point in enumerate(points[: redial.numbers])
        for call in range(calls)
    ]


def quiet_for_s(wish: Wish, local: datetime) -> int:
    """Seconds until the quiet hours end; 0 outside them."""
    start, end = wish.quiet_from, wish.quiet_to
    if start is None or end is None or start == end:
        return 0
    now = local.time().replace(tzinfo=None)
    inside = start <= now < end if start < end else (now >= start or now < end)
    if not inside:
        return 0
    until = datetime.combine(local.date(), end, local.tzinfo)
    if until <= local:
        until += timedelta(days=1)
    return int((until - local).total_seconds())
