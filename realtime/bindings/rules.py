"""Names of fetuses and codes of wristbands. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

Label = Literal["A", "B", "C"]
Means = Literal["list", "wristband", "case"]

FETAL: Final = ("fhr1", "fhr2", "fhr3")
LABELS: Final[tuple[Label, ...]] = ("A", "B", "C")
"""The fetuses behind `FETAL` until somebody says otherwise: 胎儿 A, B and C."""

OWN_CODE: Final = "yunshang:pregnancy:"
"""What our own printed code begins with; the pregnancy's id follows."""


def fetuses(channels: Sequence[str], labels: Sequence[str] | None) -> list[tuple[str, str]]:
    """Channel and label of each fetus of a recording, in the order of the channels."""
    named = zip(FETAL, labels or LABELS, strict=True)
    return [(channel, label) for channel, label in named if channel in channels]


def fetus_of(channel: int, channels: Sequence[str], labels: Sequence[str] | None) -> str | None:
    """Whom fetal channel 1-3 hears; None for other channels, and where the monitor hears one."""
    found = dict(fetuses(channels, labels))
    return found.get(f"fhr{channel}") if len(found) > 1 else None


def labels_valid(labels: Sequence[str]) -> bool:
    """Whether three channels got three different names."""
    return sorted(labels) == list(LABELS)


def own_code(code: str) -> UUID | None:
    """The pregnancy that our own printed code names; None for a foreign code."""
    if not code.lower().startswith(OWN_CODE):
        return None
    try:
        return UUID(code[len(OWN_CODE) :])
    except ValueError:
        return None
