"""How paging stands, on a real database: what the installation does is what the screens say."""

from pathlib import Path

import pytest
from litestar.testing import AsyncTestClient
from sqlalchemy import text

from duty.watch import queries, repository
from duty.watch.schemas import PagingHealth
from duty.watch.signs import Found, PagingVitals, Sign
from duty.watch.sources import Http, Local
from duty.watch.states import Patience
from duty.watch.watch import Watch
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.viewer import Viewer
from server.app import create_app
from server.heartbeat import beat
from server.settings import Settings
from tests.duty.region import SEEDER, Region
from tests.duty.watch.bell import Heard
from tests.fixtures.database import Clone

NOWHERE = "postgresql://yunshang_system@/none?host=/nonexistent"
AT_ONCE = Patience(raise_after=Patience().raise_after * 0, clear_after=Patience().clear_after * 0)


async def execute(clone: Clone, sql: str, **values: object) -> None:
    async with clone.system.session(SEEDER) as session:
        await session.execute(text(sql), values)


async def vitals(clone: Clone) -> PagingVitals:
    """As the application's own role reads them, seeing no case."""
    async with clone.app.session(Viewer.system("health")) as session:
        return await repository.vitals(session)


async def health(clone: Clone) -> PagingHealth:
    async with clone.app.session(Viewer.system("health")) as session:
        return await queries.health(session)


def said(found: PagingHealth) -> set[str]:
    return {one.sign for one in found.signs}


async def test_an_installation_at_work_is_ok_and_unwatched(database: Clone) -> None:
    await beat(database.system, "engine", lambda: {"listening": True, "skew_ms": 2})
    seen = await vitals(database)
    assert (seen.engine_age_s or 99) < 10
    assert (seen.listening, seen.skew_ms, seen.live_pages) == (True, 2.0, 0)
    found = await health(database)
    assert (found.status, found.watched, said(found)) == ("ok", False, {"unwatched"})


async def test_no_engine_a_deaf_engine_and_a_wrong_clock_are_said(database: Clone) -> None:
    assert said(await health(database)) == {"engine_silent", "unwatched"}
    await beat(database.system, "engine", lambda: {"listening": False, "skew_ms": 1500})
    found = await health(database)
    assert (found.status, said(found)) == (
        "impaired",
        {"listener_dead", "clock_skew", "unwatched"},
    )


async def test_an_overdue_step_and_a_waiting_message_are_measured(region: Region) -> None:
    await beat(region.clone.system, "engine")
    await region.policy(0, 60)
    page_id = await region.page()
    await execute(
        region.clone, "UPDATE escalation SET next_due_at = clock_timestamp() - interval '7 s'"
    )
    await execute(
        region.clone,
        "UPDATE page_message SET channel = 'webhook',"
        " available_at = clock_timestamp() - interval '8 s' WHERE page_id = :p",
        p=page_id,
    )
    seen = await vitals(region.clone)
    assert 7 <= seen.overdue_s < 60
    assert 8 <= seen.pending_s < 60
    assert (seen.live_pages, seen.pending) == (1, 1)
    assert {"escalation_overdue", "messages_pending"} <= said(await health(region.clone))


async def test_a_refusing_provider_is_named_by_its_channel(region: Region) -> None:
    await region.policy(0, 60)
    for number in range(3):
        page_id = await region.page(key=f"k{number}")
        await execute(
            region.clone,
            "UPDATE page_message SET channel = 'webhook', state = 'failed',"
            " settled_at = clock_timestamp() WHERE page_id = :p",
            p=page_id,
        )
    found = await health(region.clone)
    assert [one.channel for one in found.signs if one.sign == "channel_failing"] == ["webhook"]


async def test_nobody_picking_up_is_no_fault_of_the_channel(region: Region) -> None:
    await region.policy(0, 60)
    for number in range(3):
        page_id = await region.page(key=f"k{number}")
        await execute(
            region.clone,
            "UPDATE page_message SET channel = 'voice', state = 'unreachable', error = '200003',"
            " provider_ref = 'aliyun:' || id, settled_at = clock_timestamp() WHERE page_id = :p",
            p=page_id,
        )
    assert "channel_failing" not in said(await health(region.clone))


async def test_commit_to_send_is_told_in_milliseconds(region: Region) -> None:
    await region.policy(0, 60)
    await region.page()
    await execute(
        region.clone, "UPDATE page_target SET sent_at = queued_at + interval '250 ms', state='sent'"
    )
    sent = (await vitals(region.clone)).sent
    assert (sent.n, sent.p50, sent.p99) == (1, pytest.approx(250), pytest.approx(250))


class Asked(Local):
    """The database for true; the API and Valkey answer."""

    async def look(self):  # type: ignore[no-untyped-def]
        return await self._vitals()


def watch(database: Database, bells: Heard) -> Watch:
    clock = SystemClock()
    source = Asked(database, Http("http://127.0.0.1:9", clock), "", "test")
    return Watch(source, bells, clock, AT_ONCE)


async def test_what_a_watch_raises_stands_on_every_screen_until_it_clears_it(
    database: Clone,
) -> None:
    bells = Heard()
    one = watch(database.system, bells)
    await one.run_once()
    await one.run_once()
    found = await health(database)
    assert (found.status, found.watched, said(found)) == ("impaired", True, {"engine_silent"})
    assert found.signs[0].since is not None
    await beat(database.system, "engine", lambda: {"listening": True})
    await one.run_once()
    await one.run_once()
    found = await health(database)
    assert (found.status, found.watched, said(found)) == ("ok", True, set())
    assert bells.heard == [("raised", "engine_silent"), ("cleared", "engine_silent")]
    async with database.app.session(Viewer.system("health")) as session:
        kept = [(line.what, line.sign) for line in await repository.history(session)]
    assert kept == [("cleared", "engine_silent"), ("raised", "engine_silent")]


async def test_a_watch_started_again_neither_forgets_nor_repeats(database: Clone) -> None:
    bells = Heard()
    first = watch(database.system, bells)
    await first.run_once()
    await first.run_once()
    source = Asked(database.system, Http("http://127.0.0.1:9", SystemClock()), "", "test")
    again = Watch(source, bells, SystemClock(), AT_ONCE, await source.before())
    await again.run_once()
    assert bells.heard == [("raised", "engine_silent")]


async def test_a_watch_that_stopped_looking_is_not_believed(database: Clone) -> None:
    one = watch(database.system, Heard())
    await one.run_once()
    await beat(database.system, "engine")
    await execute(database, "UPDATE paging_watch SET looked_at = looked_at - interval '11 s'")
    found = await health(database)
    assert (found.status, said(found)) == ("ok", {"unwatched"})


async def test_a_lost_database_is_a_sign_and_hides_none(database: Clone) -> None:
    bells = Heard()
    one = watch(database.system, bells)
    await one.run_once()
    await one.run_once()
    one._source = Asked(Database(NOWHERE), Http("http://127.0.0.1:9", SystemClock()), "", "test")
    await one.run_once()
    await one.run_once()
    assert bells.heard == [("raised", "engine_silent"), ("raised", "database_unreachable")]
    assert {one.sign for one in one.signs.values() if one.counts} == {
        Sign.ENGINE_SILENT,
        Sign.DATABASE_UNREACHABLE,
    }


async def test_the_answer_is_public_and_a_lost_database_is_503(
    settings: Settings, database: Clone, tmp_path: Path
) -> None:
    await beat(database.system, "engine")
    async with AsyncTestClient(create_app(settings)) as client:
        answer = await client.get("/api/health/paging")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert (await client.get("/api/health/paging/history")).status_code == 401
    lost = Settings(database_url=NOWHERE, data_dir=tmp_path, demo=True)
    async with AsyncTestClient(create_app(lost, database=Database(NOWHERE))) as client:
        answer = await client.get("/api/health/paging")
        assert (answer.status_code, answer.json()["status"]) == (503, "impaired")
        assert answer.json()["signs"][0]["sign"] == "database_unreachable"


async def test_with_http_alone_silence_is_the_sign() -> None:
    http = Http("http://127.0.0.1:9", SystemClock())
    assert (await http.look()).found == [Found(Sign.API_UNREACHABLE, 0)]
    await http.close()
