"""She cannot be moved. The province leads the rescue from a distance; the line was down first."""

from datetime import timedelta

import pytest

from consult import service as consult
from consult import signing
from consult.commands import NewAdvice, NewOrder, ReportOrder
from kernel.ids import CaseId
from referral.commands.on_case import EndGuidance, GuideInPlace, ReviewGuidance
from referral.commands.on_offer import Decline
from referral.service.answer import decline
from referral.service.guide import end_guidance, guide_in_place, review_guidance
from server.tracings import RecordedTracings
from tests.fixtures.database import Clone
from tests.referral.network import Network, build


@pytest.fixture
async def net(database: Clone) -> Network:
    return await build(database)


TRACINGS = RecordedTracings()


async def _advise(net: Network, case: CaseId) -> None:
    """The lead writes and signs; the bedside does one thing and explains the other."""
    lead, bedside = net.staff["province_expert"], net.staff["county_doctor"]
    async with net.clone.app.session(lead) as session:
        orders = [NewOrder(text="肾上腺素泵入"), NewOrder(text="ECMO 预充")]
        written = NewAdvice(text="羊水栓塞，循环支持", orders=orders)
        advice = await consult.write_advice(
            session, net.clock, lead, case, written, RecordedTracings()
        )
    async with net.clone.app.session(lead) as session:
        await signing.sign_advice(session, net.clock, lead, advice, 1)
    for n, outcome in (
        (1, ReportOrder(state="executed")),
        (2, ReportOrder(state="not_executed", code="not_available", reason="本院无 ECMO")),
    ):
        async with net.clone.app.session(bedside) as session:
            await consult.report_order(session, net.clock, bedside, advice, n, outcome)


async def test_rescued_where_she_is(net: Network) -> None:
    # The line was down: the county called by phone and enters the request twelve minutes late.
    called = net.clock.now()
    net.wait(minutes=12)
    case = await net.sent(
        condition="amniotic_fluid_embolism",
        acuity="resuscitation",
        consent="emergency_waiver",
        event_at=called,
        late_reason="断网，先电话呼叫",
    )
    assert (await net.events(case))[0].occurred_at == called

    # The city has no ICU bed. A bare no is impossible: it names its supervisor and advises.
    offer = (await net.see("city_expert", case)).offers[0].id
    await net.act(
        "city_expert",
        case,
        decline,
        Decline,
        on=offer,
        code="no_bed",
        supervisor="测试主任",
        remote_advice="立即气管插管，开放两路静脉",
    )
    # The province was asked in the same breath, and sees that moving her would kill her.
    assert (await net.see("province_expert", case)).waiting_for == "acknowledgement"
    lead = net.staff["province_expert"]
    await net.act(
        "province_expert",
        case,
        guide_in_place,
        GuideInPlace,
        reason="循环不稳定，转运途中随时可能死亡",
        remote_lead_id=lead.person_id,
        team_travelling=True,
    )
    await _advise(net, case)

    net.wait(minutes=15)
    await net.act("county_doctor", case, review_guidance, ReviewGuidance, note="血压 92/60")
    net.wait(minutes=40)
    await net.act(
        "county_doctor",
        case,
        end_guidance,
        EndGuidance,
        outcome="rescued",
        diagnosis="羊水栓塞",
        feedback="省级团队到场，循环稳定",
    )
    done = await net.see("county_doctor", case)
    assert (done.state, done.waiting_for) == ("closed", "withdrawal_acknowledgement")
    kinds = await net.kinds(case)
    assert kinds.count("guidance.session") == 1  # led and advised by one centre
    assert kinds.index("referral.guided_in_place") < kinds.index("advice.signed")
    assert done.guidance
    assert done.guidance.ended_at
    assert done.guidance.ended_at - done.guidance.since == timedelta(minutes=55)
