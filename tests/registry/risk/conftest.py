"""A region for each file, a woman for each test."""

from dataclasses import replace

import pytest

from kernel.clock import SimulatedClock
from tests.fixtures.database import Clone
from tests.registry.risk.clinic import KNOWN, Clinic
from tests.registry.world import START, World, build, patient


@pytest.fixture(scope="module")
async def region(module_database: Clone) -> World:
    """One region for all stories of this file; each has a woman and a clock of its own."""
    return await build(module_database.system)


@pytest.fixture
async def clinic(module_database: Clone, region: World) -> Clinic:
    world = replace(region, clock=SimulatedClock(START))
    doctor = world.doctor
    made = await patient(module_database.app, world, doctor, KNOWN)
    return Clinic(module_database, world, doctor, made)
