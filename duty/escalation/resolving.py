"""What a ladder does next, by the rosters of this moment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import ladder
from duty.escalation.crew import Standing, crew_of
from duty.escalation.ladder import AskAbove, At, Move, Policy, Target
from duty.rosters import fitness
from duty.rosters import repository as rosters
from duty.rosters.oncall import OnCall
from kernel.ids import FacilityId, GroupId, PersonId
from registry.facilities import queries as facilities
from registry.facilities.rules import AreaKind
from registry.people import queries as people

NAMED = "named"
"""The tier of whoever rings by name and not by a place on the roster."""
NEONATAL = frozenset({"neonatology"})


async def next_move(
    session: AsyncSession,
    policy: Policy,
    facility_id: FacilityId,
    number: int,
    at: datetime,
    standings: Sequence[Standing] = (),
    silent: Collection[PersonId] = (),
    *,
    group_id: GroupId | None = None,
) -> Move:
    """Whom step `number` rings, or the first step after it that somebody fills.

    The roster of a centre above is read only when such a step is reached: who answers for this
    house, and who is on call there, is decided at that moment.
    """
    own = await rosters.roster(session, facility_id, at)
    if group_id is not None:
        own = [answer for answer in own if answer.slot.group_id == group_id]
    crew = replace(crew_of(policy, standings, silent), away=await _away(session, own, at))
    houses: dict[At, FacilityId | None] = {}
    above: dict[At, Sequence[OnCall]] = {}
    while isinstance(move := ladder.climb(policy, number, own, crew, above=above), AskAbove):
        step = policy.steps[move.step]
        house = await centre_above(session, facility_id, step.specialties, at, move.at)
        houses[move.at] = house
        above[move.at] = [] if house is None else await rosters.roster(session, house, at)
        away = await _away(session, above[move.at], at)
        crew = replace(crew, away={*crew.away, *away})
    return _of_houses(move, houses, above)


async def _away(
    session: AsyncSession, roster: Sequence[OnCall], at: datetime
) -> frozenset[PersonId]:
    """Who of them is on leave, or has left, although a shift stands."""
    held = {one.person_id for one in roster if one.person_id is not None}
    found = await fitness.absent(session, held, (at, at + fitness.INSTANT))
    return frozenset(one.person_id for one in found)


def _of_houses(
    move: Move, houses: Mapping[At, FacilityId | None], above: Mapping[At, Sequence[OnCall]]
) -> Move:
    """Each target with the house on whose roster they stand, where it is not the paged one."""
    theirs = {
        one.shift.id: houses[at]
        for at, places in above.items()
        for one in places
        if one.shift is not None
    }
    targets = (
        replace(one, facility_id=theirs[one.shift_id]) if one.shift_id in theirs else one
        for one in move.targets
    )
    return replace(move, targets=tuple(targets))


async def with_named(session: AsyncSession, move: Move, named: Collection[PersonId]) -> Move:
    """Whoever was asked for by name rings besides those whose turn it is."""
    known = await people.get_many(session, set(named) - {one.person_id for one in move.targets})
    also = [Target(id_, None, NAMED, person.specialty) for id_, person in known.items()]
    return replace(move, targets=(*move.targets, *also)) if also else move


async def centre_above(
    session: AsyncSession,
    facility_id: FacilityId,
    specialties: Collection[str],
    at: datetime,
    height: At = At.UPPER,
) -> FacilityId | None:
    """The centre that answers for this house on the day of `at`, or the last one of that line; None
    if nobody does."""
    kind = AreaKind.NEONATAL if NEONATAL.issuperset(specialties) else AreaKind.MATERNAL
    found = await facilities.designated_centre(session, facility_id, kind, at)
    seen = {facility_id}
    while height is At.TOP and found is not None and found not in seen:
        seen.add(found)
        higher = await facilities.designated_centre(session, found, kind, at)
        found = found if higher is None or higher in seen else higher
    return found
