"""Pure: what is wrong with a place of the roster, and how badly."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from duty.notify.contacts.checks import Proof, standing

SOON = timedelta(hours=1)
"""Whoever comes on call within this time should already be reachable."""


class Mark(StrEnum):
    """缺岗、没有可用的联系方式、测试过期、没有语音、设备不在线、未上岗."""

    GAP = "gap"
    NO_POINT = "no_point"
    STALE = "stale"
    NO_VOICE = "no_voice"
    AWAY = "away"
    NOT_SIGNED_ON = "not_signed_on"


GRAVITY = {mark: number for number, mark in enumerate(reversed(Mark), 1)}
"""The order above: an empty place is worst, a missing sign-on least."""


@dataclass(frozen=True, slots=True)
class Point:
    """A contact point as far as its working is known."""

    channel: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class Here:
    """What is known of somebody's devices."""

    signed_on: bool
    online: bool


def marks(
    *,
    filled: bool,
    required: bool,
    starts_in: timedelta,
    here: Here,
    points: Collection[Point],
    at: datetime,
) -> list[Mark]:
    """Everything wrong with one place, worst first.

    Devices are asked only of those on call now or soon: nobody signs on for tomorrow.
    """
    if not filled:
        return [Mark.GAP] if required else []
    found: list[Mark] = []
    standings = {one.channel: standing(one.proof, at) for one in points}
    working = [channel for channel, state in standings.items() if state == "ok"]
    if not working:
        found.append(Mark.STALE if "stale" in standings.values() else Mark.NO_POINT)
    elif "voice" not in working:
        found.append(Mark.NO_VOICE)
    if working and "stale" in standings.values():
        found.append(Mark.STALE)
    if starts_in <= timedelta(0):
        if not here.online:
            found.append(Mark.AWAY)
        if not here.signed_on:
            found.append(Mark.NOT_SIGNED_ON)
    elif starts_in <= SOON and not here.online and not working:
        found.append(Mark.AWAY)
    return sorted(found, key=lambda mark: -GRAVITY[mark])


def gravity(found: Collection[Mark]) -> int:
    """How bad the worst of them is; 0: nothing is wrong."""
    return max((GRAVITY[mark] for mark in found), default=0)
