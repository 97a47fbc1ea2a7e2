"""An assessment round of the demo region: a trial over the last days, one self-check signed.

Weights are made up and say so; the period is no whole year, which the pages show as a trial.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from kernel.clock import SimulatedClock
from kernel.database import Database
from kernel.viewer import Viewer
from quality.facts import catch_up
from quality.frozen import service as frozen
from quality.frozen.schemas import FreezePeriod
from quality.rounds import checking, planning, queries, showing
from quality.rounds.schemas import AnswerItem, ItemIn, RoundPlan, RoundStep, SignStep
from quality.rounds.scoring import Band, Slope
from registry.facilities.rules import local_date
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast

log = structlog.get_logger()

LONGEST: Final = timedelta(days=28)
MADE_UP: Final = "演示权重，非官方"
SIGNED: Final = "YJ001"
"""Whose self-check is signed; the others are still at it."""
ITEMS: Final = [
    ItemIn(code="request_to_accept", weight=20, scoring=Slope(zero=3600, full=600), basis=MADE_UP),
    ItemIn(code="accept_to_departure", weight=10, scoring=Band(high=1800), basis=MADE_UP),
    ItemIn(code="responsible_area_guidance", weight=20, scoring=Slope(zero=0, full=2)),
    ItemIn(code="online_referrals", weight=10, scoring=Band(low=1)),
    ItemIn(code="obstetrician_bed_ratio", weight=10, scoring=Band(low=0.33)),
    ItemIn(code="site_resuscitation_beds", weight=20, basis=MADE_UP),
    ItemIn(code="site_emergency_drills", weight=10, basis=MADE_UP),
]
SAID: Final = {
    "obstetrician_bed_ratio": "平台暂无该数据，执业报告卡另行上传。",
    "responsible_area_guidance": "以平台指导记录为准，片区内各县均有覆盖。",
}
ELSE_SAID: Final = "与科室登记核对一致。"


async def tell_assessment(database: Database, now: datetime, days: int) -> bool:
    """Close the last days, plan a round over them, let it begin; one centre signs. Once."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    officer, clock = cast.at("YL003", "officer"), SimulatedClock(now)
    async with database.session(officer) as session:
        waiting = await catch_up(session)
    while waiting:
        async with database.session(officer) as session:
            waiting = await catch_up(session)
    async with database.session(officer) as session:
        claim = {"account": officer.account_id, "key": "demo-assessment"}
        if (await session.execute(CLAIM, claim)).first() is None:
            return False
        (region,) = officer.region_ids
        first = local_date(now - min(LONGEST, timedelta(days=max(days, 1))))
        yesterday = local_date(now - timedelta(days=1))
        closing = FreezePeriod(region, first, yesterday, "试评用")
        period = await frozen.freeze(session, clock, officer, closing)
        plan = RoundPlan(
            region_id=region,
            period_id=period.id,
            title="救治体系技术评估（试评）",
            self_check_by=local_date(now + timedelta(days=6)),
            assess_by=local_date(now + timedelta(days=60)),
            items=ITEMS,
        )
        round_id = await planning.plan(session, clock, officer, plan)
        await planning.open_(session, clock, officer, round_id, RoundStep(version=1))
    await _sign(database, clock, cast, round_id)
    log.info("demo.assessment", round_id=str(round_id))
    return True


async def _sign(database: Database, clock: SimulatedClock, cast: Cast, round_id: UUID) -> None:
    office = cast.at(SIGNED, "affairs")
    async with database.session(office) as session:
        (line,) = (await queries.one_round(session, clock, round_id)).entries
        for row in (await showing.one_entry(session, clock, line.id)).items:
            said = SAID.get(row.item.code, ELSE_SAID)
            order = AnswerItem(code=row.item.code, words=said)
            await checking.answer(session, clock, office, line.id, order)
        sign = SignStep(version=line.version, password="-")  # noqa: S106  (nobody checks it here)
        await checking.submit(session, clock, office, line.id, sign)
