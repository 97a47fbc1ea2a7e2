"""A county that asks and a centre that reads, for each test that wants them."""

import pytest

from tests.fixtures.database import Clone
from tests.realtime.readings.room import Room
from tests.registry.world import build


@pytest.fixture
async def room(database: Clone) -> Room:
    return await Room.open(database, await build(database.system))
