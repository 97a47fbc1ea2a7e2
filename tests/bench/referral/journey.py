"""One transfer from the request to the outcome: twenty transitions, each a transaction of its own
by the person whose move it is, under row-level security, durable before the next one begins."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from kernel.errors import Refusal
from referral.commands import on_case, on_hold, on_leg, on_offer
from referral.commands.fields import Vitals
from referral.commands.sending import SendReferral
from referral.service import accept, answer, arrive, commit, complete, finish, hold, send, travel
from tests.referral.network import SEALER, SEEDER, STABLE, Network

TRANSITIONS = 20
HALF = {"condition": "平稳", "drugs": "缩宫素 20 U", "blood": "红细胞 2 U", "documents": "病历"}
PARTS = {
    "offer": text("SELECT id FROM offer WHERE case_id = :case"),
    "hold": text("SELECT id FROM hold WHERE case_id = :case ORDER BY requested_at LIMIT 1"),
    "leg": text("SELECT id FROM leg WHERE case_id = :case"),
}


@dataclass(slots=True)
class Measured:
    """What a stretch of journeys took."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    finished: int = 0


@dataclass(slots=True)
class Journey:
    """Where one transfer stands."""

    net: Network
    measured: Measured
    case: UUID | None = None
    version: int = 1

    async def take(
        self, who: str, command: Any, struct: Any, part: str = "", **fields: Any
    ) -> None:
        """One transition."""
        target = self.case if not part else await self._part(part)
        order = struct(version=self.version, **fields)
        await self._timed(who, command, target, order)
        self.version += 1

    async def begin(self, pregnancy: UUID) -> None:
        """The request, with offer, pages, frozen snapshot and chain."""
        order = SendReferral(
            pregnancy_id=pregnancy,
            subject="mother",
            condition="pph",
            acuity="critical",
            risk_colour="red",
            vitals=Vitals(sbp_mmhg=84, dbp_mmhg=50, hr_per_min=128, blood_loss_ml=1500),
            reason="产后出血约1500 mL，宫缩乏力",
            consent="signed",
            destinations=[self.net.places["city"]],
        )
        self.case = await self._timed("county_doctor", send.send_referral, SEALER, order)

    async def _timed(self, who: str, command: Any, *arguments: Any) -> Any:
        viewer, clone = self.net.staff[who], self.net.clone
        begun = time.perf_counter()
        async with clone.app.session(viewer) as session:
            got = await command(session, self.net.clock, viewer, *arguments)
        self.measured.seconds.append(time.perf_counter() - begun)
        return got

    async def _part(self, name: str) -> UUID:
        """The id that a page would have read from the case; not counted."""
        async with self.net.clone.system.session(SEEDER) as session:
            found: UUID = (await session.execute(PARTS[name], {"case": self.case})).scalar_one()
        return found


async def travel_whole(net: Network, pregnancy: UUID, measured: Measured) -> None:
    """All twenty transitions of one transfer; a refusal ends it and is counted."""
    journey = Journey(net, measured)
    try:
        await journey.begin(pregnancy)
        async for _ in _road(journey):
            pass
        measured.finished += 1
    except Refusal as refusal:
        measured.errors.append(refusal.code)


async def _road(case: Journey) -> AsyncIterator[None]:
    doctor, expert, now = "county_doctor", "city_expert", case.net.clock.now
    steps: tuple[tuple[Any, ...], ...] = (
        (expert, answer.acknowledge, on_offer.Acknowledge, "offer", {}),
        (expert, answer.ask, on_offer.Ask, "offer", {"question": "凝血功能？"}),
        (doctor, answer.answer, on_offer.Answer, "offer", {"answer": "纤维蛋白原 1.2 g/L"}),
        (doctor, hold.request_hold, on_case.RequestHold, "", {"kind": "theatre"}),
        (expert, hold.grant, on_hold.Grant, "hold", {"until": now() + timedelta(hours=3)}),
        (expert, accept.accept, on_offer.Accept, "offer", {"bed": "产科 12 床"}),
        (doctor, commit.take_up, on_case.Commit, "", {}),
        (doctor, travel.replan, on_leg.Replan, "leg", {"vehicle": "救护车 2"}),
        (doctor, travel.ready, on_leg.Ready, "leg", {"checklist": STABLE}),
        (doctor, travel.depart, on_leg.Depart, "leg", {}),
        (doctor, travel.report, on_leg.Report, "leg", {"note": "平稳"}),
        (doctor, travel.halt, on_leg.Halt, "leg", {"reason": "让行"}),
        (doctor, travel.resume, on_leg.Resume, "leg", {}),
        (doctor, travel.report, on_leg.Report, "leg", {"vitals": Vitals(hr_per_min=112)}),
        (doctor, complete.complete_record, on_case.CompleteRecord, "", {"hb_g_per_l": 61}),
        (expert, arrive.arrive, on_leg.Arrive, "leg", {}),
        (doctor, arrive.sign_handover, on_leg.SignHandover, "leg", HALF),
        (expert, arrive.sign_handover, on_leg.SignHandover, "leg", HALF),
        (
            expert,
            finish.close,
            on_case.Close,
            "",
            {"outcome": "rescued", "diagnosis": "产后出血", "feedback": "转运及时"},
        ),
    )
    for who, command, struct, part, fields in steps:
        named = dict(fields)
        if struct in (on_case.RequestHold, on_case.Commit):
            named["offer_id"] = await case._part("offer")
        await case.take(who, command, struct, part, **named)
        yield
