"""A referral network in a fresh database."""

import pytest

from tests.fixtures.database import Clone
from tests.referral.network import Network, build


@pytest.fixture
async def net(database: Clone) -> Network:
    """Township, county, city, province; time stands until the test moves it."""
    return await build(database)
