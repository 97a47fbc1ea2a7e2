"""How long a guest's link waits to be opened, and how long it lasts then."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One shipped version."""

    version: str
    source: str
    confidence: str
    open_within_min: int
    lasts_h: int

    @property
    def open_within(self) -> timedelta:
        """From being given to being opened."""
        return timedelta(minutes=self.open_within_min)

    @property
    def lasts(self) -> timedelta:
        """From being given to its end, whoever is still in the room."""
        return timedelta(hours=self.lasts_h)


def shipped() -> Rules:
    """This release's."""
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Rules)


RULES: Final = shipped()
