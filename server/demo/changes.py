"""Changes of the roster in the synthetic region: one that waits for approval, one for an answer."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import service
from kernel.clock import Clock
from kernel.ids import ShiftId
from kernel.viewer import Viewer
from server.demo.cast import Cast

HOUSES = ("YJ001", "QH001")

# The week after next: nobody's week of the demo is touched.
_WEEK = text(
    """
    SELECT h.id FROM shift h JOIN slot s ON s.id = h.slot_id
     WHERE h.person_id = :person_id AND h.status = 'active' AND s.specialty = 'obstetrics'
       AND lower(h.during) > CAST(:now AS timestamptz) + interval '7 days'
     ORDER BY lower(h.during) LIMIT 1
    """
)


async def seed_changes(session: AsyncSession, clock: Clock) -> None:
    """At one centre a swap has both consents, at another it waits for the colleague."""
    cast = await Cast.load(session)
    for number, house in enumerate(HOUSES):
        asks, asked = cast.at(house, "second"), cast.at(house, "expert")
        mine, theirs = await _week(session, clock, asks), await _week(session, clock, asked)
        change = await service.request(
            session,
            clock,
            asks,
            kind="swap",
            shift_id=mine,
            asked=[(asked.person_id, theirs)],
            reason="training",
        )
        if number == 0:
            await service.accept(session, clock, asked, change, rev=1, option=1)


async def _week(session: AsyncSession, clock: Clock, who: Viewer) -> ShiftId:
    found = await session.execute(_WEEK, {"person_id": who.person_id, "now": clock.now()})
    return ShiftId(found.scalar_one())
