"""The one line at the end: medians over the rounds, ratios of what ran beside each other."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.bench.ctg.runs import Run


@dataclass(slots=True)
class Found:
    """All runs, by profile, in the order of their rounds."""

    runs: dict[str, list[Run]] = field(default_factory=dict)

    def add(self, one: Run) -> None:
        """One more run."""
        self.runs.setdefault(one.profile.name, []).append(one)

    def valid(self, name: str) -> list[Run]:
        """Runs whose generator kept its schedule."""
        return [one for one in self.runs.get(name, []) if not one.void]

    def median(self, name: str, what: Callable[[Run], float | None]) -> float | None:
        """Median over the rounds; None where there is no valid one."""
        values = [value for one in self.valid(name) if (value := what(one)) is not None]
        return round(statistics.median(values), 2) if values else None

    @property
    def ours(self) -> Iterator[Run]:
        """Every run of the gateway, void or not: losing is never excused."""
        return (o for many in self.runs.values() for o in many if o.profile.server == "gateway")

    @property
    def broken(self) -> bool:
        """Whether the gateway lost, doubled, reordered or damaged anything, or cut anybody off."""
        return any(
            one.acked_lost
            or one.stored_twice
            or one.said["sent"] != one.said["acked"]
            or any(one.said[name] for name in ("gaps", "dups", "crc", "cut"))
            for one in self.ours
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure must reach at full size on a quiet machine with two cores."""

    name: str
    limit: float
    at_least: bool = False

    def met(self, value: float | None) -> bool:
        """Whether it is reached; a figure that is not there reaches nothing."""
        if value is None:
            return False
        return value >= self.limit if self.at_least else value <= self.limit


BARS: Final = (
    Bar("sample_to_viewer_p99_ms", 150),
    Bar("aligned_p99_ms", 250),
    Bar("ack_p99_ms", 250),
    Bar("cpu_us_per_sample_mux", 10),
    Bar("mosquitto_ratio", 1.2),
    Bar("naive_ratio", 8, at_least=True),
    Bar("kib_per_connection", 25),
    Bar("acked_lost", 0),
    Bar("gaps", 0),
    Bar("dups", 0),
)


def _cost(one: Run) -> float:
    return one.us


def _ratio(found: Found, above: str, below: str) -> float | None:
    """Median cost of one over median cost of the other."""
    top, bottom = found.median(above, _cost), found.median(below, _cost)
    return round(top / bottom, 2) if top and bottom else None


def figures(found: Found) -> dict[str, Any]:
    """The last line."""
    ours = list(found.ours)
    mux = found.runs.get("mux", [])
    return {
        "monitors": mux[0].profile.monitors if mux else None,
        "sample_to_viewer_p99_ms": found.median("mux", lambda one: one.said["view_ms"]["p99"]),
        "aligned_p99_ms": found.median("aligned", lambda one: one.said["view_ms"]["p99"]),
        "ack_p99_ms": found.median("mux", lambda one: one.said["ack_ms"]["p99"]),
        "cpu_us_per_sample_mux": found.median("mux", _cost),
        "cpu_us_per_sample_single": found.median("single", _cost),
        "cpu_us_per_sample_patient": found.median("patient", _cost),
        "mosquitto_ratio": _ratio(found, "single", "mosquitto"),
        "mosquitto_ratio_patient": _ratio(found, "patient", "mosquitto"),
        "naive_ratio": _ratio(found, "naive", "small"),
        "echo_ratio": _ratio(found, "plain", "echo"),
        "kib_per_connection": found.median("plain", lambda one: one.kib_per_connection),
        "gateway_pss_mb": found.median("mux", lambda one: one.pss_mb),
        "acked_lost": sum(one.acked_lost for one in ours),
        "gaps": sum(one.said["gaps"] for one in ours),
        "dups": sum(one.said["dups"] + one.stored_twice for one in ours),
    }


def judged(line: dict[str, Any]) -> list[str]:
    """Each bar, reached or missed, for people."""
    return [
        f"{'reached' if bar.met(line[bar.name]) else 'MISSED '}  {bar.name} {line[bar.name]}"
        f" ({'at least' if bar.at_least else 'at most'} {bar.limit:g})"
        for bar in BARS
    ]
