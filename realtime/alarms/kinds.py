"""What can be wrong with a live tracing, and how loudly it is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class AlarmKind(StrEnum):
    """One condition. Fetal ones are per channel: a twin's alarm is not her sibling's."""

    BRADYCARDIA = "bradycardia"
    TACHYCARDIA = "tachycardia"
    SIGNAL_LOSS = "signal_loss"
    MATERNAL_RATE = "maternal_rate"
    SAME_FETUS = "same_fetus"
    BATTERY_LOW = "battery_low"
    DEVICE_SILENT = "device_silent"
    OFFLINE = "offline"


class Priority(StrEnum):
    """IEC 60601-1-8: how fast somebody must act."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Spec:
    """How one kind is handled.

    Attributes:
        priority: colour, rhythm and sound at the screens.
        level: acuity of the page when nobody answers; None: nobody is ever rung for it.
        lasting: acknowledged and still there, it is said again after the limits' `remind_s`.
    """

    priority: Priority
    level: str | None
    lasting: bool


SPECS: Final[Mapping[AlarmKind, Spec]] = {
    AlarmKind.BRADYCARDIA: Spec(Priority.HIGH, "critical", lasting=True),
    AlarmKind.TACHYCARDIA: Spec(Priority.MEDIUM, "urgent", lasting=True),
    AlarmKind.SIGNAL_LOSS: Spec(Priority.MEDIUM, "urgent", lasting=True),
    # A short coincidence is common and mostly harmless: shown early, nobody is rung.
    AlarmKind.MATERNAL_RATE: Spec(Priority.MEDIUM, None, lasting=True),
    AlarmKind.SAME_FETUS: Spec(Priority.LOW, None, lasting=False),
    AlarmKind.BATTERY_LOW: Spec(Priority.LOW, None, lasting=False),
    AlarmKind.DEVICE_SILENT: Spec(Priority.MEDIUM, "urgent", lasting=False),
    AlarmKind.OFFLINE: Spec(Priority.MEDIUM, "urgent", lasting=False),
}

SAMPLED: Final = (
    AlarmKind.BRADYCARDIA,
    AlarmKind.TACHYCARDIA,
    AlarmKind.SIGNAL_LOSS,
    AlarmKind.MATERNAL_RATE,
    AlarmKind.SAME_FETUS,
    AlarmKind.BATTERY_LOW,
)
"""Kinds that samples decide."""

LINES: Final = (AlarmKind.DEVICE_SILENT, AlarmKind.OFFLINE)
"""Kinds about lines on which no samples come: what cuts one often cuts a whole ward."""
