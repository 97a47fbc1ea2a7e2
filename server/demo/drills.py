"""Past drills of the synthetic region, told in made-up time through the commands of people."""

import random
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.drills import service, timers
from duty.drills.schemas import DrillIn
from duty.escalation import service as pages
from kernel.clock import SimulatedClock
from kernel.database import Database, act_as
from kernel.ids import PageId
from kernel.viewer import Viewer
from server.demo.cast import Cast

log = structlog.get_logger()

SEED = Viewer.system("demo")
MONTH = timedelta(days=28)
HOUSES_A_DAY = 3
SILENT, DECLINES = 0.12, 0.1
SECONDS = (9, 190)
"""How long an answer takes: some are later than the two minutes that count as prompt."""

_CLAIM = text(
    "INSERT INTO idempotency_key (account_id, key, fingerprint)"
    " VALUES (:account, 'demo-drills', '\\x') ON CONFLICT DO NOTHING RETURNING key"
)
_RUNG = text(
    "SELECT d.page_id, t.person_id FROM paging_drill d JOIN page_target t ON t.page_id = d.page_id"
    " WHERE d.id = :id ORDER BY t.person_id"
)


async def tell_drills(database: Database, now: datetime, days: int) -> int:
    """One drill at each house that has a coordinator, some days ago; how many were told now.

    Needs the system's role: the engine begins and ends drills. One transaction for each house, so
    that the engine never meets a drill half told.
    """
    async with database.session(SEED) as session:
        cast = await Cast.load(session)
    told = 0
    for number, code in enumerate(sorted(cast.facilities)):
        who = cast.viewers.get(f"{code.lower()}.coordinator")
        if who is None:
            continue
        back = min(MONTH, timedelta(days=max(days, 1))) - timedelta(days=number // HOUSES_A_DAY)
        async with database.session(SEED) as session:
            if (await session.execute(_CLAIM, {"account": who.account_id})).first() is None:
                continue
            at = now - max(back, timedelta(days=1)) + timedelta(minutes=37 * number)
            told += await _tell(session, cast, code, who, at)
    log.info("demo.drills", drills=told)
    return told


async def _tell(session: AsyncSession, cast: Cast, code: str, who: Viewer, at: datetime) -> bool:
    clock, dice = SimulatedClock(at), random.Random(f"drill {code}")  # noqa: S311  (a story)
    house = cast.facilities[code]
    if not await service.on_call_there(session, house, None, at):
        return False
    await act_as(session, who)
    drill_id = await service.ask(session, clock, who, DrillIn(facility_id=house))
    await act_as(session, SEED)
    await timers.begin(session, clock, SEED, drill_id)
    await _answers(session, clock, cast, drill_id, dice)
    clock.set(at + timedelta(minutes=5))
    await act_as(session, SEED)
    await timers.end(session, clock, SEED, drill_id, "time")
    return True


async def _answers(
    session: AsyncSession, clock: SimulatedClock, cast: Cast, drill_id: UUID, dice: random.Random
) -> None:
    """Whoever was rung says yes, or no, or nothing, each after a while of their own."""
    viewers = {one.person_id: one for one in cast.viewers.values()}
    rows = (await session.execute(_RUNG, {"id": drill_id})).all()
    begun = clock.now()
    said = sorted(
        (dice.uniform(*SECONDS), dice.random(), row.page_id, row.person_id) for row in rows
    )
    for after_s, mood, page_id, person_id in said:
        me = viewers[person_id]
        if mood < SILENT:
            continue
        clock.set(begun + timedelta(seconds=after_s))
        await act_as(session, me)
        if mood < SILENT + DECLINES:
            await pages.decline(session, clock, me, PageId(page_id), reason="in_surgery")
        else:
            await pages.acknowledge(session, clock, me, PageId(page_id))
