"""What a ladder would do, by the rosters as they are planned: nobody rings."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.ladder import At, Move, Policy
from duty.escalation.resolving import centre_above, next_move
from kernel.ids import FacilityId


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of the ladder, so many seconds after the page; a step that nobody fills has no
    people."""

    number: int
    after_s: int
    loop: bool
    at: At
    facility_id: FacilityId | None
    move: Move | None


async def rehearse(
    session: AsyncSession, policy: Policy, facility_id: FacilityId, at: datetime
) -> list[Moment]:
    """Every step until the loop has come round once, if nobody answers."""
    found: list[Moment] = []
    number, after_s = 0, 0.0
    while True:
        now = at + timedelta(seconds=after_s)
        move = await next_move(session, policy, facility_id, number, now)
        found += [
            await _empty(session, policy, facility_id, skipped, after_s, now)
            for skipped in move.skipped
            if skipped != move.step or not move.targets
        ]
        if move.targets:
            house = move.targets[0].facility_id or facility_id
            found.append(Moment(move.step, round(after_s), move.exhausted, move.at, house, move))
        if move.exhausted:
            return found
        after_s += move.next_delay_s
        number = move.step + 1


async def _empty(
    session: AsyncSession,
    policy: Policy,
    facility_id: FacilityId,
    number: int,
    after_s: float,
    now: datetime,
) -> Moment:
    step = policy.step(number)
    house: FacilityId | None = facility_id
    if step.at is not At.OWN:
        house = await centre_above(session, facility_id, step.specialties, now, step.at)
    return Moment(number, round(after_s), number >= len(policy.steps), step.at, house, None)
