"""Pure rules of changes: what a region decided, and what makes a request impossible."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from duty.rosters.oncall import Shift
from kernel.ids import PersonId, SlotId


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """A version of what a region, a facility or the platform decided; see `rules.toml`."""

    id: UUID
    preauthorised: frozenset[str]
    closes_before: timedelta
    approve_within: timedelta
    remind_after: timedelta
    handover_needed: bool
    handover_opens: timedelta
    handover_remind: timedelta
    handover_alarm: timedelta
    source: str
    confidence: str
    rest: timedelta
    approvers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stint:
    """A period on a place: what is given away, or given in return."""

    shift: Shift
    start: datetime
    end: datetime

    @property
    def slot_id(self) -> SlotId:
        return self.shift.slot_id


def objection(holder: PersonId, given: Stint, colleague: PersonId, back: Stint | None) -> str:
    """Why this is no swap at all, as a code; empty if it is one."""
    if colleague == holder:
        return "same_person"
    if back is None:
        return ""
    if back.shift.id == given.shift.id:
        return "same_shift"
    if back.shift.person_id != colleague:
        return "not_theirs"
    return ""


def closes_at(rule: ChangeRule, stints: Sequence[Stint]) -> datetime:
    """The last moment for consents and approval: a while before the first period begins."""
    return min(stint.start for stint in stints) - rule.closes_before
