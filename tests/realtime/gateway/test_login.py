"""The gateway process and the registry's logins: who is logged in may watch, until logged out."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kernel.clock import SystemClock
from kernel.viewer import Role, Viewer
from realtime import service
from registry.people import sessions
from registry.people.service import Grant
from registry.people.sessions import Origin, SessionPolicy
from server.embedded.services import EmbeddedServices
from tests.fixtures.database import Clone
from tests.realtime.conftest import ORIGIN
from tests.realtime.gateway.process import GatewayProcess
from tests.realtime.wire import Sender, Watcher, frame
from tests.registry.world import PASSWORD, account, build


async def test_a_login_opens_the_strip_and_its_end_closes_it(
    database: Clone, services: EmbeddedServices, tmp_path: Path
) -> None:
    world, clock = await build(database.system), SystemClock()
    await account(
        database.system, clock, "midwife", world.county_hospital, Grant(Role.REFERRING_CLINICIAN)
    )
    await account(database.system, clock, "far", world.stranger, Grant(Role.EXPERT))
    async with database.system.session(Viewer.system("test")) as session:
        await service.register_device(
            session, serial="SN-0001", kind="monitor", facility_id=world.county_hospital,
            token="device-token",
        )  # fmt: skip

    async def log_in(login: str) -> dict[str, str]:
        token = await sessions.log_in(
            database.app, clock, login=login, password=PASSWORD,
            origin=Origin("127.0.0.1"), policy=SessionPolicy(),
        )  # fmt: skip
        return {"Cookie": f"__Host-yunshang={token}", "Origin": ORIGIN}

    gateway = GatewayProcess(
        database.system_url, services.layout.valkey_url, ORIGIN, tmp_path / "gateway.log"
    )
    await gateway.start()
    try:
        sender, recording = await Sender.dial(gateway.url, "device-token"), uuid4()
        await sender.open(recording)
        await sender.send(frame(1))
        await sender.until_acked(1)
        midwife, far = await log_in("midwife"), await log_in("far")
        watcher = await Watcher.dial(gateway.url, midwife)
        stranger = await Watcher.dial(gateway.url, far)
        for one in (watcher, stranger):
            await one.subscribe([recording])
        view = (await watcher.expect("subscribed"))["view"]
        await watcher.until_seq(view, 1)
        assert (await stranger.expect("refused"))["code"] == "ctg.not_found"
        token = midwife["Cookie"].partition("=")[2]
        async with database.app.session(Viewer.system("test")) as session:
            known = await sessions.find(session, token, clock.now(), SessionPolicy())
            assert known is not None
            ended = await sessions.revoke(session, clock.now(), session_id=known.viewer.session_id)
        assert ended == 1
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await asyncio.wait_for(watcher.socket.recv(), 5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.reason == "ctg.session_ended"
        with pytest.raises(InvalidStatus):
            await Watcher.dial(gateway.url, midwife)
        await stranger.close()
        await sender.close()
    finally:
        await gateway.end(signal.SIGTERM)
