"""What is wrong with a plan, as a pure function: the same for the draft's page and for publishing.

A finding either stops a plan from being submitted (somebody cannot be where the plan wants them)
or, as a gap, from being published: a draft with holes may be shown, a roster with holes may not
stand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from duty.rosters.coverage import Claim, clashes, uncovered
from duty.rosters.fitness import Staff
from duty.rosters.plans.content import Entry, Plan
from duty.rosters.repository import SlotRow, StandingShift
from duty.rosters.rules import Period, remainders
from kernel.ids import PersonId, SlotId


class FindingKind(StrEnum):
    """空缺、重复排班、岗位已有人、职称不足、资质缺失、正在休假、已撤岗位、超出时段."""

    GAP = "gap"
    CLASH = "clash"
    TAKEN = "slot_taken"
    TITLE = "title_too_low"
    QUALIFICATION = "qualification_missing"
    LEAVE = "on_leave"
    NO_PLACE = "no_such_place"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, where and when; `other_id` is the shift or entry in the way."""

    kind: FindingKind
    slot_id: SlotId
    period: Period
    person_id: PersonId | None = None
    entry_id: UUID | None = None
    other_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan is checked against.

    Attributes:
        rows: the places of the group in the plan's span.
        standing: shifts that stand on these places in the span.
        elsewhere: shifts that the plan's people hold anywhere in the span.
        staff: what is known of the plan's people.
        now: before this moment nothing is changed any more.
    """

    rows: Sequence[SlotRow]
    standing: Sequence[StandingShift]
    elsewhere: Sequence[StandingShift]
    staff: Staff
    now: datetime


def findings(plan: Plan, entries: Sequence[Entry], around: Surroundings) -> list[Finding]:
    """Everything that is wrong, in order of time."""
    rows = {row.slot.id: row for row in around.rows}
    ahead = [one for one in (_ahead(entry, around.now) for entry in entries) if one is not None]
    found = [
        Finding(FindingKind.NO_PLACE, one.slot_id, one.period, one.person_id, one.id)
        for one in ahead
        if one.slot_id not in rows
    ]
    placed = [one for one in ahead if one.slot_id in rows]
    for entry in placed:
        found += [
            Finding(FindingKind(reason), entry.slot_id, entry.period, entry.person_id, entry.id)
            for reason in around.staff.unfit(rows[entry.slot_id], entry.person_id, entry.period)
        ]
    if plan.kind == "regular":
        found += _taken(placed, around.standing)
    found += _clashes(plan, placed, rows, around)
    found += _gaps(plan, placed, around)
    return sorted(found, key=lambda one: (one.period, one.kind, str(one.slot_id)))


def _ahead(entry: Entry, now: datetime) -> Entry | None:
    """What of an entry is not past."""
    start, end = max(entry.period[0], now), entry.period[1]
    if start >= end:
        return None
    return Entry(entry.id, entry.slot_id, entry.person_id, (start, end), entry.origin)


def _taken(entries: Iterable[Entry], standing: Sequence[StandingShift]) -> list[Finding]:
    return [
        Finding(
            FindingKind.TAKEN,
            entry.slot_id,
            entry.period,
            entry.person_id,
            entry.id,
            one.shift.id,
        )
        for entry in entries
        for one in standing
        if one.shift.slot_id == entry.slot_id
        and one.shift.start < entry.period[1]
        and entry.period[0] < one.shift.end
    ]


def _clashes(
    plan: Plan, entries: Sequence[Entry], rows: dict[SlotId, SlotRow], around: Surroundings
) -> list[Finding]:
    """Somebody twice at once, in the draft or against what stands anywhere."""
    mine = {one.id: one for one in entries}
    claims = [
        Claim(one.id, one.person_id, one.period, rows[one.slot_id].exclusive) for one in entries
    ]
    for other in around.elsewhere:
        whole = (other.shift.start, other.shift.end)
        goes = plan.kind == "temporary" and other.shift.slot_id in rows
        claims += [
            Claim(other.shift.id, other.shift.person_id, part, other.exclusive)
            for part in (remainders(whole, plan.period) if goes else [whole])
        ]
    found = []
    for pair in clashes(claims):
        for claim, against in (pair, pair[::-1]):
            entry = mine.get(UUID(str(claim.id)))
            if entry is not None:
                start = max(claim.period[0], against.period[0])
                end = min(claim.period[1], against.period[1])
                found.append(
                    Finding(
                        FindingKind.CLASH,
                        entry.slot_id,
                        (start, end),
                        entry.person_id,
                        entry.id,
                        UUID(str(against.id)),
                    )
                )
    return found


def _gaps(plan: Plan, entries: Sequence[Entry], around: Surroundings) -> list[Finding]:
    window = (max(plan.period[0], around.now), plan.period[1])
    if window[0] >= window[1]:
        return []
    found = []
    for row in around.rows:
        if not row.slot.required:
            continue
        held = [one.period for one in entries if one.slot_id == row.slot.id]
        if plan.kind == "regular":
            held += [
                (one.shift.start, one.shift.end)
                for one in around.standing
                if one.shift.slot_id == row.slot.id
            ]
        found += [Finding(FindingKind.GAP, row.slot.id, gap) for gap in uncovered(window, held)]
    return found
