"""Reviews of the demo region: what its history asks to review, one as far as its measures.

Told through the commands that people use, at a clock of the past; a region without a told death has
nothing to review.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import SimulatedClock
from kernel.database import Database, act_as
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from quality.reviews import measures, proposing, service, store
from quality.reviews.schemas import (
    AddMeasure,
    ConcludeReview,
    Find,
    HoldReview,
    MoveReview,
    Seat,
    SetPanel,
    Vote,
)
from registry.facilities.rules import local_date
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast

log = structlog.get_logger()

DEMO: Final = Viewer.system("demo")
_CASES = text(
    "SELECT r.id FROM referral r WHERE r.demo AND r.simulated AND (EXISTS ("
    " SELECT 1 FROM death_review d WHERE d.case_id = r.id) OR EXISTS ("
    " SELECT 1 FROM near_miss_verdict v WHERE v.case_id = r.id AND v.verdict = 'confirmed'"
    " AND v.at > :since))"
)
_FIRST = text(
    "SELECT id, of_case_id FROM case_review WHERE demo AND kind = 'maternal_death'"
    " AND level = 'facility' AND state = 'proposed' ORDER BY proposed_at, id LIMIT 1"
)
LATELY: Final = timedelta(days=60)
"""Earlier near-misses were reviewed before the region opened."""

SEATS: Final = 4
FOUND: Final = (
    ("health", "knowledge", "失血量评估偏低，未按休克指数复核"),
    ("health", "management", "大量输血方案启动晚于规定时限"),
    ("family", "attitude", "出现出血后就诊不及时"),
)
CAUSE: Final = "haemorrhage"


async def propose_reviews(system: Database, now: datetime) -> int:
    """Propose what the told cases ask for; a repeat proposes nothing. How many are new."""
    clock = SimulatedClock(now - timedelta(hours=6))
    async with system.session(DEMO) as session:
        cases = (await session.execute(_CASES, {"since": now - LATELY})).scalars().all()
        made = [await proposing.propose(session, clock, DEMO, case_id) for case_id in cases]
    return sum(made)


async def tell_reviewed(database: Database, sealer: Sealer, now: datetime) -> bool:
    """Take one proposed review of a death in its hospital to its measures. Once."""
    clock = SimulatedClock(now - timedelta(hours=6))
    async with database.session(DEMO) as session:
        cast = await Cast.load(session)
    for convener in cast.viewers.values():
        if not convener.has(Role.COORDINATOR):
            continue
        async with database.session(convener) as session:
            first = (await session.execute(_FIRST)).one_or_none()
            if first is None:
                continue
            panel = await _panel(session, cast, first.of_case_id)
            claim = {"account": convener.account_id, "key": "demo-reviewed"}
            if len(panel) < SEATS or (await session.execute(CLAIM, claim)).first() is None:
                return False
            await _review(session, clock, sealer, convener, panel, first.id)
        log.info("demo.reviewed")
        return True
    return False


async def _panel(session: AsyncSession, cast: Cast, case_id: UUID) -> list[Viewer]:
    """Experts who did nothing in her case."""
    acted = await store.acted_in(session, case_id)
    free = [
        one
        for one in cast.viewers.values()
        if one.has(Role.EXPERT) and not one.has(Role.COORDINATOR) and one.person_id not in acted
    ]
    return free[:SEATS]


async def _review(
    session: AsyncSession,
    clock: SimulatedClock,
    sealer: Sealer,
    convener: Viewer,
    panel: list[Viewer],
    review_id: UUID,
) -> None:
    await service.open_proposed(session, clock, convener, review_id, MoveReview(version=1))
    await service.prepare(session, clock, convener, sealer, review_id, MoveReview(version=2))
    seats = [Seat(person_id=one.person_id, chair=n == 0) for n, one in enumerate(panel)]
    await service.set_panel(session, clock, convener, review_id, SetPanel(version=3, members=seats))
    clock.advance(timedelta(hours=1))
    await service.hold(session, clock, convener, review_id, HoldReview(version=4))
    for link, aspect, words in FOUND:
        found = Find(link=link, aspect=aspect, words=words)
        await service.find(session, clock, convener, review_id, found)
    for one, conclusion in zip(
        panel, ("avoidable_if", "avoidable_if", "avoidable_if", "unavoidable"), strict=True
    ):
        await act_as(session, one)
        await service.vote(session, clock, one, review_id, Vote(conclusion=conclusion))
    await act_as(session, convener)
    order = ConcludeReview(
        version=5,
        cause=CAUSE,
        delays=["seeking", "receiving"],
        summary="失血评估与输血启动均有延误；应急流程可改进。（演示）",
    )
    await service.conclude(session, clock, convener, review_id, order)
    due = local_date(clock.now()) + timedelta(days=30)
    for version, words, owner in (
        (6, "每季度开展一次大量输血方案演练", panel[0]),
        (7, "产房张贴休克指数与失血量对照表", panel[1]),
    ):
        wanted = AddMeasure(version=version, words=words, owner_id=owner.person_id, due_on=due)
        await measures.add(session, clock, convener, review_id, wanted)
