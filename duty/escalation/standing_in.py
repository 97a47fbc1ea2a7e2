"""Pages that ring somebody who was replaced ring the one who took over, too.

One page, one transaction, and the lock order of every command: the case, then the ladder, then
targets. The one replaced stays a target: an answer from them is still an answer.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import firing, repository
from duty.escalation.ladder import Move, Target
from kernel import chain
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import FacilityId, PageId, PersonId, ShiftId, SlotId
from kernel.viewer import Viewer

_RINGING = text(
    """
    SELECT DISTINCT t.page_id FROM page_target t
      JOIN shift h ON h.id = t.shift_id AND h.slot_id = :slot_id
      JOIN escalation e ON e.page_id = t.page_id AND e.state IN ('running', 'exhausted')
     WHERE t.person_id = :person_id AND NOT e.simulated ORDER BY t.page_id
    """
)
_TARGET = text(
    "SELECT t.tier, t.specialty, nullif(g.facility_id, :house) AS house FROM page_target t"
    " JOIN shift h ON h.id = t.shift_id JOIN slot s ON s.id = h.slot_id"
    " JOIN expert_group g ON g.id = s.group_id"
    " WHERE t.page_id = :page_id AND t.person_id = :person_id ORDER BY t.step DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class StandIn:
    """`person_id` has the place instead of `instead_of`, by this shift."""

    slot_id: SlotId
    instead_of: PersonId
    person_id: PersonId
    shift_id: ShiftId


async def ring_instead(database: Database, clock: Clock, stand_in: StandIn) -> int:
    """Ring who took over for every page that rings who was replaced; how many pages.

    A repeat finds whom it has rung and rings nobody twice.
    """
    viewer = Viewer.system("engine")
    values = {"slot_id": stand_in.slot_id, "person_id": stand_in.instead_of}
    async with database.session(viewer) as session:
        pages = [PageId(row.page_id) for row in await session.execute(_RINGING, values)]
    rung = 0
    for page_id in pages:
        async with database.session(viewer) as session:
            rung += await _ring_one(session, clock, viewer, page_id, stand_in)
    return rung


async def _ring_one(
    session: AsyncSession, clock: Clock, viewer: Viewer, page_id: PageId, stand_in: StandIn
) -> bool:
    page = await repository.get(session, page_id)
    if page is None or not await repository.lock_case(session, page.case_id):
        return False
    ladder = await repository.lock_ladder(session, page_id)
    known = {one.person_id for one in await repository.standings(session, page_id)}
    if not ladder.live or stand_in.person_id in known:
        return False
    values = {"page_id": page_id, "person_id": stand_in.instead_of, "house": page.facility_id}
    was = (await session.execute(_TARGET, values)).one()
    house = None if was.house is None else FacilityId(was.house)
    target = Target(stand_in.person_id, stand_in.shift_id, was.tier, was.specialty, house)
    move = Move(ladder.step, (target,), (), exhausted=False, next_delay_s=0)
    await firing.ring(session, page, move, ladder.now)
    facts: dict[str, object] = {
        "person_id": stand_in.person_id,
        "instead_of": stand_in.instead_of,
        "page_id": page.id,
        "facility_id": page.facility_id,
    }
    await chain.append(
        session, clock, page.case_id, "page.taken_over", viewer=viewer, payload=facts, auto=True
    )
    await firing.tell(session, page, ladder.now, {"step": ladder.step, **facts})
    return True
