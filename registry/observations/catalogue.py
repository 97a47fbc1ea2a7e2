"""The catalogue of observations: data with sources, read once. Pure."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from kernel.confidence import Confidence

Kind = Literal["number", "word", "flag", "derived"]
Group = Literal["vital", "loss", "fetal", "lab", "body", "newborn", "state"]
Subject = Literal["mother", "newborn"]


class Unit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A unit by its UCUM code: how it is shown and how else it is written."""

    shown: str
    spellings: tuple[str, ...] = ()


class Conversion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """canonical = (value − minus) × factor."""

    unit: str
    factor: float
    minus: float = 0.0


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the words an observation may be."""

    zh: str
    en: str


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One observation; `fresh` in minutes, ranges in the canonical unit, both ends inside."""

    zh: str
    en: str
    group: Group
    kind: Kind
    fresh: int
    unit: str | None = None
    also: tuple[Conversion, ...] = ()
    decimals: int = 0
    plausible: tuple[float, float] | None = None
    caution: tuple[float, float] | None = None
    words: dict[str, Word] = {}
    usual: tuple[str, ...] = ()
    of: tuple[Subject, ...] = ("mother",)
    loinc: str | None = None
    source: str = ""
    confidence: Confidence | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """The units it may arrive in, the canonical one first."""
        return () if self.unit is None else (self.unit, *(one.unit for one in self.also))


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All observations, in the file's order."""

    version: str
    valid_from: date
    source: str
    confidence: Confidence
    units: dict[str, Unit]
    codes: dict[str, Item]

    def unit_named(self, written: str) -> str:
        """The UCUM code of a unit as people write it; what nobody knows comes back as it is."""
        wanted = written.strip()
        for code, unit in self.units.items():
            if wanted == code or wanted == unit.shown or wanted in unit.spellings:
                return code
        return wanted

    def shown(self, unit: str | None) -> str:
        """A unit as it stands on screens."""
        return "" if unit is None else self.units[unit].shown


def load(path: Path) -> Catalogue:
    """Read a catalogue; sources and confidence of the file stand where an item has none."""
    read = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Catalogue)
    filled = {
        code: msgspec.structs.replace(
            item,
            source=item.source or read.source,
            confidence=item.confidence or read.confidence,
        )
        for code, item in read.codes.items()
    }
    return msgspec.structs.replace(read, codes=filled)


CATALOGUE = load(Path(__file__).parent / "catalogue.toml")
