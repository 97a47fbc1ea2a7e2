"""Alarm limits: one immutable version, and the bounds inside which a unit may set its own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

SHIPPED: Final = Path(__file__).with_name("limits.toml")

BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "low_bpm": (80, 120),
    "low_delay_s": (5, 120),
    "high_bpm": (150, 200),
    "high_delay_s": (5, 300),
    "loss_delay_s": (10, 300),
    "together_bpm": (3, 10),
    "maternal_delay_s": (5, 60),
    "same_fetus_delay_s": (10, 120),
    "silent_s": (5, 60),
    "offline_s": (10, 120),
    "remind_s": (60, 600),
    "escalate_s": (30, 600),
    "silence_max_s": (30, 300),
}
"""What a unit may choose, both ends included. The platform's own judgement, 待核实: wide enough for
every limit that the sources name, too narrow to switch an alarm off."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When an alarm is raised, said again and handed on.

    Rates in beats per minute; delays in seconds that the condition must hold; `together_bpm`: two
    rates no further apart than this are taken for the same heart; `silence_max_s`: the longest
    that one alarm's sound may be paused.
    """

    low_bpm: int
    low_delay_s: int
    high_bpm: int
    high_delay_s: int
    loss_delay_s: int
    together_bpm: int
    maternal_delay_s: int
    same_fetus_delay_s: int
    silent_s: int
    offline_s: int
    remind_s: int
    escalate_s: int
    silence_max_s: int

    @property
    def longest_delay_s(self) -> int:
        """How long any condition on samples must hold at most."""
        return max(
            self.low_delay_s,
            self.high_delay_s,
            self.loss_delay_s,
            self.maternal_delay_s,
            self.same_fetus_delay_s,
        )


class LimitsText(Limits, frozen=True, forbid_unknown_fields=True):
    """Limits with where they come from and how sure that is."""

    source: str
    confidence: str


def out_of_bounds(limits: Limits) -> list[str]:
    """Names of the fields that lie outside `BOUNDS`."""
    return [
        name for name, (least, most) in BOUNDS.items() if not least <= getattr(limits, name) <= most
    ]


def shipped() -> LimitsText:
    """The platform's default of this release."""
    return msgspec.convert(tomllib.loads(SHIPPED.read_text("utf-8"))["default"], LimitsText)
