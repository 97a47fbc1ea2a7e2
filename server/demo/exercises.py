"""Drills of the demo region: one of a skill, talked through last month; one planned; actions."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from kernel.clock import SimulatedClock
from kernel.database import Database
from kernel.viewer import Viewer
from quality.actions import service as acting
from quality.actions.schemas import SetAction
from quality.exercises import service
from quality.exercises.schemas import (
    BeginExercise,
    DebriefExercise,
    MoveExercise,
    Participant,
    PlanExercise,
)
from registry.facilities.rules import local_date
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast

log = structlog.get_logger()

PEOPLE: Final = (("产科医师（演示）", "主力", True), ("助产士（演示）", "复苏", False))
FINDINGS: Final = (
    "正压通气开始时间偏晚（目标 60 秒内），喉镜备用电池缺失。"
    "复苏台位置离产床较远，递送器械耽搁约 15 秒。"
)
ACTIONS: Final = (
    ("复苏台移至产床旁，贴出分工图", 10),
    ("喉镜电池列入每班核对清单", 3),
)
"""What is to be done, and in how many days from now."""


async def tell_exercises(database: Database, now: datetime) -> bool:
    """Told through the commands that people use; once."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    expert, doctor = cast.at("LJ001", "expert"), cast.at("LJ001", "doctor")
    clock = SimulatedClock(now - timedelta(days=4, hours=3))
    async with database.session(expert) as session:
        claim = {"account": expert.account_id, "key": "demo-exercises"}
        if (await session.execute(CLAIM, claim)).first() is None:
            return False
        order = PlanExercise(
            kind="skills",
            scenario="neonatal_asphyxia",
            title="新生儿窒息复苏技能考核",
            planned_at=clock.now(),
        )
        held = await service.plan(session, clock, expert, order)
        await service.begin(session, clock, expert, held, BeginExercise(version=1))
        clock.advance(timedelta(minutes=45))
        await service.end(session, clock, expert, held, MoveExercise(version=2))
        clock.advance(timedelta(minutes=30))
        people = [Participant(name=n, post=post, passed=ok) for n, post, ok in PEOPLE]
        report = DebriefExercise(version=3, text=FINDINGS, people=people)
        await service.debrief(session, clock, expert, held, report)
        for what, days in ACTIONS:
            due = local_date(now) + timedelta(days=days)
            action = SetAction(what=what, owner_id=doctor.person_id, due_on=due)
            await acting.set_action(session, clock, expert, held, action)
        planned = PlanExercise(
            kind="emergency",
            scenario="pph",
            title="第四季度产后出血快速反应演练",
            planned_at=now + timedelta(days=2),
        )
        await service.plan(session, clock, expert, planned)
    log.info("demo.exercises")
    return True
