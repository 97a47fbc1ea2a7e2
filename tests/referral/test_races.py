"""Two people act on one case in the same moment, a thousand times each: one wins, nothing is lost.

Commands queue at the case's row lock, so whoever comes second sees what the first one did and is
refused with a reason; the case, its parts and its chain never mix the two.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from uuid import UUID

import pytest

from kernel.chain.export import read_export
from kernel.chain.verify import verify
from kernel.clock import SystemClock
from kernel.errors import Refusal, VersionStale
from kernel.ids import CaseId
from referral.commands.on_case import AddOffer, Cancel, Commit
from referral.commands.on_leg import Arrive, Depart, Divert
from referral.commands.on_offer import Accept
from referral.errors import AlreadyAccepted
from referral.readmodel.whole import Referral
from referral.service.accept import accept
from referral.service.arrive import arrive
from referral.service.ask import add_offer
from referral.service.commit import take_up
from referral.service.finish import cancel
from referral.service.travel import depart, divert
from tests.fixtures.database import Clone
from tests.referral.copies import copies, copy_of
from tests.referral.network import SEEDER, STABLE, Network, build

ROUNDS = 1000
AT_ONCE = 6
"""Races that run beside each other, each with two connections."""
LEAD_S = 0.012
"""One command may have a longer way to the row lock than the other: by chance either starts first,
by at most so much."""

Command = Callable[[], Awaitable[object]]


@pytest.fixture(scope="module")
async def net(module_database: Clone) -> Network:
    """A network in real time: what races are run in."""
    return await build(module_database, SystemClock())


async def _race(first: Command, second: Command, lead_s: float) -> tuple[object, object]:
    """Both at once, the first one earlier by `lead_s`; what each got, a refusal included."""

    async def run(command: Command, after_s: float) -> object:
        await asyncio.sleep(after_s)
        try:
            return await command()
        except Refusal as refusal:
            return refusal

    got = await asyncio.gather(run(first, max(0.0, -lead_s)), run(second, max(0.0, lead_s)))
    return got[0], got[1]


async def _many(
    net: Network, case_id: UUID, run: Callable[[UUID, float], Awaitable[str]]
) -> Counter[str]:
    """`run` on a thousand copies of a case; how often each side won."""
    gate = asyncio.Semaphore(AT_ONCE)

    chance = Random(ROUNDS)

    async def one(copy: UUID, lead_s: float) -> str:
        async with gate:
            return await run(copy, lead_s)

    made = await copies(net, case_id, ROUNDS)
    winners = Counter(
        await asyncio.gather(*(one(copy, chance.uniform(-LEAD_S, LEAD_S)) for copy in made))
    )
    assert len(winners) == 2, f"one side always won, the race was none: {winners}"
    assert winners.total() == ROUNDS
    return winners


async def _chain_is_clean(net: Network) -> None:
    async with net.clone.system.session(SEEDER) as session:
        report = verify(await read_export(session))
    assert report.ok, report.findings[:3]
    assert report.events > ROUNDS


def _one_refused(answers: tuple[object, object], kind: type[Refusal]) -> int:
    """Which of the two won; the other was told why."""
    refused = [isinstance(answer, Refusal) for answer in answers]
    assert refused.count(True) == 1, answers
    loser = answers[refused.index(True)]
    assert isinstance(loser, kind), loser
    return refused.index(False)


def _offer_at(seen: Referral, place: str) -> UUID:
    return next(offer.id for offer in seen.offers if offer.facility.short_name == place)


async def test_two_receivers_accept(net: Network) -> None:
    case = await net.sent(net.places["city"], net.places["province"])
    seen = await net.see("county_doctor", case)
    city, province = _offer_at(seen, "清江市妇幼"), _offer_at(seen, "云山省妇幼")
    order = Accept(version=seen.version, bed="1 床")

    async def run(copy: UUID, lead_s: float) -> str:
        answers = await _race(
            lambda: net.do("city_expert", accept, copy_of(city, copy), order),
            lambda: net.do("province_expert", accept, copy_of(province, copy), order),
            lead_s,
        )
        winner = _one_refused(answers, AlreadyAccepted)
        loser = answers[1 - winner]
        assert isinstance(loser, AlreadyAccepted)
        assert loser.fields["facility"] == ("清江市妇幼", "云山省妇幼")[winner]
        assert str(loser.fields["by"]).startswith("测试")
        assert loser.fields["at"]
        kinds = await net.kinds(CaseId(copy))
        assert kinds.count("offer.accepted") == kinds.count("hold.held") == 1
        return ("city", "province")[winner]

    await _many(net, case, run)
    await _chain_is_clean(net)


async def test_accept_and_cancel(net: Network) -> None:
    case = await net.sent(net.places["city"])
    seen = await net.see("county_doctor", case)
    offer = seen.offers[0].id
    yes = Accept(version=seen.version, bed="1 床")
    off = Cancel(version=seen.version, code="improved")

    async def run(copy: UUID, lead_s: float) -> str:
        answers = await _race(
            lambda: net.do("city_expert", accept, copy_of(offer, copy), yes),
            lambda: net.do("county_doctor", cancel, copy, off),
            lead_s,
        )
        winner = _one_refused(answers, VersionStale)
        kinds = await net.kinds(CaseId(copy))
        assert ("offer.accepted" in kinds, "referral.cancelled" in kinds) == (
            winner == 0,
            winner == 1,
        )
        return ("accept", "cancel")[winner]

    await _many(net, case, run)
    await _chain_is_clean(net)


async def _on_the_road(net: Network) -> Referral:
    """Heading for the city, and the province has said yes to a diversion."""
    case = await net.sent(net.places["city"])
    offer = (await net.see("city_expert", case)).offers[0].id
    await net.act("city_expert", case, accept, Accept, on=offer, bed="1 床")
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    leg = (await net.see("county_doctor", case)).legs[0].id
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE)
    await net.act("county_doctor", case, add_offer, AddOffer, facility_id=net.places["province"])
    other = _offer_at(await net.see("county_doctor", case), "云山省妇幼")
    await net.act("province_expert", case, accept, Accept, on=other, bed="2 床")
    return await net.see("county_doctor", case)


async def test_divert_and_arrive(net: Network) -> None:
    seen = await _on_the_road(net)
    leg, other = seen.legs[0].id, _offer_at(seen, "云山省妇幼")

    async def run(copy: UUID, lead_s: float) -> str:
        away = Divert(version=seen.version, offer_id=copy_of(other, copy), reason="途中大出血")
        here = Arrive(version=seen.version)
        answers = await _race(
            lambda: net.do("county_doctor", divert, copy_of(leg, copy), away),
            lambda: net.do("city_expert", arrive, copy_of(leg, copy), here),
            lead_s,
        )
        winner = _one_refused(answers, VersionStale)
        kinds = await net.kinds(CaseId(copy))
        assert ("leg.diverted" in kinds, "leg.arrived" in kinds) == (winner == 0, winner == 1)
        return ("divert", "arrive")[winner]

    await _many(net, seen.id, run)
    await _chain_is_clean(net)
