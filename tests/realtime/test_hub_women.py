"""Readings: whoever may see her is told at once, nobody else is, and nothing is told by name."""

import asyncio
from uuid import UUID

import pytest

from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from realtime.hub import Hub
from realtime.hub_connection import Connection
from registry.observations import service
from registry.observations.schemas import Entry, NewVoid
from tests.fixtures.database import Clone
from tests.realtime.test_hub import listening, running
from tests.referral.network import Network, build

AT_ONCE_S = 2.0
PULSE = Entry(code="hr_per_min", number=136, unit="/min")


class Told(Connection):
    """A connection that only notes of whom the hub tells it."""

    def __init__(self, viewer: Viewer) -> None:
        async def send(frame: bytes) -> None: ...

        super().__init__(viewer, offset=0, device_id="d", send=send)
        self.women: asyncio.Queue[PregnancyId] = asyncio.Queue()
        self.boards: asyncio.Queue[None] = asyncio.Queue()

    def woman(self, pregnancy_id: PregnancyId) -> None:
        self.women.put_nowait(pregnancy_id)

    def board(self) -> None:
        self.boards.put_nowait(None)


@pytest.fixture
async def net(database: Clone) -> Network:
    return await build(database)


async def _read(net: Network, *women: UUID) -> UUID:
    """Somebody takes her pulse; the last reading's id."""
    viewer = net.staff["county_doctor"]
    async with net.clone.app.session(viewer) as session:
        for hers in women:
            done = await service.record(
                session, net.clock, viewer, pregnancy_id=PregnancyId(hers), entries=[PULSE]
            )
    return done.rows[0].id


async def test_those_who_treat_her_are_told_of_each_reading_and_each_void(net: Network) -> None:
    doctor = net.staff["county_doctor"]
    hers, anothers = await net.pregnancy(doctor), await net.pregnancy(doctor, "另一位")
    await net.sent(net.places["city"], pregnancy_id=hers)
    hub = Hub(net.clone.app, net.clock)
    told = {name: Told(net.staff[name]) for name in ("county_doctor", "city_expert", "outsider")}
    for connection in told.values():
        hub.add(connection)
    async with running(hub):
        await listening(hub)
        reading = await _read(net, hers)
        for name in ("county_doctor", "city_expert"):
            assert await asyncio.wait_for(told[name].women.get(), AT_ONCE_S) == hers
        async with net.clone.app.session(doctor) as session:
            order = NewVoid(reason="wrong_patient")
            await service.void(session, net.clock, doctor, PregnancyId(hers), reading, order)
        assert await asyncio.wait_for(told["city_expert"].women.get(), AT_ONCE_S) == hers
        assert await asyncio.wait_for(told["county_doctor"].women.get(), AT_ONCE_S) == hers

        # Two women at once: each side hears of those whom it treats.
        await _read(net, hers, anothers, hers)
        here = {await asyncio.wait_for(told["county_doctor"].women.get(), 2) for _ in range(2)}
        assert here == {hers, anothers}
        assert await asyncio.wait_for(told["city_expert"].women.get(), AT_ONCE_S) == hers
        assert told["city_expert"].women.empty()
        assert told["outsider"].women.empty()


async def test_nobody_is_told_of_what_was_not_kept(net: Network) -> None:
    doctor = net.staff["county_doctor"]
    hers, hub, told = await net.pregnancy(doctor), Hub(net.clone.app, net.clock), Told(doctor)
    hub.add(told)
    async with running(hub):
        await listening(hub)
        with pytest.raises(RuntimeError):
            async with net.clone.app.session(doctor) as session:
                await service.record(
                    session, net.clock, doctor, pregnancy_id=PregnancyId(hers), entries=[PULSE]
                )
                raise RuntimeError
        await _read(net, hers)
        assert await asyncio.wait_for(told.women.get(), AT_ONCE_S) == hers
        await asyncio.sleep(0.5)
        assert told.women.empty()


async def test_where_it_cannot_be_found_out_who_may_see_her_everybody_looks(
    net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor = net.staff["county_doctor"]
    hers, hub, told = await net.pregnancy(doctor), Hub(net.clone.app, net.clock), Told(doctor)
    hub.add(told)

    async def fails(*_asked: object, **_about: object) -> list[tuple[Connection, UUID]]:
        raise RuntimeError("once")

    async with running(hub):
        await listening(hub)
        await asyncio.wait_for(told.boards.get(), AT_ONCE_S)  # it has just begun to listen
        monkeypatch.setattr(hub, "_audience", fails)
        await _read(net, hers)
        await asyncio.wait_for(told.boards.get(), AT_ONCE_S)
        monkeypatch.undo()
        await asyncio.sleep(0.6)  # the loop starts again
        await _read(net, hers)
        assert await asyncio.wait_for(told.women.get(), AT_ONCE_S) == hers
