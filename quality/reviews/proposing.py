"""What is to be reviewed: a death's review at each level, a confirmed near-miss in its period.

Called when the chain says that something happened, and when somebody opens one by hand: the same
finding in both. A repeat finds nothing new.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import FacilityId, RegionId, new_id
from kernel.viewer import Viewer
from quality.reviews import store, telling
from quality.reviews.rules import RULES
from quality.reviews.states import ReviewState
from registry.facilities import queries as facilities
from registry.facilities.rules import FacilityRole

RELEVANT = frozenset({"review.opened", "near_miss.confirmed"})
"""Events of a woman's case after which there may be something to review."""

_KIND_OF = {"mother": "maternal_death", "newborn": "newborn_death"}

# A drill is no death. What made-up time wrote is left to clocks with made-up time.
_CASE = text(
    "SELECT id, origin_id, origin_region_id, receiver_id, simulated, demo FROM referral"
    " WHERE id = :id AND state <> 'voided' AND NOT drill"
)
_DEATHS = text(
    "SELECT d.id, d.who, d.died_at, s.step, s.due_at FROM death_review d"
    " JOIN death_review_step s ON s.review_id = d.id"
    " WHERE d.case_id = :id AND d.who IN ('mother', 'newborn') ORDER BY d.died_at, d.id, s.due_at"
)
_NEAR_MISS = text(
    "SELECT min(at) FROM near_miss_verdict WHERE case_id = :id AND verdict = 'confirmed'"
    " AND NOT EXISTS (SELECT 1 FROM death_review d WHERE d.case_id = :id AND d.who = 'mother')"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One review that is to be held."""

    of_case_id: UUID
    death_review_id: UUID | None
    kind: str
    level: str
    facility_id: UUID
    region_id: UUID
    happened_at: datetime
    due_at: datetime
    simulated: bool
    demo: bool


async def wanted(session: AsyncSession, clock: Clock, case_id: UUID) -> list[Wanted]:
    """Everything to be reviewed about a case, as far as the session's viewer sees it."""
    case = (await session.execute(_CASE, {"id": case_id})).one_or_none()
    if case is None:
        return []
    what = [
        (row.id, _KIND_OF[row.who], level.code, row.died_at, row.due_at)
        for row in await session.execute(_DEATHS, {"id": case_id})
        for level in RULES.levels
        if level.step == row.step
    ]
    confirmed = (await session.execute(_NEAR_MISS, {"id": case_id})).scalar_one()
    if confirmed is not None:
        what += [
            (None, one.kind, one.level, confirmed, one.due(confirmed)) for one in RULES.cadence
        ]
    houses: dict[str, UUID | None] = {"facility": case.receiver_id or case.origin_id}
    houses["county"] = await _institute(session, case.origin_region_id, clock.now())
    found = []
    for death, kind, level, at, due_at in what:
        house = houses[level]
        if house is None:
            continue
        region = await facilities.region_of(session, FacilityId(house))
        found.append(
            Wanted(
                case.id, death, kind, level, house, region, at, due_at, case.simulated, case.demo
            )
        )
    return found


async def _institute(session: AsyncSession, region: UUID | None, at: datetime) -> UUID | None:
    """The institution that collects the reports of where she came from."""
    if region is None:
        return None
    found = await facilities.with_role(session, FacilityRole.MCH_INSTITUTE, at, RegionId(region))
    return found[0] if found else None


async def propose(session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID) -> int:
    """Propose what events ask for; how many are new."""
    found = [
        one for one in await wanted(session, clock, case_id) if one.simulated == clock.simulated
    ]
    made = [await write(session, clock, viewer, one) for one in found]
    return sum(one is not None for one in made)


async def write(session: AsyncSession, clock: Clock, viewer: Viewer, one: Wanted) -> UUID | None:
    """Write a review: proposed by the engine, opened at once by a person; None if there is one."""
    review_id, at, opens = new_id(), clock.now(), not viewer.is_process
    made = await store.insert(
        session,
        {
            "id": review_id,
            "of_case_id": one.of_case_id,
            "death_review_id": one.death_review_id,
            "kind": one.kind,
            "level": one.level,
            "facility_id": one.facility_id,
            "region_id": one.region_id,
            "happened_at": one.happened_at,
            "state": str(ReviewState.OPEN if opens else ReviewState.PROPOSED),
            "at": at,
            "due_at": one.due_at,
            "rules": RULES.version,
            "remind_at": RULES.reminders.first(at, one.due_at),
            "opened_by": viewer.person_id if opens else None,
            "opened_at": at if opens else None,
            "simulated": one.simulated,
            "demo": one.demo,
        },
    )
    if not made:
        return None
    facts: dict[str, object] = {
        "kind": one.kind, "level": one.level, "due_at": one.due_at, "rules": RULES.version,
    }  # fmt: skip
    kind = telling.OPENED if opens else telling.PROPOSED
    await telling.say(session, clock, viewer, review_id, kind, facts)
    if not opens:
        who = await telling.conveners(session, clock, one.facility_id)
        await telling.tell(session, clock, review_id, kind, who, due_at=one.due_at.isoformat())
    return review_id
