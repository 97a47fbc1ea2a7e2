"""What a roster lacks and where it claims too much: gaps and clashes, as pure functions."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from duty.rosters.oncall import Shift
from duty.rosters.rotation import Leave
from duty.rosters.rules import Period, remainders
from kernel.ids import PersonId


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody is wanted somewhere for a time; `exclusive` if they can be nowhere else then."""

    id: Hashable
    person_id: PersonId
    period: Period
    exclusive: bool


def uncovered(window: Period, taken: Iterable[Period]) -> list[Period]:
    """The parts of half-open `window` that no half-open period covers, in order."""
    gaps: list[Period] = []
    reached = window[0]
    for start, end in sorted(taken):
        if start >= window[1]:
            break
        if start > reached:
            gaps.append((reached, start))
        reached = max(reached, end)
    if reached < window[1]:
        gaps.append((reached, window[1]))
    return gaps


def present(shift: Shift, absent: Iterable[Leave]) -> list[Period]:
    """The parts of a shift in which its holder can be counted on, in order."""
    there = [(shift.start, shift.end)]
    for away in absent:
        if away.person_id == shift.person_id:
            there = [rest for one in there for rest in remainders(one, (away.start, away.end))]
    return there


def clashes(claims: Iterable[Claim]) -> list[tuple[Claim, Claim]]:
    """Pairs of exclusive claims on one person that overlap, in order of time."""
    by_person: dict[PersonId, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.exclusive:
            by_person[claim.person_id].append(claim)
    return [pair for mine in by_person.values() for pair in _overlapping(mine)]


def _overlapping(claims: Sequence[Claim]) -> list[tuple[Claim, Claim]]:
    found: list[tuple[Claim, Claim]] = []
    standing: list[Claim] = []
    for claim in sorted(claims, key=lambda one: (one.period, str(one.id))):
        standing = [one for one in standing if one.period[1] > claim.period[0]]
        found += [(one, claim) for one in standing]
        standing.append(claim)
    return found
