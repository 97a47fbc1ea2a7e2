"""Pure: the data set of the road, oxygen, estimates from positions, the order of entries."""

import math
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from kernel.confidence import Confidence

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""


class Sourced(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rule comes from; B and I are 待核实."""

    source: str
    confidence: Confidence


class Item(Sourced, frozen=True, kw_only=True):
    """One line of a checklist."""

    code: str
    zh: str
    en: str


class Cylinder(Sourced, frozen=True, kw_only=True):
    """A size of oxygen cylinder."""

    code: str
    water_l: float
    full_mpa: float


class OxygenRule(Sourced, frozen=True, kw_only=True):
    """How much oxygen has to be on board beyond the trip itself."""

    margin_min: int
    cylinders: list[Cylinder]


class PositionRule(Sourced, frozen=True, kw_only=True):
    """How positions are taken and read."""

    sample_s: int
    near_m: int
    road_factor: float
    fallback_kmh: float
    slowest_kmh: float
    window_s: int
    keep_days: int


class SyncRule(Sourced, frozen=True, kw_only=True):
    """When an entry counts as late."""

    prompt_s: int
    poll_s: int


class LinkRule(Sourced, frozen=True, kw_only=True):
    """How long links live, in seconds."""

    crew_longest: int
    crew_grace: int
    outside_unit: int
    outside_door: int
    outside_grace: int


class RoadData(msgspec.Struct, frozen=True, kw_only=True):
    """The data set in force."""

    version: str
    links: LinkRule
    oxygen: OxygenRule
    position: PositionRule
    sync: SyncRule
    kit: list[Item]
    documents: list[Item]


def _load() -> RoadData:
    raw: dict[str, Any] = tomllib.loads(Path(__file__).with_name("crew.toml").read_text("utf-8"))
    return msgspec.convert(raw, RoadData)


DATA = _load()


def oxygen_needed_l(flow_l_per_min: float, trip_min: float) -> float:
    """Litres of gas for the whole trip and the margin."""
    return flow_l_per_min * (trip_min + DATA.oxygen.margin_min)


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two (latitude, longitude), in kilometres (haversine)."""
    lat1, lon1, lat2, lon2 = (math.radians(value) for value in (*a, *b))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


@dataclass(frozen=True, slots=True)
class Fix:
    """Where the vehicle was."""

    at: datetime
    place: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What positions say: an estimate, never a milestone."""

    eta: datetime
    distance_km: float
    speed_kmh: float
    near: bool


def estimate(fixes: Sequence[Fix], destination: tuple[float, float]) -> Estimate | None:
    """When she will be there if it goes on as in the last minutes; None without a position."""
    if not fixes:
        return None
    rule = DATA.position
    ordered = sorted(fixes, key=lambda fix: fix.at)
    last = ordered[-1]
    recent = [fix for fix in ordered if last.at - fix.at <= timedelta(seconds=rule.window_s)]
    speed = max(_speed_kmh(recent), rule.slowest_kmh)
    straight = distance_km(last.place, destination)
    hours = straight * rule.road_factor / speed
    near = straight * 1000 <= rule.near_m
    return Estimate(last.at + timedelta(hours=hours), straight, speed, near)


def _speed_kmh(fixes: Sequence[Fix]) -> float:
    """Road speed between neighbouring fixes, the median, so that one wild fix changes little."""
    rule = DATA.position
    found = []
    for before, after in pairwise(fixes):
        hours = (after.at - before.at).total_seconds() / 3600
        if hours > 0:
            found.append(distance_km(before.place, after.place) * rule.road_factor / hours)
    return min(median(found), 160.0) if found else rule.fallback_kmh


def corrected(at: datetime, offset_ms: int, now: datetime) -> datetime:
    """A device's moment on the server's clock; never after now, whatever the device believes."""
    return min(at + timedelta(milliseconds=offset_ms), now)


def trusted_offset_ms(device_now: datetime, measured_ms: int | None, now: datetime) -> int:
    """The measured offset, unless it contradicts what the request itself shows by over a minute."""
    shown = round((now - device_now).total_seconds() * 1000)
    if measured_ms is None or abs(measured_ms - shown) > 60_000:
        return shown
    return measured_ms


def is_prompt(at: datetime, now: datetime) -> bool:
    """Sent when it happened; anything older is a late entry."""
    return now - at <= timedelta(seconds=DATA.sync.prompt_s)


def runnable(settled: int, waiting: Iterable[int]) -> list[int]:
    """Which of the waiting entries can be carried out now, in order.

    A phone numbers its entries from 1 without gaps; each waits for the ones before it. Whatever
    the order in which batches arrive, and however often, the entries run once and in this order.

    Args:
        settled: the number up to which everything has been carried out or refused.
        waiting: numbers that have arrived and have not been dealt with.
    """
    present, found = set(waiting), []
    while settled + 1 in present:
        settled += 1
        found.append(settled)
    return found
