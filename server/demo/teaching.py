"""A course of the demo region, told through the commands that people use.

Heartbeats are told at a clock of the past, as pages send them: what is verified is computed
from them like everybody's.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from consult.training import attending
from consult.training import service as training
from consult.training.grading import QuizOption, QuizQuestion
from consult.training.queries import one_class
from consult.training.schemas import (
    AnswerCheck,
    Move,
    NewClass,
    NewCourse,
    NewQuiz,
    QuizAnswer,
    TryQuiz,
)
from kernel.clock import SimulatedClock
from kernel.database import Database, act_as
from kernel.viewer import Viewer
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast

log = structlog.get_logger()

BEAT: Final = timedelta(seconds=40)
"""Less often than a page beats, and often enough to be there."""


def _question(text: str, right: Sequence[str], *wrong: str) -> QuizQuestion:
    options = [QuizOption(text=one, right=True) for one in right]
    return QuizQuestion(text=text, options=options + [QuizOption(text=one) for one in wrong])


QUESTIONS: Final = [
    _question("产后 24 小时内阴道分娩出血达到多少为产后出血？", ["≥500 mL"], "≥300 mL", "≥1000 mL"),
    _question("下列哪些属于宫缩剂？", ["缩宫素", "卡前列素氨丁三醇"], "硫酸镁"),
    _question("休克指数等于？", ["心率 ÷ 收缩压"], "收缩压 ÷ 心率"),
]
RIGHT: Final = [QuizAnswer(marked=one.right) for one in QUESTIONS]


async def tell_teaching(database: Database, now: datetime) -> bool:
    """A course with a class over and one to come, attended and passed by one of two. Once."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    expert, doctor = cast.at("YJ001", "expert"), cast.at("LJ001", "doctor")
    async with database.session(expert) as session:
        claim = {"account": expert.account_id, "key": "demo-teaching"}
        if (await session.execute(CLAIM, claim)).first() is None:
            return False
        await _teach(session, now, expert, [doctor, cast.at("YJ002", "expert")])
    log.info("demo.teaching")
    return True


async def _teach(
    session: AsyncSession, now: datetime, teacher: Viewer, learners: Sequence[Viewer]
) -> None:
    clock = SimulatedClock(now - timedelta(days=6))
    await act_as(session, teacher)
    course = await training.make_course(
        session,
        clock,
        teacher,
        NewCourse(
            title="产后出血的识别与急救",
            summary="出血量评估、分级预警、宫缩剂与球囊的使用、转诊时机。",
            classes_needed=1,
        ),
    )
    await training.ask_quiz(session, clock, teacher, course, NewQuiz(questions=QUESTIONS))
    await training.publish_course(session, clock, teacher, course, Move(version=1))
    first = await _planned(session, clock, teacher, course, "第一讲 识别与分级", clock.now())
    await training.open_class(session, clock, teacher, first, Move(version=1))
    await _attended(session, clock, first, learners)
    await act_as(session, teacher)
    await training.end_class(session, clock, teacher, first, Move(version=2))
    tomorrow = now + timedelta(days=1)
    await _planned(session, clock, teacher, course, "第二讲 球囊与转诊时机", tomorrow)
    passed = learners[0]
    await act_as(session, passed)
    clock.advance(timedelta(hours=1))
    await attending.try_quiz(session, clock, passed, course, TryQuiz(quiz=1, answers=RIGHT))


async def _planned(
    session: AsyncSession,
    clock: SimulatedClock,
    teacher: Viewer,
    course: UUID,
    title: str,
    starts_at: datetime,
) -> UUID:
    order = NewClass(title=title, starts_at=starts_at, minutes=45)
    return await training.plan_class(session, clock, teacher, course, order)


async def _attended(
    session: AsyncSession, clock: SimulatedClock, class_id: UUID, learners: Sequence[Viewer]
) -> None:
    """The first answers every check; the others are there and answer none."""
    chance = random.Random("teaching")  # noqa: S311  (a story)
    for _ in range(24):
        for number, who in enumerate(learners):
            await act_as(session, who)
            await attending.be_there(session, clock, who, class_id, chance)
            check = (await one_class(session, clock, who, class_id)).check
            if number == 0 and check is not None:
                answer = AnswerCheck(choice=check.wanted)
                await attending.answer_check(session, clock, who, class_id, answer)
        clock.advance(BEAT)
