"""Tells the closed cases through the same commands that people use, at a clock of the past.

Each case is one transaction in which one person after the other acts, so that no timer of an old
case is ever seen running. Its events say `simulated` for ever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import SimulatedClock
from kernel.database import Database, act_as
from kernel.ids import CaseId, PregnancyId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.commands import on_case, on_leg, on_offer
from referral.commands.fields import Vitals
from referral.commands.sending import SendReferral
from referral.service import accept, answer, arrive, commit, complete, finish, guide, travel
from referral.service.send import send_referral
from registry.observations import service as observations
from registry.pregnancies.schemas import GestationAt, NewPatient, NewPregnancy
from registry.pregnancies.service import create_patient_with_pregnancy
from server.demo.afterwards import After, after_all, follow
from server.demo.cast import Cast
from server.demo.plot import Plot, plots
from server.demo.readings import before
from server.demo.region import synthetic_name

log = structlog.get_logger()

_CLAIM = text(
    "INSERT INTO idempotency_key (account_id, key, fingerprint)"
    " VALUES (:account, :key, '\\x') ON CONFLICT DO NOTHING RETURNING key"
)
_VERSION = text("SELECT version FROM referral WHERE id = :id")
_OFFER = text(
    "SELECT id FROM offer WHERE case_id = :id AND facility_id = :facility"
    " ORDER BY offered_at DESC LIMIT 1"
)
_LEG = text("SELECT id FROM leg WHERE case_id = :id ORDER BY id DESC LIMIT 1")

CHECKED = on_leg.Checklist(
    airway_and_breathing_stable=True,
    circulation_stable=True,
    iv_access=True,
    oxygen_for_trip_plus_30_min=True,
    emergency_kit=True,
    papers_and_consent=True,
    family_informed=True,
)


async def tell_history(database: Database, now: datetime, sealer: Sealer, days: int) -> int:
    """Tell every case that has not been told yet; how many there were."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    told, stories = 0, plots(now, days)
    ends = after_all([plot.number for plot in stories if plot.ending == "transferred"])
    for plot in stories:
        told += await _tell(database, cast, plot, sealer, ends.get(plot.number, "read"))
    log.info("demo.history", cases=told)
    return told


async def _tell(database: Database, cast: Cast, plot: Plot, sealer: Sealer, after: After) -> bool:
    origin = cast.viewers[plot.origin_login]
    async with database.session(origin) as session:
        key = {"account": origin.account_id, "key": f"demo-history-{plot.number}"}
        if (await session.execute(_CLAIM, key)).first() is None:
            return False
        story = Story(session, cast, plot, SimulatedClock(plot.sent_at), sealer, after)
        await story.send()
        await story.end()
    return True


@dataclass(slots=True)
class Story:
    """One case while it is told."""

    session: AsyncSession
    cast: Cast
    plot: Plot
    clock: SimulatedClock
    sealer: Sealer
    after: After = "read"
    case_id: CaseId | None = None

    @property
    def origin(self) -> Viewer:
        return self.cast.viewers[self.plot.origin_login]

    @property
    def receiver(self) -> Viewer:
        return self.cast.viewers[self.plot.receiver_login]

    async def send(self) -> None:
        """The woman is registered and the case is sent."""
        plot = self.plot
        woman = await create_patient_with_pregnancy(
            self.session,
            self.clock,
            self.origin,
            self.sealer,
            NewPatient(
                name=synthetic_name(200 + plot.number),
                age=plot.age,
                pregnancy=NewPregnancy(
                    gestation_days_at=GestationAt(days=plot.gestation_days, at=plot.sent_at.date()),
                    gravida=2,
                    para=1,
                ),
            ),
            demo=True,
        )
        await observations.record(
            self.session,
            self.clock,
            self.origin,
            pregnancy_id=PregnancyId(woman.pregnancy_id),
            entries=before(self.clock.now(), bleeding=plot.postpartum),
        )
        first = self.cast.facilities[plot.redirected_from or plot.receiver]
        self.case_id = await send_referral(
            self.session,
            self.clock,
            self.origin,
            self.sealer,
            SendReferral(
                pregnancy_id=woman.pregnancy_id,
                subject="mother",
                condition=plot.condition,
                acuity=plot.acuity,  # type: ignore[arg-type]
                risk_colour=plot.risk_colour,  # type: ignore[arg-type]
                vitals=Vitals(sbp_mmhg=92, dbp_mmhg=58, hr_per_min=118, blood_loss_ml=1200)
                if plot.postpartum
                else Vitals(sbp_mmhg=158, dbp_mmhg=102, hr_per_min=96, fhr_bpm=140),
                reason="演示病例：本院救治能力不足，请求上级转诊救治。",
                consent="signed",
                destinations=[first],
            ),
            demo=True,
        )

    async def end(self) -> None:
        """Everything after the request, by the plot's ending."""
        if self.plot.redirected_from:
            await self._redirect(self.plot.redirected_from)
        await self._acknowledge()
        if self.plot.ending == "guided":
            await self._guide()
            return
        await self._accept()
        if self.plot.ending == "cancelled":
            await self._cancel()
            return
        await self._travel()
        await self._operate()
        await follow(self, self.after, self.plot.close)

    async def as_(self, viewer: Viewer, after: timedelta) -> int:
        """Time passes, `viewer` takes over; the version that viewer sees."""
        self.clock.advance(after)
        await self.session.flush()  # what the last one did must be visible to the next one's rules
        await act_as(self.session, viewer)
        return int((await self.session.execute(_VERSION, {"id": self.case_id})).scalar_one())

    async def _offer(self, code: str) -> UUID:
        ids = {"id": self.case_id, "facility": self.cast.facilities[code]}
        return UUID(str((await self.session.execute(_OFFER, ids)).scalar_one()))

    async def _leg(self) -> UUID:
        return UUID(str((await self.session.execute(_LEG, {"id": self.case_id})).scalar_one()))

    async def _redirect(self, code: str) -> None:
        first = self.cast.at(code, "expert")
        version = await self.as_(first, timedelta(minutes=2))
        order = on_offer.Redirect(
            version=version,
            facility_id=self.cast.facilities[self.plot.receiver],
            reason="本中心手术间和 ICU 床位已满，省妇幼有条件接收。",
        )
        await answer.redirect(self.session, self.clock, first, await self._offer(code), order)

    async def _acknowledge(self) -> None:
        me, offer = self.receiver, self.plot.receiver
        version = await self.as_(me, self.plot.acknowledge)
        offer_id = await self._offer(offer)
        await answer.acknowledge(
            self.session, self.clock, me, offer_id, on_offer.Acknowledge(version=version)
        )
        if not self.plot.question:
            return
        version = await self.as_(me, timedelta(seconds=50))
        asked = on_offer.Ask(version=version, question="目前出血量和血红蛋白是多少？")
        await answer.ask(self.session, self.clock, me, offer_id, asked)
        version = await self.as_(self.origin, timedelta(minutes=2))
        said = on_offer.Answer(version=version, answer="累计约 1200 mL，血红蛋白 78 g/L，已配血。")
        await answer.answer(self.session, self.clock, self.origin, offer_id, said)

    async def _accept(self) -> None:
        version = await self.as_(self.receiver, self.plot.accept)
        offer_id = await self._offer(self.plot.receiver)
        order = on_offer.Accept(version=version, bed="产科 ICU 3 床", neonatal_accepted=True)
        await accept.accept(self.session, self.clock, self.receiver, offer_id, order)
        version = await self.as_(self.origin, self.plot.commit)
        chosen = on_case.Commit(version=version, offer_id=offer_id)
        await commit.take_up(self.session, self.clock, self.origin, self.case, chosen)

    @property
    def case(self) -> CaseId:
        if self.case_id is None:
            raise RuntimeError("the story has not begun")
        return self.case_id

    async def _cancel(self) -> None:
        version = await self.as_(self.origin, timedelta(minutes=6))
        order = on_case.Cancel(
            version=version, code="delivered_locally", note="已就地分娩，病情平稳"
        )
        await finish.cancel(self.session, self.clock, self.origin, self.case, order)
        await self._know_of_it(timedelta(minutes=2))

    async def _know_of_it(self, after: timedelta) -> None:
        """The receiver knows that she does not come."""
        version = await self.as_(self.receiver, after)
        known = on_offer.AcknowledgeWithdrawal(version=version)
        await answer.acknowledge_withdrawal(
            self.session, self.clock, self.receiver, await self._offer(self.plot.receiver), known
        )

    async def _guide(self) -> None:
        lead = self.receiver
        version = await self.as_(lead, timedelta(minutes=3))
        order = on_case.GuideInPlace(
            version=version,
            reason="循环不稳定，途中风险高于就地救治。",
            remote_lead_id=lead.person_id,
            team_travelling=True,
        )
        await guide.guide_in_place(self.session, self.clock, lead, self.case, order)
        version = await self.as_(lead, timedelta(minutes=14))
        look = on_case.ReviewGuidance(version=version, note="血压回升，继续就地救治。")
        await guide.review_guidance(self.session, self.clock, lead, self.case, look)
        version = await self.as_(self.origin, timedelta(minutes=75))
        end = on_case.EndGuidance(
            version=version, outcome="rescued", diagnosis="产后出血", feedback="就地救治成功。"
        )
        await guide.end_guidance(self.session, self.clock, self.origin, self.case, end)
        await self._know_of_it(timedelta(minutes=4))

    async def leave(self, *, eta: datetime) -> tuple[CaseId, UUID]:
        """She is sent, accepted and on her way; the case and its journey."""
        await self.send()
        await self._acknowledge()
        await self._accept()
        return self.case, await self._depart(eta)

    async def _depart(self, eta: datetime | None = None) -> UUID:
        me, leg_id = self.origin, await self._leg()
        version = await self.as_(me, self.plot.ready)
        ready = on_leg.Ready(version=version, checklist=CHECKED)
        await travel.ready(self.session, self.clock, me, leg_id, ready)
        version = await self.as_(me, self.plot.depart)
        eta = eta or self.clock.now() + timedelta(minutes=60)
        await travel.depart(
            self.session, self.clock, me, leg_id, on_leg.Depart(version=version, eta=eta)
        )
        return leg_id

    async def _travel(self) -> None:
        me, leg_id = self.origin, await self._depart()
        version = await self.as_(self.receiver, self.plot.arrive)
        await arrive.arrive(
            self.session, self.clock, self.receiver, leg_id, on_leg.Arrive(version=version)
        )
        for viewer, after in ((me, self.plot.hand_over), (self.receiver, timedelta(minutes=1))):
            version = await self.as_(viewer, after)
            signed = on_leg.SignHandover(
                version=version,
                condition="神志清，血压 105/65，心率 102。",
                drugs="缩宫素、氨甲环酸已用，时间见记录。",
                blood="红细胞 2 U 输注中。",
                documents="病历摘要、检验单、知情同意书。",
            )
            await arrive.sign_handover(self.session, self.clock, viewer, leg_id, signed)

    async def _operate(self) -> None:
        plot, me = self.plot, self.receiver
        if plot.urgency_class is None:
            return
        for kind, after in (
            ("decision_for_cs", plot.decision),
            ("incision", plot.incision),
            ("birth", plot.birth),
        ):
            await self.as_(me, after)
            mark = on_case.Milestone(
                kind=kind,  # type: ignore[arg-type]
                urgency_class=plot.urgency_class if kind == "decision_for_cs" else None,
                place=plot.place if kind == "decision_for_cs" else None,
                anaesthesia=plot.anaesthesia if kind == "decision_for_cs" else None,
            )
            await complete.add_milestone(self.session, self.clock, me, self.case, mark)
