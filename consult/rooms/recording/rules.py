"""What is agreed to and how long recordings are kept: one shipped version of each."""

import calendar
import tomllib
from datetime import date
from pathlib import Path
from typing import Final

import msgspec


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text that everybody in the room agrees to."""

    version: str
    source: str
    confidence: str
    zh: str
    en: str


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a recording is kept; then its files are erased."""

    version: str
    source: str
    confidence: str
    months: int

    def until(self, day: date) -> date:
        """The last day on which a recording of `day` is kept."""
        years, month = divmod(day.month - 1 + self.months, 12)
        year, month = day.year + years, month + 1
        return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both."""

    consent: Consent
    retention: Retention


def shipped() -> Rules:
    """This release's."""
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Rules)


RULES: Final = shipped()
