"""The referral network: advice belongs to cases."""

import pytest

from tests.fixtures.database import Clone
from tests.referral.network import Network, build


@pytest.fixture(scope="module")
async def net(module_database: Clone) -> Network:
    """Township, county, city, province."""
    return await build(module_database)
