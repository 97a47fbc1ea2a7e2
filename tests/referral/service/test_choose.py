"""Whom a case is offered to: one after the other, side by side when it is critical or late."""

import asyncio
from datetime import timedelta
from uuid import UUID

from kernel.ids import FacilityId
from kernel.viewer import Viewer
from referral import timers
from referral.commands.on_case import AddOffer, Commit
from referral.commands.on_offer import Accept, Acknowledge, Decline
from referral.errors import AlreadyAccepted
from referral.queries import candidates, load
from referral.readmodel.choosing import Choices
from referral.readmodel.load import HouseLoad
from referral.service.accept import accept
from referral.service.answer import acknowledge, decline
from referral.service.ask import add_offer
from referral.service.commit import take_up
from registry.resources import service as resources
from registry.resources.schemas import (
    CountEntry,
    CountReport,
    DeclareDiversion,
    SetCapability,
)
from tests.referral.network import Network


async def count(net: Network, who: str, place: str, **free: int) -> None:
    """A house counts."""
    entries = [CountEntry(kind=kind, free=number) for kind, number in free.items()]
    order = CountReport(facility_id=net.places[place], entries=entries)
    await _as(net, who, resources.report, order)


async def able(net: Network, who: str, place: str, *codes: str) -> None:
    """A house says what it can do."""
    for code in codes:
        order = SetCapability(facility_id=net.places[place], code=code, has=True)
        await _as(net, who, resources.set_capability, order)


async def divert(net: Network, who: str, place: str, scope: str = "all") -> None:
    """A house declares itself closed for an hour."""
    until = net.clock.now() + timedelta(hours=1)
    order = DeclareDiversion(
        facility_id=net.places[place],
        scope=scope,  # type: ignore[arg-type]
        reason="满床",
        until=until,
    )
    await _as(net, who, resources.declare, order)


async def _as(net: Network, who: str, command, order):  # type: ignore[no-untyped-def]
    async with net.clone.app.session(net.staff[who]) as session:
        return await command(session, net.clock, net.staff[who], order)


async def asked(net: Network, case: UUID) -> list[tuple[str, str]]:
    """Who is asked and how it stands."""
    seen = await net.see("county_doctor", case)
    return [(offer.facility.short_name, str(offer.state)) for offer in seen.offers]


async def choices(net: Network, case: UUID, part: str = "mother") -> Choices:
    """The list for a case, as its doctor sees it."""
    viewer: Viewer = net.staff["county_doctor"]
    async with net.clone.app.session(viewer) as session:
        return await candidates.for_case(session, net.clock, viewer, case, part)  # type: ignore[arg-type]


async def test_a_critical_case_asks_the_designated_centre_alone(fresh_net: Network) -> None:
    case = await fresh_net.sent()
    assert await asked(fresh_net, case) == [("清江市妇幼", "offered")]


async def test_a_resuscitation_asks_two_at_once_the_designated_among_them(
    fresh_net: Network,
) -> None:
    net = fresh_net
    await count(net, "city_two_expert", "city_two", obstetric_bed=3)
    case = await net.sent(acuity="resuscitation")
    assert await asked(net, case) == [("清江市妇幼", "offered"), ("清江二院", "offered")]
    rung = [e.payload["facility_id"] for e in await net.events(case) if e.row.kind == "page.sent"]
    assert {str(net.places["city"]), str(net.places["city_two"])} <= set(map(str, rung))


async def test_a_centre_that_is_closed_is_passed_over_but_not_forgotten(
    fresh_net: Network,
) -> None:
    net = fresh_net
    await divert(net, "city_expert", "city", "maternal")
    await count(net, "city_two_expert", "city_two", obstetric_bed=3)
    urgent = await net.sent(acuity="urgent")
    assert (await asked(net, urgent))[0][0] == "清江二院"
    dying = await net.sent(acuity="resuscitation")
    assert {place for place, _ in await asked(net, dying)} == {"清江市妇幼", "清江二院"}
    listed = await choices(net, urgent)
    last = next(one for one in listed.candidates if one.facility.short_name == "清江市妇幼")
    assert not last.suitable
    assert "diverted" in {reason.code for reason in last.reasons}
    assert listed.status == "待核实"


async def test_a_named_destination_is_asked_whatever_the_rules_say(fresh_net: Network) -> None:
    net = fresh_net
    await divert(net, "city_two_expert", "city_two")
    case = await net.sent(net.places["city_two"], acuity="resuscitation")
    assert await asked(net, case) == [("清江二院", "offered")]


async def test_after_the_first_breach_the_next_is_asked_beside_and_a_late_yes_counts(
    fresh_net: Network,
) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, acknowledge, Acknowledge, on=offer)
    net.wait(minutes=10)
    assert await timers.run_due(net.clone.system, net.clock)
    assert await asked(net, case) == [("清江市妇幼", "acknowledged"), ("云山省妇幼", "offered")]
    net.wait(minutes=10)
    await timers.run_due(net.clone.system, net.clock)
    # The province was silent too: its offer ran out, and a third is asked beside the first.
    found = await asked(net, case)
    assert found[0] == ("清江市妇幼", "acknowledged")
    assert found[1] == ("云山省妇幼", "expired")
    assert len(found) == 3
    await net.act("city_expert", case, accept, Accept, on=offer, bed="1")
    assert (await asked(net, case))[0] == ("清江市妇幼", "accepted")


async def test_two_accept_side_by_side_and_one_wins(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(acuity="resuscitation")
    seen = await net.see("county_doctor", case)
    first, second = seen.offers
    who = {net.places["city"]: "city_expert", net.places["city_two"]: "city_two_expert"}
    who[net.places["province"]] = "province_expert"
    who[net.places["county"]] = "county_expert"
    answers = await asyncio.gather(
        *(
            net.do(
                who[FacilityId(offer.facility.id)],
                accept,
                offer.id,
                Accept(version=seen.version, bed="1"),
            )
            for offer in (first, second)
        ),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert [type(answer) for answer in refused] == [AlreadyAccepted]
    after = await net.see("county_doctor", case)
    winner = next(offer for offer in after.offers if offer.state == "accepted")
    await net.act("county_doctor", case, take_up, Commit, offer_id=winner.id)
    loser = next(
        offer for offer in (await net.see("county_doctor", case)).offers if offer.id != winner.id
    )
    assert (loser.state, loser.withdrawn_reason) == ("withdrawn", "chosen_other")
    kinds = await net.kinds(case)
    assert kinds.count("offer.accepted") == 1


async def test_a_refusal_asks_the_tier_above_and_passes_over_a_closed_one(
    fresh_net: Network,
) -> None:
    net = fresh_net
    await divert(net, "province_expert", "province")
    case = await net.sent(net.places["city_two"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_two_expert", case, decline, Decline, on=offer, code="no_bed")
    assert await asked(net, case) == [("清江二院", "declined"), ("清江市妇幼", "offered")]
    second = (await net.see("county_doctor", case)).offers[1].id
    await net.act(
        "city_expert",
        case,
        decline,
        Decline,
        on=second,
        code="no_bed",
        supervisor="主任",
        remote_advice="先稳定",
    )
    # Nobody above is open: the coordinator is called, no closed house is rung.
    assert len(await asked(net, case)) == 2
    pages = [e.payload["event"] for e in await net.events(case) if e.row.kind == "page.sent"]
    assert pages[-1] == "referral.no_destination"


async def test_the_list_explains_itself_and_hides_nobody(fresh_net: Network) -> None:
    net = fresh_net
    await able(net, "city_expert", "city", "icu", "caesarean", "blood_bank")
    await able(net, "city_two_expert", "city_two", "dialysis")
    await count(net, "city_expert", "city", obstetric_bed=2, icu_bed=0)
    case = await net.sent(net.places["province"])
    listed = await choices(net, case)
    names = [one.facility.short_name for one in listed.candidates]
    assert names[0] == "清江市妇幼"
    assert {"清江二院", "云山省妇幼", "石桥县医院", "竹溪县医院", "柳湾镇卫生院"} <= set(names)
    first = {reason.code: reason for reason in listed.candidates[0].reasons}
    assert first["places_free"].free == 2
    assert first["places_full"].kind == "icu_bed"
    assert first["can"].capabilities == ["blood_bank", "icu"]
    bars = {
        one.facility.short_name: {reason.code for reason in one.reasons}
        for one in listed.candidates
        if not one.suitable
    }
    assert "lacks" in bars["清江二院"]
    assert "answer_asked" in bars["云山省妇幼"]
    assert "origin" in bars["石桥县医院"]
    assert "tier_low" in bars["柳湾镇卫生院"]
    net.wait(hours=5)
    stale = (await choices(net, case)).candidates[0]
    assert "places_stale" in {reason.code for reason in stale.reasons}
    assert all(reason.free is None for reason in stale.reasons)


async def test_who_is_on_the_way_is_counted_without_saying_who(fresh_net: Network) -> None:
    net = fresh_net

    async def of_city() -> HouseLoad:
        async with net.clone.app.session(net.staff["outsider"]) as session:
            found = await load.by_house(session)
        return found.get(net.places["city"]) or HouseLoad(facility_id=net.places["city"])

    case = await net.sent(net.places["city"], needs_neonatal=True)
    await net.sent(net.places["city"], drill=True)
    assert ((await of_city()).asked, (await of_city()).inbound) == (1, 0)
    offer = (await net.see("county_doctor", case)).offers[0].id
    yes = {"bed": "1", "neonatal_accepted": True}
    await net.act("city_expert", case, accept, Accept, on=offer, **yes)
    accepted = await of_city()
    assert (accepted.asked, accepted.accepted) == (0, 1)
    assert {places.kind: places.held for places in accepted.held} == {
        "maternal_bed": 1,
        "neonatal_cot": 1,
    }
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    assert ((await of_city()).committed, (await of_city()).accepted) == (1, 0)


async def test_held_places_stand_beside_the_free_ones(fresh_net: Network) -> None:
    net = fresh_net
    await count(net, "city_expert", "city", obstetric_bed=1)
    case = await net.sent(net.places["city"])
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, accept, Accept, on=offer, bed="1")
    other = await net.sent(net.places["province"])
    city = next(
        one
        for one in (await choices(net, other)).candidates
        if one.facility.short_name == "清江市妇幼"
    )
    full = next(reason for reason in city.reasons if reason.kind == "obstetric_bed")
    assert (full.code, full.free, full.held) == ("places_full", 1, 1)
    await net.act("county_doctor", other, add_offer, AddOffer, facility_id=net.places["city"])
