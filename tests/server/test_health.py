"""The public health answer and the staff's page, on a real database and Valkey."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from os import getpid
from pathlib import Path

import pytest
from litestar.testing import AsyncTestClient

from duty.notify.providers.file import CONTRACTS
from kernel.chain.checkpoint import ChainCheckpointer, CheckpointFile
from kernel.chain.signing import Signer
from kernel.database import Database
from kernel.viewer import Viewer
from server import health
from server.app import create_app
from server.health import SystemHealth, processes
from server.heartbeat import beat
from server.settings import Settings
from server.supervisor import ledger
from server.supervisor.leftovers import born
from server.supervisor.lives import Child, Life
from server.vitals import EXPECTED
from tests.fixtures.database import Clone


async def _page(database: Clone, settings: Settings) -> SystemHealth:
    async with database.app.session(Viewer.system("test")) as session:
        page: SystemHealth = await processes.fn(
            session=session, settings=settings, contracted=frozenset({"sms"})
        )
        return page


async def test_up_is_said_without_a_login_and_details_are_not(settings: Settings) -> None:
    async with AsyncTestClient(create_app(settings)) as client:
        answer = await client.get("/api/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert (await client.get("/api/health/processes")).status_code == 401


async def test_a_lost_database_is_503_and_not_a_trace(tmp_path: Path) -> None:
    nowhere = "postgresql://yunshang_app@/none?host=/nonexistent"
    settings = Settings(database_url=nowhere, data_dir=tmp_path, demo=True)
    app = create_app(settings, database=Database(nowhere))
    async with AsyncTestClient(app) as client:
        answer = await client.get("/api/health")
        assert (answer.status_code, answer.json()) == (503, {"status": "degraded"})


async def test_without_processes_all_are_absent(database: Clone, settings: Settings) -> None:
    page = await _page(database, settings)
    assert page.status == "degraded"
    assert page.valkey == "running"
    assert page.database.startswith("PostgreSQL")
    assert page.channels == ["sms"]
    assert set(page.channels_absent) == set(CONTRACTS) - {"sms"}
    assert {(process.name, process.state) for process in page.processes} == {
        (name, "absent") for name in EXPECTED
    }


async def test_all_beating_is_ok_until_valkey_is_away(database: Clone, settings: Settings) -> None:
    for name in EXPECTED:
        await beat(database.system, name)
    assert (await _page(database, settings)).status == "ok"
    away = await _page(database, replace(settings, valkey_url="unix:///nonexistent.sock"))
    assert (away.status, away.valkey) == ("degraded", "absent")


@pytest.mark.parametrize(("alive", "shown"), [(True, "crashed"), (False, "running")])
async def test_only_a_living_supervisor_is_believed(
    database: Clone, settings: Settings, *, alive: bool, shown: str
) -> None:
    for name in EXPECTED:
        await beat(database.system, name)
    child = Child("engine", Life.CRASHED, datetime.now(UTC), getpid(), restarts=7, last_exit=-11)  # noqa: TID251
    ledger.write(
        settings.data_dir,
        pid=getpid(),
        born=born(getpid()) if alive else 1.0,
        marker="m",
        stopped=False,
        children=[child],
    )
    page = await _page(database, settings)
    (engine,) = [process for process in page.processes if process.name == "engine"]
    assert engine.state == shown
    assert engine.restarts == (7 if alive else None)
    assert page.status == ("degraded" if alive else "ok")


async def test_old_checkpoints_of_the_chain_degrade_it(
    database: Clone, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in EXPECTED:
        await beat(database.system, name)
    assert (await _page(database, settings)).checkpoint_age_s is None
    file = CheckpointFile(tmp_path / "checkpoints.jsonl")
    await ChainCheckpointer(database.system, Signer.load_or_create(tmp_path), file).sign()
    fresh = await _page(database, settings)
    assert fresh.checkpoint_age_s is not None
    assert (fresh.status, fresh.checkpoint_stale) == ("ok", False)
    monkeypatch.setattr(health, "STALE_AFTER", timedelta(0))
    old = await _page(database, settings)
    assert (old.status, old.checkpoint_stale) == ("degraded", True)
