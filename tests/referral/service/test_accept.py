"""Yes, twice by the same receiver, and the index that keeps one winner; races: test_races.py."""

import asyncio

import pytest

from kernel.clock import SystemClock
from kernel.errors import VersionStale
from referral.commands.on_offer import Accept
from referral.service.accept import accept
from tests.fixtures.database import Clone
from tests.referral.network import Network, build


@pytest.fixture(scope="module")
async def real(module_database: Clone) -> Network:
    """A network in real time: what races are run in."""
    return await build(module_database, SystemClock())


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
