"""A unit outside the network: asked by a link, seen without a name, answered once."""

from uuid import UUID

import pytest

from kernel.errors import NotFound
from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.commands.on_case import Close, Commit
from referral.commands.on_leg import Arrive, Depart, SignHandover
from referral.commands.on_offer import Accept, Acknowledge, Ask, Decline, Redirect
from referral.errors import DestinationUnknown, WrongSide
from referral.links import queries
from referral.links.commands import AskOutside, Holder
from referral.links.errors import LinkOver, LinkSpent
from referral.links.readmodel import OutsideView
from referral.links.rules import DATA
from referral.links.service import issue, outside
from referral.links.service.issue import Issued
from referral.service.arrive import sign_handover
from referral.service.commit import take_up
from referral.service.travel import depart
from registry.facilities import queries as facilities
from tests.referral.links import road
from tests.referral.network import SEALER, STABLE, Network

DOCTOR = Holder(name="顾明", post="产科主任", phone="19900005678")
HALF = {"condition": "平稳", "drugs": "缩宫素", "blood": "无", "documents": "病历"}


async def asked(net: Network, case: CaseId, name: str, who: str = "county_doctor") -> Issued:
    """The unit is asked; its link."""
    viewer = net.staff[who]
    version = (await net.see(who, case)).version
    order = AskOutside(version=version, name=name, phone="0990-5550001", holder=DOCTOR)
    async with net.clone.app.session(viewer) as session:
        return await issue.ask_outside(session, net.clock, viewer, SEALER, case, order)


async def look(net: Network, viewer: Viewer) -> OutsideView:
    """What the holder sees."""
    async with net.clone.app.session(viewer) as session:
        return await queries.outside_view(session, net.clock, viewer, SEALER)


async def say(net: Network, viewer: Viewer, order_type, **fields):  # type: ignore[no-untyped-def]
    """One word of the holder's."""
    order = order_type(version=(await look(net, viewer)).version, **fields)
    door = order_type in (Arrive, SignHandover, Close)
    async with net.clone.app.session(viewer) as session:
        command = outside.receive if door else outside.reply
        return await command(session, net.clock, viewer, order)


async def entered(net: Network, link: Issued) -> Viewer:
    """Who came in."""
    viewer = await road.opened(net, link)
    assert viewer is not None
    return viewer


async def test_seen_without_a_name_until_accepted(net: Network) -> None:
    case = await net.sent(net.places["city"])
    link = await asked(net, case, "邻省妇产医院")
    assert link.path == f"/outside#{link.token}"
    doctor = await entered(net, link)
    assert not doctor.roles
    view = await look(net, doctor)
    assert view.name is None
    assert view.snapshot is not None
    assert "林测试" not in str(view)
    assert set(view.may) == {
        "acknowledge",
        "ask",
        "accept",
        "accept_after_stabilising",
        "decline",
        "redirect",
    }
    await say(net, doctor, Acknowledge)
    await say(net, doctor, Ask, question="血型？")
    await say(net, doctor, Accept, bed="产科 1 床")
    view = await look(net, doctor)
    assert (view.spent, view.may, view.name) == (True, [], "林测试")
    offer = (await net.see("county_doctor", case)).offers[-1]
    assert offer.answered_by is not None
    assert (offer.answered_by.name, offer.facility.short_name) == ("链接：顾明", "邻省妇产医院")
    assert offer.page_id is None  # nobody there to ring
    with pytest.raises(LinkSpent):
        await say(net, doctor, Decline, code="no_bed")


async def test_a_no_shows_nothing_more(net: Network) -> None:
    case = await net.sent(net.places["city"])
    doctor = await entered(net, await asked(net, case, "邻省二院"))
    await say(net, doctor, Decline, code="no_bed", note="满床")
    view = await look(net, doctor)
    assert (view.spent, view.snapshot, view.vitals, view.name) == (True, None, None, None)
    assert view.offer_state == "declined"


async def test_passed_on_by_name(net: Network) -> None:
    case = await net.sent(net.places["city"])
    doctor = await entered(net, await asked(net, case, "邻省三院"))
    await say(net, doctor, Redirect, facility_id=net.places["city_two"], reason="更近")
    seen = await net.see("county_doctor", case)
    assert [o.state for o in seen.offers if o.facility.short_name == "邻省三院"] == ["redirected"]
    assert seen.offers[-1].facility.short_name == "清江二院"


async def test_a_link_for_one_case_reaches_no_other_of_the_same_unit(net: Network) -> None:
    first = await net.sent(net.places["city"])
    second = await net.sent(net.places["city"])
    doctor = await entered(net, await asked(net, first, "邻省四院"))
    net.staff["outside"] = doctor
    await asked(net, second, "邻省四院")
    assert (await net.see("outside", first)).my_side == "receiver"
    with pytest.raises(NotFound):
        await net.see("outside", second)
    assert await net.count("facility WHERE name = '邻省四院'") == 1


async def test_received_and_signed_by_a_link_of_its_own(net: Network) -> None:
    case = await net.sent(net.places["city"])
    answer = await asked(net, case, "邻省五院")
    doctor = await entered(net, answer)
    await say(net, doctor, Accept, bed="1")
    offer = (await net.see("county_doctor", case)).offers[-1].id
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    leg = (await net.see("county_doctor", case)).legs[0].id
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE)
    sender = net.staff["county_doctor"]
    async with net.clone.app.session(sender) as session:
        door = await issue.for_offer(session, net.clock, sender, SEALER, offer, DOCTOR)
    assert door.link.purpose == "outside_door"
    nurse = await entered(net, door)
    with pytest.raises(NotFound):
        await say(net, doctor, Arrive)  # the answer's link is no door
    assert (await look(net, nurse)).may == ["arrive"]
    await say(net, nurse, Arrive)
    await say(net, nurse, SignHandover, **HALF)
    await net.act("county_doctor", case, sign_handover, SignHandover, on=leg, **HALF)
    assert (await look(net, nurse)).may == ["close"]
    await say(net, nurse, Close, outcome="rescued", diagnosis="产后出血", feedback="及时")
    assert (await net.see("county_doctor", case)).state == "closed"


async def test_an_answer_has_a_day(net: Network) -> None:
    case = await net.sent(net.places["city"])
    link = await asked(net, case, "邻省六院")
    net.wait(seconds=DATA.links.outside_unit)
    with pytest.raises(LinkOver):
        await road.opened(net, link)


async def test_who_asks_outside(net: Network) -> None:
    case = await net.sent(net.places["city"])
    await asked(net, case, "邻省七院", "coordinator")
    with pytest.raises(WrongSide):
        await asked(net, case, "邻省八院", "city_expert")
    viewer = net.staff["county_doctor"]
    version = (await net.see("county_doctor", case)).version
    nowhere = AskOutside(
        version=version, name="邻省九院", phone="0990-5550001", holder=DOCTOR, region_id=UUID(int=1)
    )
    async with net.clone.app.session(viewer) as session:
        with pytest.raises(DestinationUnknown):
            await issue.ask_outside(session, net.clock, viewer, SEALER, case, nowhere)


async def test_outside_units_are_not_offered_as_destinations(net: Network) -> None:
    case = await net.sent(net.places["city"])
    await asked(net, case, "邻省十院")
    viewer = net.staff["county_doctor"]
    async with net.clone.app.session(viewer) as session:
        listed = await facilities.facilities(session, net.clock.now())
    assert not any(unit.name.startswith("邻省") for unit in listed)
