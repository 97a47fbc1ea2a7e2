"""A region in a fresh database."""

import pytest

from tests.fixtures.database import Clone
from tests.registry.world import World, build


@pytest.fixture
async def world(database: Clone) -> World:
    """The small region of tests/registry/world.py."""
    return await build(database.system)
