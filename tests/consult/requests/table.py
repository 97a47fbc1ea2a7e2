"""A consultation around the table of the referral network: who asks, answers, decides."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from consult import service as advice
from consult import signing
from consult.commands import NewAdvice, NewOrder
from consult.requests import answering, deciding, planning, queries, rating, service
from consult.requests.schemas import (
    AskConsult,
    Conclude,
    ConsultDetail,
    ConsultOut,
    Decide,
    Decision,
    Decline,
    HandOn,
    Invitee,
    InviteMore,
    MoveConsult,
    ProposeTime,
    RateConsult,
)
from consult.requests.timers import run_due
from kernel.ids import CaseId
from kernel.viewer import Role
from registry.people.service import Grant, create_person_with_account
from server.tracings import RecordedTracings
from tests.referral.network import SEALER, SEEDER, Network
from tests.registry.world import password_hash

TRACINGS = RecordedTracings()
ANSWERS = {
    "accept": (answering.accept, MoveConsult),
    "decline": (answering.decline, Decline),
    "hand_on": (answering.hand_on, HandOn),
    "seen": (answering.seen, MoveConsult),
}
STEPS = {
    "invite": (service.invite, InviteMore),
    "begin": (service.begin, MoveConsult),
    "conclude": (service.conclude, Conclude),
    "cancel": (service.cancel, MoveConsult),
    "propose": (planning.propose, ProposeTime),
}


@dataclass(slots=True)
class Table:
    """One network, many consultations."""

    net: Network

    def house(self, name: str, **more: Any) -> Invitee:
        """An invitation to a place of the network."""
        return Invitee(facility_id=self.net.places[name], **more)

    async def ask(self, *invited: Invitee, by: str = "county_doctor", **more: Any) -> UUID:
        """Ask about a woman of the asker's house, or about `of_case_id`."""
        viewer = self.net.staff[by]
        if "of_case_id" not in more and "pregnancy_id" not in more:
            more["pregnancy_id"] = await self.net.pregnancy(viewer)
        fields = {
            "urgency": "urgent",
            "purpose": "产后出血，是否需要转诊",
            "summary": "胎盘娩出后出血约 1500 mL，宫缩乏力，已予缩宫素。",
            "consent": "spoken",
            "invite": list(invited) or [self.house("city")],
        } | more
        async with self.net.clone.app.session(viewer) as session:
            return await service.ask(session, self.net.clock, viewer, AskConsult(**fields))

    async def look(self, consult: UUID, by: str = "county_doctor") -> ConsultDetail:
        """The consultation as somebody sees it."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await queries.one(session, self.net.clock, viewer, SEALER, consult)

    async def listed(self, by: str, which: Any, **more: Any) -> list[ConsultOut]:
        """A list as somebody sees it."""
        viewer = self.net.staff[by]
        async with self.net.clone.app.session(viewer) as session:
            return await queries.consults(session, self.net.clock, viewer, SEALER, which, **more)

    async def answer(self, by: str, consult: UUID, what: str, n: int = 1, **fields: Any) -> None:
        """Answer the n-th invitation, at the version that stands."""
        viewer, (command, order) = self.net.staff[by], ANSWERS[what]
        seen = (await self.look(consult)).consult
        (id_,) = [one.id for one in seen.invited if one.n == n]
        given = order(version=fields.pop("version", seen.version), **fields)
        async with self.net.clone.app.session(viewer) as session:
            await command(session, self.net.clock, viewer, consult, id_, given)

    async def step(self, by: str, consult: UUID, what: str, **fields: Any) -> None:
        """Move the consultation as a whole, at the version that stands."""
        viewer, (command, order) = self.net.staff[by], STEPS[what]
        version = fields.pop("version", None) or (await self.look(consult)).consult.version
        async with self.net.clone.app.session(viewer) as session:
            await command(
                session, self.net.clock, viewer, consult, order(version=version, **fields)
            )

    async def agree(self, by: str, consult: UUID, n: int) -> None:
        """Agree to the n-th proposal."""
        viewer = self.net.staff[by]
        order = MoveConsult(version=(await self.look(consult)).consult.version)
        async with self.net.clone.app.session(viewer) as session:
            await planning.agree(session, self.net.clock, viewer, consult, n, order)

    async def advise(self, by: str, case_id: UUID) -> None:
        """Write and sign advice with one order."""
        viewer = self.net.staff[by]
        words = NewAdvice(text="双合诊压迫，准备球囊", orders=[NewOrder(text="氨甲环酸 1 g 静滴")])
        async with self.net.clone.app.session(viewer) as session:
            id_ = await advice.write_advice(
                session, self.net.clock, viewer, case_id, words, RecordedTracings()
            )
            await signing.sign_advice(session, self.net.clock, viewer, id_, 1)

    async def decide(self, by: str, consult: UUID, adoption: Any = "adopted") -> None:
        """Sign the treating house's decision."""
        viewer = self.net.staff[by]
        order = Decide(
            version=(await self.look(consult)).consult.version,
            decision=Decision(adoption=adoption, text="按会诊意见处理，暂不转诊"),
            password="checked by the route",
        )
        async with self.net.clone.app.session(viewer) as session:
            await deciding.decide(session, self.net.clock, viewer, consult, order)

    async def rate(self, by: str, consult: UUID, useful: int = 5, words: str = "") -> None:
        """Say how it was."""
        viewer = self.net.staff[by]
        order = RateConsult(timely=4, clear=5, useful=useful, words=words)
        async with self.net.clone.app.session(viewer) as session:
            await rating.rate(session, self.net.clock, viewer, consult, order)

    async def time_passes(self, **by: float) -> None:
        """Wait, then let the engine mind what is due."""
        self.net.wait(**by)
        while await run_due(self.net.clone.system, self.net.clock):
            pass

    async def pages(self, consult: UUID) -> list[tuple[str, UUID]]:
        """(event, house) of every page about it."""
        async with self.net.clone.system.session(SEEDER) as session:
            asked = text(
                "SELECT event, facility_id FROM page WHERE case_id = :id ORDER BY created_at, id"
            )
            rows = (await session.execute(asked, {"id": consult})).all()
        return [(row.event, row.facility_id) for row in rows]

    async def rung(self, consult: UUID) -> dict[UUID, str]:
        """Whom its calls rang, and by which place of the roster."""
        async with self.net.clone.system.session(SEEDER) as session:
            asked = text("SELECT person_id, tier FROM page_target WHERE case_id = :id")
            rows = (await session.execute(asked, {"id": consult})).all()
        return {row.person_id: row.tier for row in rows}

    async def expert_with_account(self, place: str) -> UUID:
        """An expert who can be asked for by name."""
        async with self.net.clone.system.session(SEEDER) as session:
            person, _ = await create_person_with_account(
                session,
                self.net.clock,
                SEALER,
                facility_id=self.net.places[place],
                name="测试专家",
                login=f"by-name-{uuid4().hex[:8]}",
                password_hash=password_hash(),
                grants=[Grant(Role.EXPERT)],
            )
        return person

    async def kinds(self, case_id: UUID) -> list[str]:
        """Kinds of a case's events, without the pager's."""
        return await self.net.kinds(CaseId(case_id))
