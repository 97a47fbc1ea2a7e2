"""Overdue things climb from the owner to the county centre (孕管中心), each step told once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from kernel.clock import SystemClock
from kernel.ids import CaseId
from referral.casefiles import timers
from referral.casefiles.commands import CloseFile
from referral.casefiles.repository import FileRepository
from referral.casefiles.service import ending
from tests.fixtures.database import Clone
from tests.referral.casefiles import filing
from tests.referral.network import SEEDER, Network, build


class NineDaysBehind(SystemClock):
    """A real clock, as far as the platform can tell."""

    def now(self) -> datetime:
        """Nine days ago."""
        return super().now() - timedelta(days=9)


async def _run(net: Network) -> bool:
    return await timers.run_due_files(net.clone.system, net.clock)


async def _told(net: Network, case_id: CaseId) -> list[tuple[str, object]]:
    """Which steps were told, to whom."""
    return [
        (event.row.kind.removeprefix("casefile."), event.payload["told"])
        for event in await net.events(case_id)
        if "overdue" in event.row.kind or "due_soon" in event.row.kind
    ]


async def test_a_late_visit_reaches_the_county_and_keeps_reaching_it(fresh_net: Network) -> None:
    net = fresh_net
    case_id = await filing.opened(net)
    await filing.reported(net, case_id)
    assert not await _run(net)
    due = (await filing.look(net, "county_doctor", case_id)).tasks[0].due_at
    net.simulated.advance(due - net.clock.now())
    assert await _run(net)
    assert not await _run(net), "once is enough"
    assert await _told(net, case_id) == [("task_overdue", "owner")]
    assert not (await filing.look(net, "county_doctor", case_id)).tasks[0].told_county
    net.wait(hours=24)
    assert await _run(net)
    assert (await filing.look(net, "coordinator", case_id)).tasks[0].told_county
    net.wait(days=7)
    assert await _run(net)
    assert await _told(net, case_id) == [
        ("task_overdue", "owner"),
        ("task_overdue", "county"),
        ("task_overdue", "county"),
    ]
    await filing.seen(net, case_id)
    net.wait(days=6)
    assert not await _run(net), "what is done climbs no further"


async def test_the_report_reminds_before_and_reaches_the_county_when_due(
    fresh_net: Network,
) -> None:
    net = fresh_net
    case_id = await filing.opened(net)
    net.wait(hours=20)
    assert await _run(net)
    net.wait(hours=4)
    assert await _run(net)
    assert await _told(net, case_id) == [("report_due_soon", "owner"), ("report_overdue", "county")]
    (event,) = [one for one in await net.events(case_id) if one.row.kind.endswith("report_overdue")]
    assert (event.row.auto, event.row.actor) == (True, None)
    assert event.payload["rules"] == "national/2026-11-25"


async def test_an_unanswered_handover(fresh_net: Network) -> None:
    net = fresh_net
    case_id = await filing.opened(net)
    await filing.reported(net, case_id)
    await filing.asked(net, case_id)
    net.wait(hours=48)
    assert await _run(net)
    net.wait(hours=24)
    assert await _run(net)
    assert await _told(net, case_id) == [
        ("handover_overdue", "owner"),
        ("handover_overdue", "county"),
    ]


async def test_what_nobody_looked_at_for_long_is_told_once(fresh_net: Network) -> None:
    net = fresh_net
    case_id = await filing.opened(net)
    await filing.reported(net, case_id)
    net.wait(days=60)
    assert await _run(net)
    assert await _told(net, case_id) == [("task_overdue", "county")]


async def test_a_closed_file_is_left_alone(fresh_net: Network) -> None:
    net = fresh_net
    case_id = await filing.opened(net)
    fields = {"outcome": "resolved", "reason": "风险解除"}
    await filing.act(net, "county_doctor", case_id, ending.close_file, CloseFile, **fields)
    net.wait(days=60)
    assert not await _run(net)


async def test_a_file_at_work_is_skipped_and_found_again(fresh_net: Network) -> None:
    net = fresh_net
    case_id = await filing.opened(net)
    net.wait(days=8)
    async with net.clone.system.session(SEEDER) as session:
        await FileRepository(session, SEEDER).locked(case_id)
        assert not await _run(net)
    assert await _run(net)


async def test_made_up_time_is_left_to_made_up_clocks(fresh_net: Network) -> None:
    net = fresh_net
    await filing.opened(net)
    net.wait(days=8)
    assert not await timers.run_due_files(net.clone.system, SystemClock())


@pytest.fixture
async def real(database: Clone) -> Network:
    """The network at the real clock: notices and pages go out."""
    return await build(database, SystemClock())


async def test_the_county_is_rung_and_written_to(real: Network) -> None:
    net = real
    net.clock = NineDaysBehind()
    case_id = await filing.opened(net)
    net.clock = SystemClock()
    assert await _run(net)
    assert not await _run(net)
    coordinator = net.staff["coordinator"].person_id
    codes = await _rows(
        net, f"SELECT data ->> 'code' FROM inbox_item WHERE person_id = '{coordinator}'"
    )
    assert set(codes) <= {
        "casefile.opened",
        "casefile.task_overdue",
        "casefile.report_overdue",
    }
    rung = await _rows(net, f"SELECT event FROM page WHERE case_id = '{case_id}' ORDER BY event")
    assert rung == ["casefile.report_overdue", "casefile.task_overdue"]
    payloads = " ".join(await _rows(net, "SELECT payload::text FROM outbox"))
    assert "林" not in payloads


async def _rows(net: Network, query: str) -> list[str]:
    async with net.clone.system.session(SEEDER) as session:
        return [str(value) for value in (await session.execute(text(query))).scalars()]
