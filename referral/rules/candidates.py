"""Which houses could take her, in which order, and why. Facts in, a list out; nothing is hidden.

A count that is too old is unknown, and unknown is never taken for free. A house that declared
itself closed is listed, below every house that is open, with its reason.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

Part = Literal["mother", "newborn"]
Standing = Literal["current", "stale", "never"]
Asked = Literal["asked", "accepted", "declined", "redirected", "withdrawn", "expired"]

TIERS = ("township", "county", "city", "province")
EARTH_KM = 6371.0
FAR = 10**6
"""Where the distance is unknown: behind every known one."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The data in force."""

    version: str
    source: str
    confidence: str
    status: str
    parallel_acuities: frozenset[str]
    parallel_count: int
    after_breach: bool
    order: tuple[str, ...]
    raw: dict[str, Any]


def load(path: Path) -> Rules:
    """Read the rules.

    Raises:
        ValueError: an order that could put a closed house first, or leave two houses equal.
    """
    raw = tomllib.loads(path.read_text("utf-8"))
    order = tuple(raw["ranking"]["order"])
    if order[0] != "unsuitable" or order[-1] != "code" or not set(order) <= set(_KEYS):
        raise ValueError(f"{path.name}: an order begins with unsuitable and ends with code")
    offering = raw["offering"]
    return Rules(
        version=raw["version"],
        source=raw["source"],
        confidence=raw["confidence"],
        status=raw["status"],
        parallel_acuities=frozenset(offering["parallel_acuities"]),
        parallel_count=offering["parallel_count"],
        after_breach=offering["after_breach"],
        order=order,
        raw=raw,
    )


@dataclass(frozen=True, slots=True)
class Count:
    """What a house says of one kind of place; `free` counts only while it is current."""

    free: int = 0
    held: int = 0
    standing: Standing = "never"
    age_minutes: int | None = None

    @property
    def open(self) -> int | None:
        """Free and not kept for anybody; None where nobody knows."""
        return max(0, self.free - self.held) if self.standing == "current" else None


NEVER = Count()


@dataclass(frozen=True, slots=True)
class HouseFacts:
    """One house that could be asked.

    `capabilities` is None for a house that never said what it can do.
    """

    id: UUID
    code: str
    tier: str
    designated: bool = False
    origin: bool = False
    capabilities: frozenset[str] | None = None
    counts: dict[str, Count] = field(default_factory=dict)
    km: float | None = None
    inbound: int = 0
    diverted: bool = False
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What is looked for."""

    condition: str
    acuity: str
    part: Part
    cots: int = 0
    gestation_days: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for or against, as a code with values; the screen has the words."""

    code: str
    favourable: bool
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One house in its place on the list."""

    house: HouseFacts
    rank: int
    suitable: bool
    minutes: int | None
    reasons: tuple[Reason, ...]


def kilometres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Great-circle distance between two (latitude, longitude) in degrees."""
    (lat1, lon1), (lat2, lon2) = here, there
    a = (
        sin(radians(lat2 - lat1) / 2) ** 2
        + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_KM * asin(min(1.0, sqrt(a)))


def minutes_for(km: float, rules: Rules) -> int:
    """An estimate of the way by road, preparation included."""
    travel = rules.raw["travel"]
    road = km * float(travel["road_factor"])
    return round(float(travel["prepare_minutes"]) + road / float(travel["speed_km_per_h"]) * 60)


def required_of(need: Need, rules: Rules) -> tuple[frozenset[str], frozenset[str]]:
    """(all of these, any of these) that a house must be able to do for `need`."""
    if need.part == "newborn":
        return frozenset(), _neonatal(need, rules)
    return frozenset(_of_condition(need, rules)["required"]), frozenset()


def _neonatal(need: Need, rules: Rules) -> frozenset[str]:
    data = rules.raw["neonatal"]
    early = need.gestation_days is not None and need.gestation_days < data["early_days"]
    return frozenset(data["early_any"] if early else data["any"])


def _of_condition(need: Need, rules: Rules) -> dict[str, list[str]]:
    conditions = rules.raw["conditions"]
    found: dict[str, list[str]] = conditions.get(need.condition, conditions["default"])
    return found


@dataclass(frozen=True, slots=True)
class _Judged:
    house: HouseFacts
    minutes: int | None
    bars: tuple[Reason, ...]
    reasons: tuple[Reason, ...]
    full: bool
    unknown: bool
    no_cot: bool
    wanted_missing: int


_KEYS: dict[str, Any] = {
    "unsuitable": lambda one: bool(one.bars),
    "designated": lambda one: not one.house.designated,
    "full": lambda one: one.full,
    "unknown": lambda one: one.unknown,
    "no_cot": lambda one: one.no_cot,
    "wanted": lambda one: one.wanted_missing,
    "minutes": lambda one: FAR if one.minutes is None else one.minutes,
    "load": lambda one: one.house.inbound,
    "tier": lambda one: -TIERS.index(one.house.tier),
    "code": lambda one: (one.house.code, str(one.house.id)),
}
"""What each word of the order compares; smaller comes first."""


def rank(need: Need, houses: Iterable[HouseFacts], rules: Rules) -> list[Candidate]:
    """Every house, the fittest first; the unsuitable below, with why."""
    judged = [_judge(need, house, rules) for house in houses]
    judged.sort(key=lambda one: tuple(_KEYS[word](one) for word in rules.order))
    return [
        Candidate(
            house=one.house,
            rank=number,
            suitable=not one.bars,
            minutes=one.minutes,
            reasons=(*one.bars, *one.reasons),
        )
        for number, one in enumerate(judged, 1)
    ]


def _judge(need: Need, house: HouseFacts, rules: Rules) -> _Judged:
    minutes = None if house.km is None else minutes_for(house.km, rules)
    places = rules.raw["places"][need.part]
    main = house.counts.get(places["needs"], NEVER)
    wanted = frozenset() if need.part == "newborn" else _wanted(need, rules)
    able = house.capabilities or frozenset()
    missing = wanted - able
    reasons = [*_position(house, minutes, rules), *_able(house, wanted)]
    needed = max(1, need.cots) if need.part == "newborn" else 1
    reasons.append(_places(places["needs"], main, needed))
    if need.acuity in places["also_acuities"]:
        reasons.append(_places(places["also"], house.counts.get(places["also"], NEVER), 1))
    no_cot = False
    if need.part == "mother" and need.cots:
        cots = house.counts.get(rules.raw["places"]["newborn"]["needs"], NEVER)
        # A mother may go where no cot is: then another house is asked for the newborn.
        no_cot = not _neonatal(need, rules) & able or cots.open is None or cots.open < need.cots
        reasons.append(_places("nicu_cot", cots, need.cots))
    return _Judged(
        house=house,
        minutes=minutes,
        bars=tuple(_bars(need, house, rules)),
        reasons=tuple(reasons),
        full=main.open is not None and main.open < needed,
        unknown=main.open is None,
        no_cot=no_cot,
        wanted_missing=len(missing),
    )


def _wanted(need: Need, rules: Rules) -> frozenset[str]:
    return frozenset(_of_condition(need, rules)["wanted"])


def _bars(need: Need, house: HouseFacts, rules: Rules) -> Iterable[Reason]:
    """Why this house is not asked."""
    if house.origin:
        yield Reason("origin", False)
    if house.asked in ("asked", "accepted", "declined", "redirected"):
        yield Reason(f"answer_{house.asked}", False)
    if house.diverted:
        yield Reason("diverted", False)
    lowest = rules.raw["tiers"][need.acuity]
    if TIERS.index(house.tier) < TIERS.index(lowest):
        yield Reason("tier_low", False, {"tier": lowest})
    if house.capabilities is not None:
        every, one_of = required_of(need, rules)
        lacking = sorted(every - house.capabilities)
        if one_of and not one_of & house.capabilities:
            lacking += sorted(one_of)
        if lacking:
            yield Reason("lacks", False, {"capabilities": lacking})


def _position(house: HouseFacts, minutes: int | None, rules: Rules) -> Iterable[Reason]:
    if house.designated:
        yield Reason("designated", True)
    if minutes is None or house.km is None:
        yield Reason("distance_unknown", False)
    else:
        road = round(house.km * float(rules.raw["travel"]["road_factor"]))
        yield Reason("distance", True, {"km": road, "minutes": minutes})
    if house.inbound:
        yield Reason("load", False, {"n": house.inbound})
    if house.asked in ("expired", "withdrawn"):
        yield Reason(f"answer_{house.asked}", False)


def _able(house: HouseFacts, wanted: frozenset[str]) -> Iterable[Reason]:
    if house.capabilities is None:
        yield Reason("capability_unknown", False)
        return
    if has := sorted(wanted & house.capabilities):
        yield Reason("can", True, {"capabilities": has})
    if lacks := sorted(wanted - house.capabilities):
        yield Reason("cannot", False, {"capabilities": lacks})


def _places(kind: str, count: Count, needed: int) -> Reason:
    values: dict[str, Any] = {"kind": kind, "needed": needed}
    if count.age_minutes is not None:
        values["age_minutes"] = count.age_minutes
    if count.open is None:
        return Reason(f"places_{count.standing}", False, values)
    values |= {"free": count.free, "held": count.held}
    code = "places_free" if count.open >= needed else "places_full"
    return Reason(code, count.open >= needed, values)


def first_to_ask(
    candidates: list[Candidate], acuity: str, designated: UUID | None, rules: Rules
) -> list[UUID]:
    """Whom a case that names no destination is offered to at once.

    One house, the fittest; for the acuities of the rules several side by side, the designated
    centre always among them: closed or full, it still owes advice.
    """
    fit = [one.house.id for one in candidates if one.suitable]
    if acuity not in rules.parallel_acuities:
        return fit[:1] or [house for house in (designated,) if house is not None]
    first = [] if designated is None else [designated]
    others = [id_ for id_ in fit if id_ != designated]
    return [*first, *others][: rules.parallel_count]


RULES = load(Path(__file__).parents[1] / "candidates.toml")
