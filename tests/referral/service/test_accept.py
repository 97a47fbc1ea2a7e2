"""Two receivers say yes at once: one wins, the other is told by whom."""

import asyncio
from uuid import UUID

import pytest

from kernel.clock import SystemClock
from kernel.errors import Refusal, VersionStale
from referral.commands.on_offer import Accept
from referral.errors import AlreadyAccepted
from referral.service.accept import accept
from tests.fixtures.database import Clone
from tests.referral.network import Network, build

ROUNDS = 25


@pytest.fixture(scope="module")
async def real(module_database: Clone) -> Network:
    """A network in real time: what races are run in."""
    return await build(module_database, SystemClock())


async def _say_yes(net: Network, who: str, place: str, offer: UUID, order: Accept) -> str | Refusal:
    try:
        await net.do(who, accept, offer, order)
    except Refusal as refusal:
        return refusal
    return place


async def test_of_two_at_once_one_wins_and_the_other_is_told(real: Network) -> None:
    winners = []
    for round_ in range(ROUNDS):
        case = await real.sent(real.places["city"], real.places["province"])
        seen = await real.see("county_doctor", case)
        by_place = {offer.facility.short_name: offer.id for offer in seen.offers}

        order = Accept(version=seen.version, bed="1 床")
        pair = [
            _say_yes(real, who, place, by_place[place], order)
            for who, place in (("city_expert", "清江市妇幼"), ("province_expert", "云山省妇幼"))
        ]
        answers = await asyncio.gather(*(pair if round_ % 2 else reversed(pair)))

        won = [answer for answer in answers if isinstance(answer, str)]
        lost = [answer for answer in answers if isinstance(answer, Refusal)]
        assert len(won) == 1
        assert [type(refusal) for refusal in lost] == [AlreadyAccepted]
        assert lost[0].fields["facility"] == won[0]
        assert str(lost[0].fields["by"]).startswith("测试")
        assert lost[0].fields["at"]
        after = await real.see("county_doctor", case)
        accepted = [o.facility.short_name for o in after.offers if o.state == "accepted"]
        assert accepted == won
        kinds = await real.kinds(case)
        assert kinds.count("offer.accepted") == 1
        assert kinds.count("hold.held") == 1
        winners += won
    assert len(set(winners)) == 2, "one side always won: the race was none"


async def test_the_same_receiver_twice_is_a_stale_version(real: Network) -> None:
    case = await real.sent(real.places["city"])
    seen = await real.see("city_expert", case)
    order = Accept(version=seen.version, bed="1 床")
    answers = await asyncio.gather(
        real.do("city_expert", accept, seen.offers[0].id, order),
        real.do("city_second", accept, seen.offers[0].id, order),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["UUID", "VersionStale"]
    assert any(isinstance(answer, VersionStale) for answer in answers)


async def test_the_index_alone_also_keeps_one_winner(real: Network) -> None:
    from sqlalchemy import text

    from kernel.errors import Conflict
    from tests.referral.network import SEEDER

    case = await real.sent(real.places["city"], real.places["province"])
    with pytest.raises(Conflict) as refused:
        async with real.clone.system.session(SEEDER) as session:
            await session.execute(
                text("UPDATE offer SET state = 'accepted' WHERE case_id = :case"), {"case": case}
            )
    assert refused.value.fields["constraint"] == "uq_offer_one_accepted"
