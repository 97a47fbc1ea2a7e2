"""What a ladder does next, by the rosters of this moment."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import ladder
from duty.escalation.crew import Standing, crew_of
from duty.escalation.ladder import AskAbove, At, Move, Policy, Target
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

    The roster of the centre above is read only when such a step is reached: who answers for this
    house, and who is on call there, is decided at that moment.
    """
    crew = crew_of(policy, standings, silent)
    own = await rosters.roster(session, facility_id, at)
    if group_id is not None:
        own = [answer for answer in own if answer.slot.group_id == group_id]
    move = ladder.climb(policy, number, own, crew)
    if not isinstance(move, AskAbove):
        return move
    above = await centre_above(session, facility_id, policy.steps[move.step].specialties, at)
    upper: Sequence[OnCall] = ()
    if above is not None:
        upper = await rosters.roster(session, above, at)
    move = ladder.climb(policy, number, own, crew, upper=upper)
    assert isinstance(move, Move)  # noqa: S101  (the roster above is known)
    if move.at is At.OWN:
        return move
    return replace(move, targets=tuple(replace(t, facility_id=above) for t in move.targets))


async def with_named(session: AsyncSession, move: Move, named: Collection[PersonId]) -> Move:
    """Whoever was asked for by name rings besides those whose turn it is."""
    known = await people.get_many(session, set(named) - {one.person_id for one in move.targets})
    also = [Target(id_, None, NAMED, person.specialty) for id_, person in known.items()]
    return replace(move, targets=(*move.targets, *also)) if also else move


async def centre_above(
    session: AsyncSession, facility_id: FacilityId, specialties: Collection[str], at: datetime
) -> FacilityId | None:
    """The centre that answers for this house on the day of `at`; None if nobody does."""
    kind = AreaKind.NEONATAL if NEONATAL.issuperset(specialties) else AreaKind.MATERNAL
    return await facilities.designated_centre(session, facility_id, kind, at)
