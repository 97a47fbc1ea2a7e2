"""A region on duty, for every test below."""

import pytest

from tests.duty.region import Region, build
from tests.fixtures.database import Clone


@pytest.fixture
async def region(database: Clone) -> Region:
    """A county hospital and a city centre whose roster is filled now."""
    return await build(database)
