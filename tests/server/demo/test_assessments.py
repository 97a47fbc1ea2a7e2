"""The demo region is being assessed: once, over closed figures, with one self-check signed."""

from datetime import UTC, datetime, timedelta

import pytest

from kernel.clock import SystemClock
from kernel.viewer import Viewer
from quality.handbook import versions
from quality.rounds import queries
from server.demo.assessments import tell_assessment
from server.demo.cast import Cast
from server.demo.places import seed_places
from tests.fixtures.database import Clone
from tests.registry.world import SEALER

SYSTEM = Viewer.system("test")


@pytest.fixture
async def officer(database: Clone) -> Viewer:
    """The province's health commission of a seeded region."""
    async with database.system.session(SYSTEM) as session:
        await versions.install_shipped(session)
        await seed_places(session, SystemClock(), SEALER)
        return (await Cast.load(session)).at("YL003", "officer")


async def test_the_region_is_assessed_once(database: Clone, officer: Viewer) -> None:
    now = datetime.now(UTC)  # noqa: TID251  (what is closed has ended by the database's clock)
    assert await tell_assessment(database.app, now, 5)
    assert not await tell_assessment(database.app, now, 5)
    async with database.app.session(officer) as session:
        (found,) = await queries.rounds(session, SystemClock())
    assert found.states.pop("self_check_submitted") == 1
    assert set(found.states) == {"self_check_open"}
    assert not found.whole_year
    assert found.self_check_by > (now + timedelta(days=5)).date()
