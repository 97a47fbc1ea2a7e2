"""When the record of a call is a late entry: one shipped version."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many minutes after the call's end its record is late."""

    version: str
    source: str
    confidence: str
    minutes: int

    def of(self, called_at: datetime, lasted_min: int, recorded_at: datetime) -> bool:
        """Whether a record of `recorded_at` is late for a call of `lasted_min` minutes."""
        return recorded_at - called_at > timedelta(minutes=lasted_min + self.minutes)


def shipped() -> Late:
    """This release's."""
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["late"], Late)


LATE: Final = shipped()
