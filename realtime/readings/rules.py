"""Time limits of readings: one shipped version, named in every reading."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec

MOST_S: Final = 10_800
"""The longest window that one reading covers, seconds."""


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Minutes to the signature, minutes from there to its receipt, acuity of the page when late."""

    sign_within_min: int
    receive_within_min: int
    level: str


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of the limits."""

    version: str
    source: str
    confidence: str
    urgent: Limit
    routine: Limit

    def of(self, urgency: str) -> Limit:
        """The limit of an urgency."""
        return self.urgent if urgency == "urgent" else self.routine


def shipped() -> Rules:
    """This release's limits."""
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Rules)


RULES: Final = shipped()
