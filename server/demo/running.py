"""Two rescues that run when the region opens: a bleeding woman's clock, and one guided in place.

Told like the closed cases, but up to now: their clocks go on, their questions wait for an answer.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text

from consult import service as consult
from consult import signing
from consult.commands import NewAdvice, NewOrder, ReportOrder
from kernel.clock import SimulatedClock
from kernel.database import Database
from kernel.ids import AdviceId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.clocks import service as clocks
from referral.clocks.schemas import AttributeDelay
from referral.commands import on_case
from referral.service import complete, guide, team
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast
from server.demo.history import Story
from server.demo.plot import Plot, plots
from server.tracings import RecordedTracings

log = structlog.get_logger()

EXPERT, SECOND = "yj001.expert", "yj001.second"
_TEAM = text("SELECT id FROM guidance_team WHERE case_id = :id")

BLEEDING = (
    ("pph_recognised", 1),
    ("team_called", 1),
    ("fluids_started", 2),
    ("first_dose_uterotonic", 2),
    ("team_present", 3),
)
"""Milestones at her bed and the minutes before each; blood and tranexamic acid were forgotten."""


@dataclass(slots=True)
class Running(Story):
    """One case told up to now."""

    async def pause(self, viewer: Viewer, minutes: float) -> int:
        """Minutes pass, `viewer` acts next; the version they see."""
        return await self.as_(viewer, timedelta(minutes=minutes))

    async def bleed(self) -> None:
        """A clock that runs: what was done, why the answer was late, what was forgotten."""
        await self.send()
        for kind, minutes in BLEEDING:
            await self.pause(self.origin, minutes)
            mark = on_case.Milestone(kind=kind)  # type: ignore[arg-type]
            await complete.add_milestone(self.session, self.clock, self.origin, self.case, mark)
        await self._acknowledge()
        await self.pause(self.origin, 1)
        why = AttributeDelay(interval="request_to_first_acknowledgement", code="no_answer")
        await clocks.attribute_delay(self.session, self.clock, self.origin, self.case, why)

    async def guide_here(self) -> None:
        """Led from a distance for three quarters of an hour; the next look is due in minutes."""
        lead, second = self.cast.viewers[EXPERT], self.cast.viewers[SECOND]
        await self.send()
        await self._acknowledge()
        version = await self.pause(lead, 2)
        begun = on_case.GuideInPlace(
            version=version,
            reason="抽搐反复，血压 198/124，途中风险高于就地救治。",
            remote_lead_id=lead.person_id,
            team_travelling=True,
        )
        await guide.guide_in_place(self.session, self.clock, lead, self.case, begun)
        await self._send_team(lead)
        await self._advise(lead)
        await self._look(self.origin, 6, "抽搐已止，血压 182/112，仍不能转运。")
        await self._hear_of_team(lead)
        await self._look(self.origin, 12, "血压 168/106，神志转清，再观察一次。")
        version = await self.pause(lead, 4)
        over = on_case.HandOverLead(
            version=version, remote_lead_id=second.person_id, note="接台手术，交由二线继续指导。"
        )
        await guide.hand_over_lead(self.session, self.clock, lead, self.case, over)

    async def _look(self, viewer: Viewer, minutes: float, note: str) -> None:
        version = await self.pause(viewer, minutes)
        look = on_case.ReviewGuidance(version=version, note=note)
        await guide.review_guidance(self.session, self.clock, viewer, self.case, look)

    async def _send_team(self, lead: Viewer) -> None:
        await self.pause(lead, 2)
        order = on_case.SendTeam(
            members=[
                on_case.TeamMember(name="演示专家甲", post="产科"),
                on_case.TeamMember(name="演示专家乙", post="麻醉科"),
            ],
            phone="000-0000 0042",
            eta=self.clock.now() + timedelta(minutes=70),
        )
        await team.send_team(self.session, self.clock, lead, self.sealer, self.case, order)

    async def _hear_of_team(self, lead: Viewer) -> None:
        for what, place in (("departed", None), ("position", "高速临江出口")):
            await self.pause(lead, 3)
            row = await self.session.execute(_TEAM, {"id": self.case})
            report = on_case.ReportTeam(what=what, place=place)  # type: ignore[arg-type]
            team_id = UUID(str(row.scalar_one()))
            await team.report_team(self.session, self.clock, lead, team_id, report)

    async def _advise(self, lead: Viewer) -> None:
        await self.pause(lead, 2)
        orders = [NewOrder(text="硫酸镁 4 g 静推，再 1 g/h 维持"), NewOrder(text="尼卡地平泵入")]
        said = NewAdvice(text="就地解痉、降压，每 15 分钟复评。", orders=orders)
        advice: AdviceId = await consult.write_advice(
            self.session, self.clock, lead, self.case, said, RecordedTracings()
        )
        await self.session.flush()
        await signing.sign_advice(self.session, self.clock, lead, advice, 1)
        for n, outcome in (
            (1, ReportOrder(state="executed")),
            (2, ReportOrder(state="not_executed", code="not_available", reason="改用拉贝洛尔")),
        ):
            await self.pause(self.origin, 2)
            await consult.report_order(self.session, self.clock, self.origin, advice, n, outcome)


STORIES: tuple[tuple[str, timedelta, Callable[[Running], Awaitable[None]]], ...] = (
    ("pph", timedelta(minutes=16), Running.bleed),
    ("eclampsia", timedelta(minutes=46), Running.guide_here),
)


async def tell_running(database: Database, now: datetime, sealer: Sealer) -> int:
    """Tell every running case that has not been told yet; how many there were."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    told = 0
    for number, (condition, ago, tell) in enumerate(STORIES):
        plot = _plot(number, condition, now - ago)
        origin = cast.viewers[plot.origin_login]
        async with database.session(origin) as session:
            key = {"account": origin.account_id, "key": f"demo-running-{number}"}
            if (await session.execute(CLAIM, key)).first() is None:
                continue
            await tell(Running(session, cast, plot, SimulatedClock(plot.sent_at), sealer))
        told += 1
    log.info("demo.running", cases=told)
    return told


def _plot(number: int, condition: str, sent_at: datetime) -> Plot:
    """A case of the county hospital that the city centre answers after four minutes."""
    return replace(
        plots(sent_at, 4)[0],
        number=240 + number,
        origin="LJ001",
        origin_login="lj001.doctor",
        receiver="YJ001",
        receiver_login=EXPERT,
        redirected_from=None,
        condition=condition,
        acuity="resuscitation",
        postpartum=condition == "pph",
        gestation_days=38 * 7,
        sent_at=sent_at,
        acknowledge=timedelta(minutes=4),
        question=False,
    )
