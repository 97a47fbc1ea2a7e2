"""One version of the time limits, and the bounds inside which a house or region may set its own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

SHIPPED: Final = Path(__file__).with_name("limits.toml")

BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "urgent_sign_min": (3, 30),
    "urgent_receive_min": (3, 30),
    "routine_sign_min": (10, 240),
    "routine_receive_min": (10, 480),
}
"""What may be chosen, both ends included, minutes. The platform's own judgement, 待核实: no limit
is so short that nobody can keep it, none so long that a reading waits for the next shift."""


class ReadingLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Minutes from the request to the signature, and from there to the receipt at the bedside."""

    urgent_sign_min: int
    urgent_receive_min: int
    routine_sign_min: int
    routine_receive_min: int

    def to_sign(self, urgency: str) -> timedelta:
        """How long a reading of this urgency may wait for its signature."""
        urgent = urgency == "urgent"
        return timedelta(minutes=self.urgent_sign_min if urgent else self.routine_sign_min)

    def to_receive(self, urgency: str) -> timedelta:
        """How long a signed one may wait for its receipt."""
        urgent = urgency == "urgent"
        return timedelta(minutes=self.urgent_receive_min if urgent else self.routine_receive_min)


class ReadingLimitsText(ReadingLimits, frozen=True, forbid_unknown_fields=True):
    """Limits with where they come from and how sure that is."""

    source: str
    confidence: str


def out_of_bounds(limits: ReadingLimits) -> list[tuple[str, int, int]]:
    """Fields outside `BOUNDS`, or urgent ones slower than routine, with what they may be."""
    wrong = []
    for name, (least, most) in BOUNDS.items():
        if name.startswith("urgent_"):
            most = min(most, getattr(limits, name.replace("urgent_", "routine_")))
        if not least <= getattr(limits, name) <= most:
            wrong.append((name, least, most))
    return wrong


def shipped() -> ReadingLimitsText:
    """The platform's default of this release."""
    return msgspec.convert(tomllib.loads(SHIPPED.read_text("utf-8"))["default"], ReadingLimitsText)
