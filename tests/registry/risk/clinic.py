"""One woman, and people who grade her through the same commands as the page."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.pregnancies.schemas import NewPatient, NewPregnancy, PatientCreated
from registry.risk import queries, service
from registry.risk.rulesets import Colour, Kind
from registry.risk.schemas import (
    ConfirmGrade,
    GradeOut,
    OverrideGrade,
    RiskAnswer,
    RiskAnswers,
    RiskOut,
)
from tests.fixtures.database import Clone
from tests.registry.world import World

KNOWN = NewPatient(
    name="林测试",
    birth_date=date(1996, 5, 1),
    pregnancy=NewPregnancy(lmp=date(2026, 5, 1), gravida=1, para=0),
)


class Clinic:
    """One woman, and people who grade her."""

    def __init__(self, clone: Clone, world: World, doctor: Viewer, made: PatientCreated) -> None:
        self.clone = clone
        self.world = world
        self.doctor = doctor
        self.made = made
        self.her = PregnancyId(made.pregnancy_id)

    async def say(self, viewer: Viewer | None = None, **facts: Any) -> list[UUID]:
        """Answers, as the page sends them."""
        who = viewer or self.doctor
        given = RiskAnswers(
            answers=[RiskAnswer(fact=name, value=value) for name, value in facts.items()]
        )
        async with self.clone.app.session(who) as session:
            return await service.answer(session, self.world.clock, who, self.her, given)

    async def assess(self, viewer: Viewer | None = None, **facts: Any) -> UUID:
        """The proposed assessment after these answers."""
        await self.say(viewer, **facts)
        proposal = (await self.look(viewer)).assessment.proposal
        assert proposal is not None
        return proposal.id

    async def history(self) -> list[GradeOut]:
        """Her assessments, oldest first."""
        return [entry for entry in (await self.look()).history if entry.kind is Kind.ASSESSMENT]

    async def say_no_to_all_that_is_asked(self, kind: Kind, **measured: Any) -> list[UUID]:
        """One tap per group, and what was measured."""
        asked = getattr(await self.look(), kind.value).evaluation.questions
        no = {question.fact: False for question in asked if question.kind == "boolean"}
        return await self.say(**(no | measured))

    async def look(self, viewer: Viewer | None = None) -> RiskOut:
        who = viewer or self.doctor
        async with self.clone.app.session(who) as session:
            return await queries.risk(session, self.world.clock, who, self.her)

    async def confirm(self, proposal: UUID, viewer: Viewer | None = None) -> GradeOut:
        who = viewer or self.doctor
        order = ConfirmGrade(proposal_id=proposal)
        async with self.clone.app.session(who) as session:
            row = await service.confirm(session, self.world.clock, who, self.her, order)
            return await queries.grade(session, who, self.her, row.id)

    async def override(
        self,
        colour: Colour,
        *,
        purple: bool = False,
        proposal: UUID | None = None,
        viewer: Viewer | None = None,
    ) -> GradeOut:
        who = viewer or self.doctor
        order = OverrideGrade(
            colour=colour, purple=purple, reason="既往病历提示风险更高", proposal_id=proposal
        )
        async with self.clone.app.session(who) as session:
            row = await service.override(session, self.world.clock, who, self.her, order)
            return await queries.grade(session, who, self.her, row.id)

    async def current(self, viewer: Viewer | None = None) -> GradeOut | None:
        who = viewer or self.doctor
        async with self.clone.app.session(who) as session:
            return await queries.current_grade(session, who, self.her)


async def rows(clinic: Clinic, statement: str) -> list[Any]:
    """Rows about this woman, seen by the platform."""
    async with clinic.clone.system.session(Viewer.system("test")) as session:
        found = await session.execute(text(statement), {"her": str(clinic.her)})
        return list(found.all())
