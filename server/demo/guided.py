"""Guidance sessions of the demo region, told through the commands that people use.

Heartbeats are told at a clock of the past, as pages send them: what is counted is computed from
them like everybody's.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from consult.guidance import service as guidance
from consult.guidance.schemas import ArrangeGuidance, MoveGuidance, RecordGuidance
from kernel.clock import SimulatedClock
from kernel.database import Database, act_as
from kernel.viewer import Viewer
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast

log = structlog.get_logger()

BEAT: Final = timedelta(seconds=40)
"""Less often than a page beats, and often enough to be there."""
SESSIONS: Final = (
    (
        9,
        "ward_round",
        "重度子痫前期 2 例床旁评估与降压方案复核",
        "已逐例复核，调整降压目标。",
        True,
    ),
    (4, "bedside", "产后出血球囊压迫操作要点", "带教球囊放置与拔除指征。", True),
    (1, "case_discussion", "一例前置胎盘的分娩时机讨论", None, False),
)
"""Days ago, kind, topic, the centre's record, whether the county has confirmed it."""


async def tell_guided(database: Database, now: datetime) -> bool:
    """Three sessions over, one to come. Once."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    expert, doctor = cast.at("YJ001", "expert"), cast.at("LJ001", "doctor")
    async with database.session(expert) as session:
        claim = {"account": expert.account_id, "key": "demo-guided"}
        if (await session.execute(CLAIM, claim)).first() is None:
            return False
        for days, kind, topic, said, confirmed in SESSIONS:
            clock = SimulatedClock(now - timedelta(days=days, hours=2))
            order = ArrangeGuidance(
                facility_id=doctor.facility_id, guiding=True, kind=kind, topic=topic
            )
            await _guide(session, clock, expert, doctor, order, said, confirmed=confirmed)
        await _arranged(session, SimulatedClock(now - timedelta(hours=3)), expert, doctor)
    log.info("demo.guided", sessions=len(SESSIONS))
    return True


async def _guide(
    session: AsyncSession,
    clock: SimulatedClock,
    expert: Viewer,
    doctor: Viewer,
    order: ArrangeGuidance,
    said: str | None,
    *,
    confirmed: bool,
) -> None:
    await act_as(session, expert)
    id_ = await guidance.arrange(session, clock, expert, order)
    for _ in range(18):
        for who in (expert, doctor):
            await act_as(session, who)
            await guidance.be_there(session, clock, who, id_)
        clock.advance(BEAT)
    version = 2
    await act_as(session, expert)
    if said is not None:
        record = RecordGuidance(version=version, text=said)
        await guidance.record(session, clock, expert, id_, record)
        version += 1
    await guidance.end(session, clock, expert, id_, MoveGuidance(version=version))
    if confirmed:
        await act_as(session, doctor)
        clock.advance(timedelta(minutes=5))
        await guidance.confirm(session, clock, doctor, id_, MoveGuidance(version=version + 1))


async def _arranged(
    session: AsyncSession, clock: SimulatedClock, expert: Viewer, doctor: Viewer
) -> None:
    order = ArrangeGuidance(
        facility_id=expert.facility_id,
        guiding=False,
        kind="ward_round",
        topic="每周一次的高危孕妇远程查房",
        planned_at=clock.now() + timedelta(days=1),
        minutes=45,
    )
    await act_as(session, doctor)
    await guidance.arrange(session, clock, doctor, order)
