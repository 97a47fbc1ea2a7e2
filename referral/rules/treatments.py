"""The catalogue of treatments: data with a source, read once."""

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

GROUPS = (
    "uterotonic",
    "antifibrinolytic",
    "seizure",
    "pressure",
    "fetus",
    "infection",
    "fluid",
    "blood",
    "airway",
    "procedure",
    "newborn",
    "other",
)
ROUTES = (
    "iv",
    "iv_drip",
    "im",
    "oral",
    "sublingual",
    "rectal",
    "myometrial",
    "tracheal",
    "mask",
    "nasal",
)


@dataclass(frozen=True, slots=True)
class TreatmentEntry:
    """Something that can be given or done; the first unit and route are offered first."""

    code: str
    zh: str
    en: str
    group: str
    subject: str
    units: tuple[str, ...]
    routes: tuple[str, ...]
    milestone: str | None
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Treatments:
    """One edition of the catalogue."""

    version: str
    valid_from: date
    source: str
    confidence: str
    status: str
    entries: dict[str, TreatmentEntry]


def load(path: Path) -> Treatments:
    """Read an edition, in its order."""
    raw = tomllib.loads(path.read_text("utf-8"))
    return Treatments(
        version=raw["version"],
        valid_from=raw["valid_from"],
        source=raw["source"],
        confidence=raw["confidence"],
        status=raw["status"],
        entries={
            code: TreatmentEntry(
                code=code,
                zh=row["zh"],
                en=row["en"],
                group=row["group"],
                subject=row["for"],
                units=tuple(row["units"]),
                routes=tuple(row["routes"]),
                milestone=row.get("milestone"),
                source=row.get("source", raw["source"]),
                confidence=row.get("confidence", raw["confidence"]),
            )
            for code, row in raw["treatments"].items()
        },
    )


TREATMENTS = load(Path(__file__).parent.parent / "treatments.toml")
