"""The hub on a real database: it wakes, it catches up, and it asks who may see."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID, uuid4

import pytest
from sqlalchemy import TextClause

from duty.rosters.oncall import DutyTier
from kernel import chain
from kernel.ids import CaseId, RegionId
from kernel.viewer import Role, Viewer
from realtime.hub import Hub
from realtime.hub_connection import Connection
from tests.duty.region import Region, build
from tests.fixtures.database import Clone


@pytest.fixture
async def region(database: Clone) -> Region:
    return await build(database)


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[Hub]:
    task = asyncio.create_task(hub.run())
    try:
        yield hub
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Told(Connection):
    """A connection that only notes what the hub tells it."""

    def __init__(self, viewer: Viewer) -> None:
        async def send(frame: bytes) -> None: ...

        super().__init__(viewer, offset=0, device_id="d", send=send)
        self.looks: asyncio.Queue[int | None] = asyncio.Queue()
        self.cases: asyncio.Queue[tuple[CaseId, int]] = asyncio.Queue()

    def look(self, head: int | None = None) -> None:
        self.looks.put_nowait(head)

    def hint(self, case_id: CaseId, version: int) -> None:
        self.cases.put_nowait((case_id, version))


async def listening(hub: Hub) -> None:
    async with asyncio.timeout(5):
        while not hub.listener.connected:
            await asyncio.sleep(0.01)


async def test_a_commit_wakes_its_person_at_once_and_nobody_else(region: Region) -> None:
    hub = Hub(region.clone.app, region.clock)
    expert = Told(region.experts[DutyTier.FIRST])
    other = Told(region.experts[DutyTier.LEAD])
    hub.add(expert)
    hub.add(other)
    async with running(hub):
        await listening(hub)
        assert await expert.looks.get() is None
        assert await other.looks.get() is None
        await region.page()
        assert await asyncio.wait_for(expert.looks.get(), 0.5) is None
        assert other.looks.empty()


async def test_lost_notifications_are_made_up_for_within_a_second(region: Region) -> None:
    """Its listener leads nowhere: only the poll is left."""
    hub = Hub(region.clone.app, region.clock, url="postgresql://nobody@/none?host=/nonexistent")
    expert = Told(region.experts[DutyTier.FIRST])
    hub.add(expert)
    async with running(hub):
        await region.page()
        assert await asyncio.wait_for(expert.looks.get(), 2.0) == 1
        assert hub.listener.connected is False


async def test_hints_go_to_parties_and_to_the_region_that_answers(region: Region) -> None:
    def regional(role: Role, *regions: RegionId) -> Viewer:
        return Viewer(
            region.doctor.account_id,
            region.experts[DutyTier.LEAD].person_id,
            None,
            region.centre,
            frozenset(),
            frozenset(regions),
            frozenset({role}),
        )

    hub = Hub(region.clone.app, region.clock)
    doctor = Told(region.doctor)
    commission = Told(regional(Role.COMMISSION, region.county_region))
    elsewhere = Told(regional(Role.COMMISSION, RegionId(uuid4())))
    roleless = Told(regional(Role.AUDITOR, region.county_region))
    for connection in (doctor, commission, elsewhere, roleless):
        hub.add(connection)
    async with running(hub):
        await listening(hub)
        case_id = await region.open_case()
        for told in (doctor, commission):
            assert await asyncio.wait_for(told.cases.get(), 2) == (case_id, 1)
        assert elsewhere.cases.empty()
        assert roleless.cases.empty()


async def test_a_removed_connection_is_forgotten(region: Region) -> None:
    hub = Hub(region.clone.app, region.clock)
    expert = Told(region.experts[DutyTier.FIRST])
    hub.add(expert)
    hub.remove(expert)
    assert len(hub) == 0
    async with running(hub):
        await listening(hub)
        await region.page()
        await asyncio.sleep(0.1)
    assert expert.looks.empty()


async def test_a_loop_that_fails_starts_again(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(region.clone.app, region.clock)
    doctor = Told(region.doctor)
    hub.add(doctor)
    real, failures = hub._audience, [RuntimeError("once")]

    async def fails_once(asked: TextClause, **about: object) -> list[tuple[Connection, UUID]]:
        if failures:
            raise failures.pop()
        return await real(asked, **about)

    monkeypatch.setattr(hub, "_audience", fails_once)
    async with running(hub):
        await listening(hub)
        await region.open_case()
        await asyncio.sleep(0.7)
        case_id = await region.open_case()
        assert await asyncio.wait_for(doctor.cases.get(), 2) == (case_id, 1)


async def test_a_word_that_stands_on_no_chain_is_told_without_valkey(region: Region) -> None:
    """A draft was changed, somebody waits at a room's door: hints alone, and none is lost."""
    case_id = await region.open_case()
    hub = Hub(region.clone.app, region.clock)
    doctor = Told(region.doctor)
    hub.add(doctor)
    async with running(hub):
        await listening(hub)
        async with region.clone.app.session(region.doctor) as session:
            await chain.hint(session, case_id)
        assert await asyncio.wait_for(doctor.cases.get(), 2) == (case_id, 1)
