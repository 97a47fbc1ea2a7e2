"""What is counted, how long a count may be believed, and whether a house is open. Pure."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

Standing = Literal["current", "stale", "never"]
DiversionScope = Literal["all", "maternal", "neonatal", "condition"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing a house has; blood has `subkeys` (ABO and Rh)."""

    code: str
    zh: str
    en: str
    group: str
    unit: str
    hold: str | None
    subkeys: tuple[str, ...]
    stale_after: timedelta


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The kinds and capabilities in force, with where they come from."""

    version: str
    source: str
    confidence: str
    status: str
    kinds: dict[str, Kind]
    capabilities: dict[str, tuple[str, str]]
    diversion_max: timedelta

    def known(self, kind: str, subkey: str) -> bool:
        """Whether such a thing is counted at all."""
        found = self.kinds.get(kind)
        if found is None:
            return False
        return subkey in found.subkeys if found.subkeys else subkey == ""

    def kind_of_hold(self, hold: str) -> str | None:
        """The kind that a hold of a transfer keeps, if it is counted."""
        return next((kind.code for kind in self.kinds.values() if kind.hold == hold), None)


def load(path: Path) -> Catalogue:
    """Read a catalogue, in its order."""
    raw = tomllib.loads(path.read_text("utf-8"))
    kinds = {
        code: Kind(
            code=code,
            zh=row["zh"],
            en=row["en"],
            group=row["group"],
            unit=row["unit"],
            hold=row.get("hold"),
            subkeys=tuple(row.get("subkeys", ())),
            stale_after=timedelta(minutes=row["stale_minutes"]),
        )
        for code, row in raw["kinds"].items()
    }
    return Catalogue(
        version=raw["version"],
        source=raw["source"],
        confidence=raw["confidence"],
        status=raw["status"],
        kinds=kinds,
        capabilities={code: (row["zh"], row["en"]) for code, row in raw["capabilities"].items()},
        diversion_max=timedelta(hours=raw["limits"]["diversion_max_hours"]),
    )


CATALOGUE = load(Path(__file__).parent / "catalogue.toml")


def standing(kind: str, reported_at: datetime | None, now: datetime) -> Standing:
    """Whether a count may be shown as current. A kind that is no longer counted is stale."""
    if reported_at is None:
        return "never"
    known = CATALOGUE.kinds.get(kind)
    if known is None or now - reported_at > known.stale_after:
        return "stale"
    return "current"


@dataclass(frozen=True, slots=True)
class Closure:
    """A declared diversion."""

    facility_id: UUID
    scope: DiversionScope
    condition: str | None
    until: datetime
    ended_at: datetime | None = None
    reason: str = ""

    def live(self, now: datetime) -> bool:
        """In force: not ended by a person and not run out."""
        return self.ended_at is None and now < self.until

    def turns_away(self, condition: str, part: Literal["maternal", "neonatal"]) -> bool:
        """Whether somebody with this condition, or her newborn, is turned away."""
        return self.scope in ("all", part) or (
            self.scope == "condition" and self.condition == condition
        )


def closed_to(
    closures: Iterable[Closure],
    condition: str,
    part: Literal["maternal", "neonatal"],
    now: datetime,
) -> Closure | None:
    """The declared diversion that turns this case away longest, if one does."""
    found = [one for one in closures if one.live(now) and one.turns_away(condition, part)]
    return max(found, key=lambda one: one.until, default=None)
