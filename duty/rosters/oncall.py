"""Who is on call at a moment: one pure function for paging, screens and audit alike.

A shift is half-open, `[start, end)`: at the second of handover exactly one person is on call. What
was recorded is never changed, only superseded, so the same question about the past, asked as it
was known then, has the same answer for ever.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kernel.ids import GroupId, PersonId, ShiftId, SlotId


class DutyTier(StrEnum):
    """一线、二线、三线、组长、总值班."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    LEAD = "lead"
    GENERAL_DUTY = "general_duty"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on the roster that somebody must fill."""

    id: SlotId
    group_id: GroupId
    specialty: str
    tier: DutyTier
    required: bool = True


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody fills a slot from `start` until just before `end`.

    `recorded_at` and `superseded_at` say from when to when the platform believed it.
    """

    id: ShiftId
    slot_id: SlotId
    person_id: PersonId
    start: datetime
    end: datetime
    recorded_at: datetime
    superseded_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """True from the first instant of the shift to the last one before its end."""
        return self.start <= at < self.end

    def known(self, as_known_at: datetime | None) -> bool:
        """True if it stood in the roster at that moment (None: it stands now)."""
        if as_known_at is None:
            return self.superseded_at is None
        if self.recorded_at > as_known_at:
            return False
        return self.superseded_at is None or self.superseded_at > as_known_at


@dataclass(frozen=True, slots=True)
class OnCall:
    """The answer for one slot; `shift` None is a GAP, said aloud instead of left out."""

    slot: Slot
    shift: Shift | None

    @property
    def is_gap(self) -> bool:
        return self.shift is None

    @property
    def person_id(self) -> PersonId | None:
        return None if self.shift is None else self.shift.person_id


def on_call(
    at: datetime,
    slots: Sequence[Slot],
    shifts: Iterable[Shift],
    as_known_at: datetime | None = None,
) -> list[OnCall]:
    """One answer per slot, in the order of `slots`.

    Args:
        at: the moment asked about.
        slots: the places to fill.
        shifts: at least those that cover `at`; others do not matter.
        as_known_at: answer from what was recorded then; None uses the roster as it stands.

    Raises:
        ValueError: two standing shifts claim one slot at `at`; the database forbids that.
    """
    found: dict[SlotId, Shift] = {}
    for shift in shifts:
        if not (shift.covers(at) and shift.known(as_known_at)):
            continue
        if shift.slot_id in found:
            raise ValueError(f"slot {shift.slot_id} has two people at {at.isoformat()}")
        found[shift.slot_id] = shift
    return [OnCall(slot, found.get(slot.id)) for slot in slots]
