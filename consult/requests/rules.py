"""Time limits of consultations: one shipped version, named in every consultation."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Minutes to an answer, to the beginning, to the decision; acuity of the page when late."""

    answer_within_min: int
    begin_within_min: int
    decide_within_min: int
    level: str


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of the limits."""

    version: str
    source: str
    confidence: str
    remind_before_min: int
    urgent: Limit
    ordinary: Limit

    def of(self, urgency: str) -> Limit:
        """The limit of an urgency."""
        return self.urgent if urgency == "urgent" else self.ordinary


def shipped() -> Rules:
    """This release's limits."""
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Rules)


RULES: Final = shipped()
