"""Deaths and near-misses of the referral network, and who reviews them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.ids import AccountId, CaseId, new_id
from kernel.viewer import Role, Viewer
from quality.reviews import measures, proposing, queries, service
from quality.reviews.schemas import (
    AddMeasure,
    CloseReview,
    ConcludeReview,
    DismissReview,
    Find,
    HoldReview,
    MeasureBack,
    MeasureOut,
    MoveMeasure,
    MoveReview,
    OpenReview,
    ReportMeasure,
    ReviewDetail,
    ReviewOut,
    Seat,
    SetPanel,
    Vote,
)
from quality.reviews.timers import run_due
from referral.aftermath.commands import CriticalFacts, Decide
from referral.aftermath.models import ProposalRow
from referral.aftermath.service.near_misses import decide, record_critical
from referral.commands.on_case import Die
from referral.service.finish import die
from registry.people import service as people
from tests.fixtures.database import Clone
from tests.referral.aftermath.roads import handed_over, on_the_road
from tests.referral.network import SEALER, Network, build

ENGINE = Viewer.system("engine")
STEPS: dict[str, tuple[Any, Any]] = {
    "open": (service.open_proposed, MoveReview),
    "dismiss": (service.dismiss, DismissReview),
    "set_panel": (service.set_panel, SetPanel),
    "hold": (service.hold, HoldReview),
    "conclude": (service.conclude, ConcludeReview),
    "close": (service.close, CloseReview),
    "add_measure": (measures.add, AddMeasure),
}
MEASURES: dict[str, tuple[Any, Any]] = {
    "report": (measures.report, ReportMeasure),
    "verify": (measures.verify, MoveMeasure),
    "send_back": (measures.send_back, MeasureBack),
    "drop": (measures.drop, MeasureBack),
}


@dataclass(slots=True)
class Board:
    """One network, its cases, and those who review them."""

    net: Network

    async def hire(self, name: str, place: str, *roles: Role) -> None:
        """Somebody more who works there."""
        facility = self.net.places[place]
        async with self.net.clone.system.session(ENGINE) as session:
            person = await people.create_person(
                session, self.net.clock, SEALER, facility_id=facility, name=name, title="主任医师"
            )
        self.net.staff[name] = Viewer(
            account_id=AccountId(new_id()),
            person_id=person,
            session_id=None,
            facility_id=facility,
            facility_ids=frozenset({facility}),
            region_ids=frozenset(),
            roles=frozenset(roles),
        )

    async def death(self, **changes: object) -> CaseId:
        """A woman handed over to the city dies there."""
        case = await handed_over(self.net, **changes)
        await self.net.act("city_expert", case, die, Die, place="手术室", certifier="测试医生")
        await self.engine(case)
        return case

    async def near_miss(self) -> CaseId:
        """A woman nearly dies, and a clinician says so."""
        case, _ = await on_the_road(self.net)
        await self.net.do("city_expert", record_critical, case, CriticalFacts(cpr=True))
        async with self.net.clone.system.session(ENGINE) as session:
            found = ProposalRow.__table__.select().where(ProposalRow.case_id == case)
            proposal = (await session.execute(found)).one().id
        await self.net.do("city_expert", decide, proposal, Decide(verdict="confirmed"))
        await self.engine(case)
        return case

    async def engine(self, case: CaseId) -> int:
        """As the engine does after each event of interest."""
        async with self.net.clone.system.session(ENGINE) as session:
            return await proposing.propose(session, self.net.clock, ENGINE, case)

    async def listed(self, by: str, which: queries.Which = "open") -> list[ReviewOut]:
        """The list as somebody sees it."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await queries.reviews(session, self.net.clock, viewer, which)

    async def of(self, case: CaseId, by: str = "office", kind: str = "maternal_death") -> UUID:
        """The review of a case that somebody convenes."""
        async with self.net.clone.system.session(ENGINE) as session:
            rows = await session.execute(
                text("SELECT id FROM case_review WHERE of_case_id = :c AND kind = :k"),
                {"c": case, "k": kind},
            )
            ids = set(rows.scalars())
        (found,) = [one.id for one in await self.listed(by) if one.id in ids]
        return found

    async def look(self, review: UUID, by: str = "office") -> ReviewDetail:
        """The review as somebody sees it."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await queries.one(session, self.net.clock, viewer, review)

    async def open(self, by: str, case: CaseId, **fields: Any) -> UUID:
        """Somebody opens one by hand."""
        viewer = self.net.staff[by]
        order = OpenReview(case_id=case, **fields)
        async with self.net.clone.app.session(viewer) as session:
            return await service.open_new(session, self.net.clock, viewer, order)

    async def step(self, by: str, review: UUID, what: str, **fields: Any) -> None:
        """One step at the version that stands."""
        viewer, (command, order) = self.net.staff[by], STEPS[what]
        version = fields.pop("version", None)
        if version is None:
            version = (await self.look(review)).review.version
        async with self.net.clone.app.session(viewer) as session:
            said = order(version=version, **fields)
            await command(session, self.net.clock, viewer, review, said)

    async def prepare(self, review: UUID, by: str = "office") -> None:
        """The pack is written."""
        viewer = self.net.staff[by]
        order = MoveReview(version=(await self.look(review, by)).review.version)
        async with self.net.clone.app.session(viewer) as session:
            await service.prepare(session, self.net.clock, viewer, SEALER, review, order)

    async def panel(self, review: UUID, *people_: str, by: str = "office") -> None:
        """The panel, the first in the chair."""
        seats = [
            Seat(person_id=self.net.staff[one].person_id, chair=n == 0)
            for n, one in enumerate(people_)
        ]
        await self.step(by, review, "set_panel", members=seats)

    async def vote(self, review: UUID, conclusion: str, *people_: str) -> None:
        """They vote for it."""
        for by in people_:
            await self.say(by, service.vote, review, Vote(conclusion=conclusion))

    async def find(self, by: str, review: UUID, words: str, link: str = "health") -> None:
        """A finding."""
        order = Find(link=link, aspect="management", words=words)
        await self.say(by, service.find, review, order)

    async def say(self, by: str, command: Any, id_: UUID, *order: object) -> None:
        """One command, in one transaction, as somebody."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            await command(session, self.net.clock, viewer, id_, *order)

    async def measure(self, by: str, measure: UUID, what: str, **fields: Any) -> MeasureOut:
        """One step of a measure, at the version that stands."""
        viewer, (command, order) = self.net.staff[by], MEASURES[what]
        async with self.net.clone.app.session(viewer) as session:
            now = await queries.measure(session, self.net.clock, viewer, measure)
        async with self.net.clone.app.session(viewer) as session:
            said = order(version=now.version, **fields)
            await command(session, self.net.clock, viewer, measure, said)
            return await queries.measure(session, self.net.clock, viewer, measure)

    async def owed(self, by: str) -> list[MeasureOut]:
        """What somebody owes."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await queries.owed(session, self.net.clock, viewer)

    async def held(self, review: UUID) -> None:
        """Opened, prepared, a panel of three, met."""
        await self.step("office", review, "open")
        await self.prepare(review)
        await self.panel(review, "chair", "second", "third")
        await self.step("office", review, "hold")

    async def concluded(self, review: UUID) -> None:
        """Held, and most say that it could have been avoided."""
        await self.held(review)
        await self.vote(review, "avoidable", "chair", "second")
        await self.step(
            "office", review, "conclude", cause="haemorrhage", delays=["receiving"],
            summary="失血评估不足",
        )  # fmt: skip

    async def time_passes(self, **by: float) -> None:
        """Wait, then let the engine remind."""
        self.net.wait(**by)
        await run_due(self.net.clone.system, self.net.clock)


@pytest.fixture(scope="module")
async def board(module_database: Clone) -> Board:
    """The network with an office that convenes at the city, and three who sit on panels."""
    found = Board(await build(module_database))
    await found.hire("office", "city", Role.COORDINATOR)
    await found.hire("office_two", "city", Role.COORDINATOR)
    for name, place in (("chair", "province"), ("second", "city"), ("third", "city_two")):
        await found.hire(name, place, Role.EXPERT)
    return found
