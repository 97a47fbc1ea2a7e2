"""What fails after a handler has returned still becomes a problem; nothing unexpected leaks."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from litestar import post
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from kernel.access import ANY, OPT
from kernel.clock import SystemClock
from kernel.errors import Unavailable
from kernel.ids import new_id
from kernel.viewer import Role
from registry.people.service import Grant
from server.embedded.services import EmbeddedServices
from server.settings import Settings
from tests.fixtures.database import Clone
from tests.matrix.door import Door, opened
from tests.registry.world import account, build

INSERT = text("INSERT INTO region (id, code, name, level) VALUES (:id, :code, 'Zwilling', 'city')")


@post("/test/too-late", opt={OPT: ANY})
async def too_late(session: AsyncSession) -> dict[str, str]:
    """Succeeds; the constraint refuses only at COMMIT."""
    for code in ("990901", "990902"):
        await session.execute(INSERT, {"id": new_id(), "code": code})
    return {"said": "all is well"}


@post("/test/broken", opt={OPT: ANY})
async def broken(session: AsyncSession) -> None:
    """Writes, then fails in a way nobody foresaw."""
    await session.execute(INSERT, {"id": new_id(), "code": "990903"})
    raise ZeroDivisionError("the password is swordfish")


@post("/test/busy", opt={OPT: ANY})
async def busy() -> None:
    """No connection came free."""
    raise Unavailable() from PoolTimeout("swordfish had it")


@pytest.fixture
async def door(
    database: Clone, services: EmbeddedServices, tmp_path: Path
) -> AsyncIterator[tuple[Door, str]]:
    """The application with two bad routes, and somebody logged in."""
    settings = Settings(
        database_url=database.app_url,
        valkey_url=services.layout.valkey_url,
        data_dir=tmp_path,
        demo=True,
    )
    world = await build(database.system)
    clock = SystemClock()
    await account(
        database.system, clock, "li", world.county_hospital, Grant(Role.REFERRING_CLINICIAN)
    )
    async with opened(settings, clock, tmp_path) as opened_door:
        for handler in (too_late, broken, busy):
            opened_door.app.register(handler)
        yield opened_door, await opened_door.log_in("li")


async def regions_named(database: Clone) -> int:
    connection = await asyncpg.connect(database.system_url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM region WHERE name='Zwilling'"))
    finally:
        await connection.close()


async def test_a_commit_that_fails_is_a_problem_and_nothing_is_stored(
    door: tuple[Door, str], database: Clone
) -> None:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "ALTER TABLE region ADD CONSTRAINT late_name UNIQUE (name) DEFERRABLE INITIALLY DEFERRED"
    )
    await owner.close()
    answer = await door[0].send("POST", "/test/too-late", token=door[1], json={})
    assert answer.status_code == 409, answer.text
    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["code"] == "kernel.conflict"
    assert "late_name" in problem["zh"]["detail"]
    assert "late_name" in problem["en"]["detail"]
    assert await regions_named(database) == 0


async def test_an_unforeseen_failure_has_a_number_and_tells_nothing(
    door: tuple[Door, str], database: Clone
) -> None:
    answer = await door[0].send(
        "POST", "/test/broken", token=door[1], json={}, headers={"accept-language": "en"}
    )
    assert answer.status_code == 500
    problem = answer.json()
    assert problem["code"] == "kernel.internal"
    assert problem["fields"]["incident"] in problem["detail"]
    assert problem["title"] == problem["en"]["title"]
    assert "swordfish" not in answer.text
    assert await regions_named(database) == 0


async def test_why_the_database_cannot_be_reached_is_in_the_log_and_not_in_the_answer(
    door: tuple[Door, str],
) -> None:
    with capture_logs() as logged:
        answer = await door[0].send("POST", "/test/busy", token=door[1], json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "kernel.unavailable")
    (entry,) = (entry for entry in logged if entry["event"] == "request.unavailable")
    assert (entry["path"], entry["cause"]) == ("/test/busy", "TimeoutError")
    assert "swordfish" not in answer.text + str(logged)
