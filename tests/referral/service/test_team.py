"""An expert team on its way to a woman who cannot be moved; and a lead that hands over."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from referral.commands.on_case import (
    Die,
    GuideInPlace,
    HandOverLead,
    ReportTeam,
    ResumeTransfer,
    ReviewGuidance,
    SendTeam,
    TeamMember,
)
from referral.errors import DestinationUnknown, PersonUnknown, WrongMoment, WrongSide
from referral.readmodel.parts import Guidance
from referral.service.finish import die
from referral.service.guide import guide_in_place, hand_over_lead, resume_transfer, review_guidance
from referral.service.team import report_team, send_team
from tests.referral.network import SEALER, SEEDER, Network

PHONE = "0990-5550123"


async def guided(net: Network) -> CaseId:
    """A case led from the city."""
    case = await net.sent(net.places["city"])
    lead = net.staff["city_expert"].person_id
    await net.act(
        "county_doctor", case, guide_in_place, GuideInPlace, reason="休克", remote_lead_id=lead
    )
    return case


async def sent_out(net: Network, case: CaseId, who: str = "city_expert", **more: Any) -> None:
    viewer = net.staff[who]
    order = SendTeam(members=[TeamMember(name="测试甲", post="产科主任")], phone=PHONE, **more)
    async with net.clone.app.session(viewer) as session:
        await send_team(session, net.clock, viewer, SEALER, case, order)


async def seen(net: Network, case: CaseId, who: str = "county_doctor") -> Guidance:
    guidance = (await net.see(who, case)).guidance
    assert guidance is not None
    return guidance


async def test_a_team_is_named_departs_says_where_it_is_and_arrives(net: Network) -> None:
    case = await guided(net)
    version = (await net.see("county_doctor", case)).version
    await sent_out(net, case)
    (team,) = (await seen(net, case)).teams
    assert (team.state, team.phone, team.facility.short_name) == ("named", PHONE, "清江市妇幼")
    assert [(one.name, one.post) for one in team.members] == [("测试甲", "产科主任")]
    eta = net.wait(minutes=5)
    for order in (
        ReportTeam(what="departed", eta=eta),
        ReportTeam(what="position", place="石桥收费站", lat=27.5, lon=112.9),
        ReportTeam(what="arrived"),
    ):
        await net.do("city_expert", report_team, team.id, order)
    (team,) = (await seen(net, case)).teams
    assert team.state == "arrived"
    assert [report.what for report in team.reports] == ["named", "departed", "position", "arrived"]
    assert (team.reports[2].place, team.reports[2].lat) == ("石桥收费站", 27.5)
    kinds = [kind for kind in await net.kinds(case) if kind.startswith("guidance.team")]
    assert kinds == [f"guidance.team_{w}" for w in ("named", "departed", "position", "arrived")]
    chain = b"".join(event.row.payload for event in await net.events(case)).decode()
    assert "测试甲" not in chain
    assert PHONE not in chain
    assert "收费站" not in chain
    assert (await net.see("county_doctor", case)).version == version, "no open page becomes stale"


async def test_a_report_fits_the_team_and_the_case(net: Network) -> None:
    case = await guided(net)
    await sent_out(net, case)
    (team,) = (await seen(net, case)).teams
    with pytest.raises(WrongMoment):
        await net.do("city_expert", report_team, team.id, ReportTeam(what="position", place="x"))
    await net.do("county_doctor", report_team, team.id, ReportTeam(what="stood_down"))
    with pytest.raises(WrongMoment):
        await net.do("city_expert", report_team, team.id, ReportTeam(what="arrived"))
    with pytest.raises(DestinationUnknown):
        await sent_out(net, case, facility_id=new_id())
    await net.act("county_doctor", case, resume_transfer, ResumeTransfer, note="循环稳定")
    with pytest.raises(WrongMoment):
        await sent_out(net, case)


async def test_strangers_see_no_team_and_the_phone_is_sealed(net: Network) -> None:
    case = await guided(net)
    await sent_out(net, case)
    (team,) = (await seen(net, case)).teams
    with pytest.raises(NotFound):
        await net.do("outsider", report_team, team.id, ReportTeam(what="departed"))
    with pytest.raises((NotFound, WrongSide)):
        await net.do("commission", report_team, team.id, ReportTeam(what="departed"))
    assert (await seen(net, case, "commission")).teams == []
    for table in ("guidance_team", "guidance_team_report"):
        async with net.clone.app.session(net.staff["outsider"]) as session:
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
    async with net.clone.system.session(SEEDER) as session:
        sealed = (await session.execute(text("SELECT phone_sealed FROM guidance_team"))).scalars()
        assert all(PHONE.encode() not in bytes(value) for value in sealed)


async def test_the_lead_is_handed_over_by_name(net: Network) -> None:
    case = await guided(net)
    other = net.staff["province_expert"].person_id
    for wrong in (new_id(), net.staff["city_expert"].person_id):
        with pytest.raises(PersonUnknown):
            await net.act(
                "city_expert", case, hand_over_lead, HandOverLead, remote_lead_id=wrong, note="x"
            )
    due = (await seen(net, case)).review_due_at
    net.wait(minutes=3)
    await net.act(
        "city_expert", case, hand_over_lead, HandOverLead, remote_lead_id=other, note="进手术室"
    )
    now = await seen(net, case, "province_expert")
    assert now.remote_lead is not None
    assert now.remote_lead.id == other
    assert now.review_due_at == due, "a new lead does not put off the look"
    assert [(entry.what, entry.lead and entry.lead.name) for entry in now.entries] == [
        ("begun", "测试city_expert"),
        ("lead", "测试province_expert"),
    ]
    event = next(e for e in await net.events(case) if e.row.kind == "referral.lead_handed_over")
    assert event.payload["lead"] == str(other)
    sessions = [e for e in await net.events(case) if e.row.kind == "guidance.session"]
    assert len(sessions) == 2, "each centre that led has guided"


async def test_every_look_is_written_with_its_decision(net: Network) -> None:
    case = await guided(net)
    await net.act("county_doctor", case, review_guidance, ReviewGuidance, note="仍休克")
    await net.act("county_doctor", case, resume_transfer, ResumeTransfer, note="循环稳定")
    assert await _decisions(net, case) == ["continue", "move"]
    again = await guided(net)
    await net.act("county_doctor", again, die, Die, place="石桥县医院", certifier="测试甲")
    assert await _decisions(net, again) == ["died"]
    assert (await seen(net, again)).ended_at == net.clock.now()


async def _decisions(net: Network, case: UUID) -> list[object]:
    events = await net.events(CaseId(case))
    return [e.payload["decision"] for e in events if e.row.kind == "referral.guided_review"]
