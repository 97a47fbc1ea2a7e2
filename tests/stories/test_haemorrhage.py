"""A woman bleeds after birth in a county hospital, and is handed over alive in the city."""

import pytest

from referral.commands.on_case import Close, Commit
from referral.commands.on_leg import Arrive, Depart, SignHandover
from referral.commands.on_offer import Accept, Acknowledge
from referral.service.accept import accept
from referral.service.answer import acknowledge
from referral.service.arrive import arrive, sign_handover
from referral.service.commit import take_up
from referral.service.finish import close
from referral.service.travel import depart
from tests.fixtures.database import Clone
from tests.referral.network import STABLE, Network, build

HALF = {
    "condition": "清醒，宫缩好转",
    "drugs": "缩宫素 20 U",
    "blood": "红细胞 2 U",
    "documents": "病历",
}


@pytest.fixture
async def net(database: Clone) -> Network:
    return await build(database)


async def test_from_the_call_to_the_outcome(net: Network) -> None:
    # 02:00: the county's doctor sends with no destination: the city's centre answers for the area.
    case = await net.sent()
    seen = await net.see("county_doctor", case)
    assert [offer.facility.short_name for offer in seen.offers] == ["清江市妇幼"]
    assert seen.waiting_for == "acknowledgement"
    offer = seen.offers[0].id

    net.wait(minutes=1)
    await net.act("city_expert", case, acknowledge, Acknowledge, on=offer)
    net.wait(minutes=3)
    await net.act("city_expert", case, accept, Accept, on=offer, bed="产科 12 床")
    net.wait(minutes=1)
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    leg = (await net.see("county_doctor", case)).legs[0].id

    net.wait(minutes=15)
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE)
    net.wait(minutes=42)
    await net.act("city_expert", case, arrive, Arrive, on=leg)
    net.wait(minutes=6)
    await net.act("county_doctor", case, sign_handover, SignHandover, on=leg, **HALF)
    assert (await net.see("city_expert", case)).state == "moving"
    await net.act("city_expert", case, sign_handover, SignHandover, on=leg, **HALF)
    assert (await net.see("county_doctor", case)).state == "handed_over"

    net.wait(days=2)
    await net.act(
        "city_expert",
        case,
        close,
        Close,
        outcome="rescued",
        diagnosis="产后出血，宫缩乏力",
        feedback="转运及时",
        timeliness="timely",
    )
    done = await net.see("county_doctor", case)
    assert done.state == "closed"
    assert done.ending is not None
    assert done.ending.feedback == "转运及时"
    assert [hold.state for hold in done.holds] == ["used"]
    assert await net.kinds(case) == [
        "referral.requested",
        "offer.offered",
        "offer.acknowledged",
        "offer.accepted",
        "hold.held",
        "referral.committed",
        "leg.planned",
        "leg.departed",
        "leg.arrived",
        "leg.handover_signed",
        "leg.handover_signed",
        "hold.used",
        "leg.handed_over",
        "referral.closed",
    ]
