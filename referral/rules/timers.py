"""How long steps may last: versioned data, not code."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Timers:
    """The limits in force, with where they come from."""

    version: str
    source: str
    status: str
    limits: dict[str, timedelta]

    def __getitem__(self, step: str) -> timedelta:
        return self.limits[step]


def load(path: Path) -> Timers:
    """Read a timers file; seconds become timedeltas."""
    raw = tomllib.loads(path.read_text("utf-8"))
    limits = {step: timedelta(seconds=seconds) for step, seconds in raw["seconds"].items()}
    return Timers(raw["version"], raw["source"], raw["status"], limits)


TIMERS = load(Path(__file__).parents[1] / "timers.toml")
