"""The fields of the special-population list: data with a source, read once."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FormField:
    """One column of the list."""

    code: str
    zh: str
    en: str
    kind: str
    prefilled: bool


@dataclass(frozen=True, slots=True)
class FormCategory:
    """One kind of special population."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class SpecialForm:
    """The form in force, with where it comes from."""

    version: str
    source: str
    confidence: str
    fields: tuple[FormField, ...]
    categories: tuple[FormCategory, ...]


def load(path: Path) -> SpecialForm:
    """Read a form."""
    raw = tomllib.loads(path.read_text("utf-8"))
    return SpecialForm(
        version=raw["version"],
        source=raw["source"],
        confidence=raw["confidence"],
        fields=tuple(FormField(**row) for row in raw["fields"]),
        categories=tuple(FormCategory(**row) for row in raw["categories"]),
    )


SPECIAL_FORM = load(Path(__file__).parents[1] / "special.toml")
