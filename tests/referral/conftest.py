"""A referral network; the tests of a file share one, each with cases of its own."""

import pytest

from tests.fixtures.database import Clone
from tests.referral.network import Network, build


@pytest.fixture(scope="module")
async def net(module_database: Clone) -> Network:
    """Township, county, city, province; time stands until a test moves it."""
    return await build(module_database)


@pytest.fixture
async def fresh_net(database: Clone) -> Network:
    """A network of one's own, for tests that look at everything in it."""
    return await build(database)
