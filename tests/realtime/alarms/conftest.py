"""A ward for each test that asks."""

import pytest

from tests.fixtures.database import Clone
from tests.realtime.alarms.ward import Ward
from tests.registry.world import build


@pytest.fixture
async def ward(database: Clone) -> Ward:
    return await Ward.open(database, await build(database.system))
