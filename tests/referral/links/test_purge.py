"""Positions are deleted when their time is over, and not before."""

from datetime import timedelta

from sqlalchemy import text

from kernel.viewer import Viewer
from referral.links.purge import forget_positions
from referral.links.rules import DATA
from tests.referral.links import road
from tests.referral.network import Network


async def _kept(net: Network) -> int:
    async with net.clone.system.session(Viewer.system("test")) as session:
        return int((await session.execute(text("SELECT count(*) FROM leg_position"))).scalar_one())


async def test_positions_are_forgotten_in_time(net: Network) -> None:
    _, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    fixes = road.track(net.clock.now() - timedelta(minutes=2), (30.1, 110.0), (30.2, 110.0))
    await road.hand_over(net, viewer, positions=fixes)
    net.clock.advance(timedelta(days=DATA.position.keep_days))
    assert not await forget_positions(net.clone.system, net.clock)
    assert await _kept(net) == 2
    net.clock.advance(timedelta(minutes=1))
    assert not await forget_positions(net.clone.system, net.clock)
    assert await _kept(net) == 0
