"""What each form is expected to say, as data; shown as missing, never enforced."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Forms:
    """One edition of the expectations."""

    version: str
    source: str
    confidence: str
    mother: tuple[str, ...]
    identity: tuple[str, ...]
    newborn: tuple[str, ...]


def load(path: Path) -> Forms:
    """Read an edition."""
    raw = tomllib.loads(path.read_text("utf-8"))
    return Forms(
        version=raw["version"],
        source=raw["source"],
        confidence=raw["confidence"],
        mother=tuple(raw["mother"]),
        identity=tuple(raw["identity"]),
        newborn=tuple(raw["newborn"]),
    )


def missing(expected: tuple[str, ...], known: Mapping[str, object]) -> list[str]:
    """Expected fields that nobody has filled, in the form's order."""
    return [name for name in expected if known.get(name) in (None, "", [])]


FORMS = load(Path(__file__).parents[1] / "forms.toml")
