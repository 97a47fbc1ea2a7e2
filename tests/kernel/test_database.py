"""One scope: committed at the edge or not at all; what fails to commit is refused."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import BigInteger, Text, bindparam, select, text
from sqlalchemy.exc import DBAPIError

from kernel.columns import UTCDateTime
from kernel.database import Database
from kernel.errors import Conflict, Unavailable, Unstorable
from kernel.ids import AccountId, FacilityId, PersonId, RegionId, new_id
from kernel.viewer import Role, Viewer
from tests.fixtures.database import Clone
from tests.fixtures.half_open import half_open

FACILITY = FacilityId(new_id())
VIEWER = Viewer(
    account_id=AccountId(new_id()),
    person_id=PersonId(new_id()),
    session_id=None,
    facility_id=FACILITY,
    facility_ids=frozenset({FACILITY}),
    region_ids=frozenset({RegionId(new_id())}),
    roles=frozenset({Role.EXPERT}),
)
INSERT_REGION = text("INSERT INTO region (id, code, name, level) VALUES (:id, :code, 'x', 'city')")


async def regions(database: Clone) -> int:
    async with database.app.session(VIEWER) as session:
        return int((await session.execute(text("SELECT count(*) FROM region"))).scalar_one())


async def test_commits_when_the_block_ends(database: Clone) -> None:
    async with database.app.session(VIEWER) as session:
        await session.execute(INSERT_REGION, {"id": new_id(), "code": "990001"})
    assert await regions(database) == 1


async def test_rolls_back_on_any_error(database: Clone) -> None:
    with pytest.raises(RuntimeError):
        async with database.app.session(VIEWER) as session:
            await session.execute(INSERT_REGION, {"id": new_id(), "code": "990001"})
            raise RuntimeError("the command refused")
    assert await regions(database) == 0


async def test_constraint_violation_is_a_conflict_that_names_it(database: Clone) -> None:
    with pytest.raises(Conflict) as refused:
        async with database.app.session(VIEWER) as session:
            for _ in range(2):
                await session.execute(INSERT_REGION, {"id": new_id(), "code": "990001"})
    assert refused.value.fields["constraint"] == "region_code_key"
    assert await regions(database) == 0


async def test_a_commit_that_fails_is_refused_and_nothing_is_stored(database: Clone) -> None:
    """The constraint is checked only at COMMIT, after the work has reported success."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "ALTER TABLE region ADD CONSTRAINT late UNIQUE (name) DEFERRABLE INITIALLY DEFERRED"
    )
    await owner.close()
    with pytest.raises(Conflict) as refused:
        async with database.app.session(VIEWER) as session:
            for code in ("990001", "990002"):
                await session.execute(INSERT_REGION, {"id": new_id(), "code": code})
    assert refused.value.fields["constraint"] == "late"
    assert await regions(database) == 0


async def test_viewer_reaches_row_level_security_and_leaves_with_the_transaction(
    database: Clone,
) -> None:
    pool = Database(database.app_url, pool_size=1)
    async with pool.session(VIEWER) as session:
        seen = (await session.execute(text("SELECT app_person(), app_facilities()"))).one()
        assert seen == (VIEWER.person_id, [FACILITY])
        assert (await session.execute(text("SELECT app_has_role('expert')"))).scalar_one() is True
    nobody = replace(VIEWER, facility_ids=frozenset(), roles=frozenset())
    async with pool.session(nobody) as session:
        assert (await session.execute(text("SELECT app_facilities()"))).scalar_one() == []
    async with pool.engine.connect() as bare:  # the same connection, no scope
        assert (await bare.execute(text("SELECT app_person()"))).scalar_one() is None
        assert (await bare.execute(text("SELECT app_has_role('expert')"))).scalar_one() is False
    await pool.close()


async def test_a_process_is_nobody(database: Clone) -> None:
    async with database.system.session(Viewer.system("engine")) as session:
        assert (await session.execute(text("SELECT app_person()"))).scalar_one() is None


async def test_unreachable_database_is_refused_as_unavailable() -> None:
    pool = Database("postgresql://nobody@/nothing?host=/nonexistent")
    with pytest.raises(Unavailable):
        async with pool.session(VIEWER) as session:
            await session.execute(text("SELECT 1"))
    await pool.close()


async def test_a_server_that_takes_no_connections_is_unavailable(database: Clone) -> None:
    """Full, starting or stopping: the driver says so while connecting, before SQLAlchemy helps."""
    root = await asyncpg.connect(database.superuser_url)
    await root.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT 0")
    pool = Database(database.app_url)
    with pytest.raises(Unavailable):
        async with pool.session(VIEWER) as session:
            await session.execute(text("SELECT 1"))
    await pool.close()
    await root.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT -1")
    await root.close()


async def test_who_ends_a_deadlock_is_told_to_come_again(database: Clone) -> None:
    lock = text("SELECT pg_advisory_xact_lock(:n)")
    both = asyncio.Barrier(2)

    async def take(first: int, then: int) -> str:
        try:
            async with database.app.session(VIEWER) as session:
                await session.execute(lock, {"n": first})
                await both.wait()
                await session.execute(lock, {"n": then})
        except Unavailable:
            return "again"
        return "done"

    assert sorted(await asyncio.gather(take(1, 2), take(2, 1))) == ["again", "done"]


async def test_a_connection_lost_in_the_middle_is_unavailable(database: Clone) -> None:
    root = await asyncpg.connect(database.superuser_url)
    with pytest.raises(Unavailable):
        async with database.app.session(VIEWER) as session:
            pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            await root.execute("SELECT pg_terminate_backend($1)", pid)
            await session.execute(INSERT_REGION, {"id": new_id(), "code": "990001"})
    await root.close()
    assert await regions(database) == 0


def test_viewer_lists_become_array_literals() -> None:
    from kernel.database import viewer_settings

    first, second = UUID(int=1), UUID(int=2)
    viewer = replace(VIEWER, facility_ids=frozenset({FacilityId(second), FacilityId(first)}))
    assert viewer_settings(viewer)["facilities"] == f"{{{first},{second}}}"


@pytest.mark.parametrize(
    "value",
    ["甲\0", 10**30, datetime.max.replace(tzinfo=timezone(-timedelta(hours=14)))],
    ids=["nul", "number", "date"],
)
async def test_what_no_column_can_hold_is_the_callers_mistake(
    database: Clone, value: object
) -> None:
    kind = {str: Text, int: BigInteger, datetime: UTCDateTime}[type(value)]
    question = select(bindparam("value", value, kind))
    with pytest.raises(Unstorable):
        async with database.app.session(VIEWER) as session:
            await session.execute(question)


async def test_errors_do_not_carry_what_was_stored(database: Clone) -> None:
    """They are logged, and parameters are patients."""
    with pytest.raises(DBAPIError) as failure:
        async with database.app.session(VIEWER) as session:
            await session.execute(
                text("SELECT 1 FROM nowhere WHERE :name = ''"), {"name": "林晓岚"}
            )
    assert "林晓岚" not in str(failure.value)


async def test_a_line_that_the_server_has_ended_is_unavailable_once(database: Clone) -> None:
    async with half_open(database) as way:
        beyond = Database(way.system_url, name="half-open", pool_size=1)
        async with beyond.session(VIEWER) as session:
            await session.execute(text("SELECT 1"))
        assert await way.end("half-open") == 1
        with pytest.raises(Unavailable):
            async with beyond.session(VIEWER) as session:
                await session.execute(text("SELECT 1"))
        async with beyond.session(VIEWER) as session:  # by another line
            assert (await session.execute(text("SELECT 1"))).scalar_one() == 1
        await beyond.close()
