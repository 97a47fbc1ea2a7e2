"""A school in the referral network: who teaches, who learns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from consult.training import attending, queries, service
from consult.training.grading import QuizOption, QuizQuestion
from consult.training.queries import Which
from consult.training.schemas import (
    AnswerCheck,
    ClassDetail,
    CourseDetail,
    CourseOut,
    EditCourse,
    Move,
    MoveWhy,
    NewClass,
    NewCourse,
    NewQuiz,
    QuizAnswer,
    TryQuiz,
)
from consult.training.timers import run_due
from tests.referral.network import Network

BEAT_S = 15


def question(text: str, *wrong: str, right: Sequence[str]) -> QuizQuestion:
    """A question whose right options stand first."""
    return QuizQuestion(
        text=text,
        options=[QuizOption(text=one, right=True) for one in right]
        + [QuizOption(text=one) for one in wrong],
    )


QUESTIONS = [
    question("产后出血的定义", "≥300 mL", right=["≥500 mL"]),
    question("宫缩剂有哪些", "硫酸镁", right=["缩宫素", "卡前列素"]),
]
RIGHT, WRONG = [[0], [0, 1]], [[0], [2]]


@dataclass(slots=True)
class School:
    """One network, many courses."""

    net: Network

    async def do(self, by: str, command: Any, *rest: Any) -> Any:
        """One command in one transaction as somebody."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await command(session, self.net.clock, viewer, *rest)

    async def course(
        self, by: str = "city_expert", *, quiz: bool = True, published: bool = True, **more: Any
    ) -> UUID:
        """A course of somebody's house."""
        order = NewCourse(**({"title": "产后出血的急救", "summary": "识别与处理"} | more))
        course: UUID = await self.do(by, service.make_course, order)
        if quiz:
            await self.do(by, service.ask_quiz, course, NewQuiz(questions=QUESTIONS))
        if published:
            await self.do(by, service.publish_course, course, Move(version=1))
        return course

    async def opened(self, course: UUID, by: str = "city_expert") -> UUID:
        """A class of it that runs."""
        order = NewClass(title="第一讲", starts_at=self.net.clock.now() + timedelta(minutes=1))
        seated: UUID = await self.do(by, service.plan_class, course, order)
        await self.do(by, service.open_class, seated, Move(version=1))
        return seated

    async def look(self, course: UUID, by: str = "county_doctor") -> CourseDetail:
        """The course as somebody sees it."""
        found: CourseDetail = await self.do(by, queries.one, course)
        return found

    async def sit(self, seated: UUID, by: str = "county_doctor") -> ClassDetail:
        """The class as somebody sees it."""
        found: ClassDetail = await self.do(by, queries.one_class, seated)
        return found

    async def listed(self, by: str, which: Which = "current") -> list[CourseOut]:
        """A list as somebody sees it."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await queries.courses(session, viewer, which)

    async def attend(
        self, seated: UUID, minutes: float, *, by: str = "county_doctor", awake: bool = True
    ) -> None:
        """Somebody's page beats for so long, and they answer what they are asked, or do not."""
        for _ in range(int(minutes * 60) // BEAT_S):
            await self.do(by, attending.be_there, seated)
            check = (await self.sit(seated, by)).check
            if check is not None and awake:
                order = AnswerCheck(choice=check.wanted)
                await self.do(by, attending.answer_check, seated, order)
            self.net.wait(seconds=BEAT_S)

    async def end(self, seated: UUID, by: str = "city_expert") -> None:
        """It is over."""
        await self.do(by, service.end_class, seated, Move(version=2))

    async def tried(
        self,
        course: UUID,
        answers: Sequence[Sequence[int]],
        by: str = "county_doctor",
        quiz: int = 1,
    ) -> bool:
        """Whether somebody passes with these answers."""
        order = TryQuiz(quiz=quiz, answers=[QuizAnswer(marked=list(one)) for one in answers])
        await self.do(by, attending.try_quiz, course, order)
        return (await self.look(course, by)).attempts[-1].passed

    async def time_passes(self, **by: float) -> None:
        """Wait, then let the engine end what was forgotten."""
        self.net.wait(**by)
        await run_due(self.net.clone.system, self.net.clock)

    EDIT = EditCourse
    WHY = MoveWhy


@pytest.fixture
def school(net: Network) -> School:
    """The network's school."""
    return School(net)
