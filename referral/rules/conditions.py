"""The catalogue of conditions: data with a source, read once."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One condition that a case can be sent with."""

    code: str
    zh: str
    en: str
    icon: str
    subject: str
    needs_neonatal: bool
    acuity: str
    source: str
    confidence: str


def load(path: Path) -> dict[str, ConditionRow]:
    """Read a catalogue, in its order."""
    raw = tomllib.loads(path.read_text("utf-8"))
    return {
        code: ConditionRow(
            code=code,
            zh=row["zh"],
            en=row["en"],
            icon=row["icon"],
            subject=row["subject"],
            needs_neonatal=row["needs_neonatal"],
            acuity=row["acuity"],
            source=row.get("source", raw["source"]),
            confidence=row.get("confidence", raw["confidence"]),
        )
        for code, row in raw["conditions"].items()
    }


CATALOGUE = load(Path(__file__).parents[1] / "conditions.toml")
