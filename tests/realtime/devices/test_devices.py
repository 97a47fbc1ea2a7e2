"""The registry of monitors over HTTP: kept by coordinators, tokens rotated without a break."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import text

from kernel.clock import SystemClock
from kernel.viewer import Role, Viewer
from realtime.alarms.limitbook import WAKE_CHANNEL
from realtime.devices.repository import HEARD_WITHIN
from realtime.devices.schemas import LAGGING_MS
from realtime.schemas import LIVE_WITHIN
from tests.realtime.desk import Desk, record
from tests.realtime.gateway.process import ROOT

NEW = {"serial": "SN-9", "kind": "agent", "name": "采集代理", "unit": "产科"}


def keeper(desk: Desk) -> Viewer:
    """The coordinator of the county hospital."""
    return desk.world.viewer(Role.COORDINATOR, desk.world.county_hospital)


async def opens(desk: Desk, token: str) -> bool:
    """Whether the gateway lets this token in, asked by its own SQL."""
    async with desk.clone.system.session(Viewer.system("test")) as session:
        found = await session.execute(
            text("SELECT 1 FROM ctg_device_of_token(:hash)"),
            {"hash": sha256(token.encode()).digest()},
        )
        return found.first() is not None


async def registered(desk: Desk, who: Viewer) -> Any:
    made = await desk.post("/devices", who, **NEW)
    assert made.status_code == 201, made.text
    return made.json()


async def test_devices_are_those_of_the_facility(desk: Desk) -> None:
    answer = await desk.get("/api/ctg/devices")
    assert [device["serial"] for device in answer.json()] == ["SN-1"]
    assert answer.json()[0]["allowed"] == []
    admin = desk.world.viewer(Role.SYSTEM_ADMIN, desk.world.stranger)
    every = (await desk.get("/api/ctg/devices", admin)).json()
    assert [device["serial"] for device in every] == ["SN-1", "SN-2"]
    assert every[0]["allowed"] == ["change", "rotate", "revoke"]


async def test_a_token_is_shown_once_and_opens_the_gateway(desk: Desk) -> None:
    who = keeper(desk)
    made = await registered(desk, who)
    assert made["device"]["serial"] == "SN-9"
    assert await opens(desk, made["token"])
    listed = (await desk.get("/api/ctg/devices", who)).text
    assert made["token"] not in listed
    taken = await desk.post("/devices", who, **NEW)
    assert (taken.status_code, taken.json()["code"]) == (409, "kernel.conflict")


async def test_a_repeated_request_does_not_show_the_token_again(desk: Desk) -> None:
    desk.viewer = keeper(desk)
    assert desk.client is not None
    headers = {"Idempotency-Key": str(uuid4())}
    answers = [
        await desk.client.post("/api/ctg/devices", json=NEW, headers=headers) for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json()["token"]
    assert answers[1].json()["token"] is None
    assert answers[0].json()["device"] == answers[1].json()["device"]


async def test_two_tokens_open_until_the_overlap_is_over(desk: Desk) -> None:
    who = keeper(desk)
    made = await registered(desk, who)
    path, old = f"/devices/{made['device']['id']}", made["token"]
    rotated = (await desk.post(f"{path}/rotate", who, overlap_h=2, reason="定期更换")).json()
    new = rotated["token"]
    assert rotated["device"]["old_token_until"] is not None
    assert [await opens(desk, one) for one in (old, new)] == [True, True]
    async with desk.clone.system.session(Viewer.system("test")) as session:
        await session.execute(
            text("UPDATE ctg_device SET old_token_until = clock_timestamp() WHERE serial = 'SN-9'"),
        )  # fmt: skip
    assert [await opens(desk, one) for one in (old, new)] == [False, True]
    at_once = (await desk.post(f"{path}/rotate", who, overlap_h=0)).json()["token"]
    assert [await opens(desk, one) for one in (new, at_once)] == [False, True]


async def test_revoked_it_is_let_in_by_no_token_and_stays_on_the_list(desk: Desk) -> None:
    who = keeper(desk)
    made = await registered(desk, who)
    path = f"/devices/{made['device']['id']}"
    new = (await desk.post(f"{path}/rotate", who)).json()["token"]
    gone = await desk.post(f"{path}/revoke", who, reason="失窃")
    assert (gone.json()["revoked"], gone.json()["allowed"]) == (True, [])
    assert [await opens(desk, one) for one in (made["token"], new)] == [False, False]
    for action, body in (("rotate", {}), ("change", {"name": "x", "unit": ""})):
        refused = await desk.post(f"{path}/{action}", who, **body)
        assert (refused.status_code, refused.json()["code"]) == (409, "ctg.device_revoked")
    events = (await desk.get(f"/api/ctg{path}/events", who)).json()
    assert [one["action"] for one in events] == ["revoke", "rotate", "register"]
    assert events[0]["reason"] == "失窃"
    assert new not in str(events)


async def test_a_change_tells_before_and_after(desk: Desk) -> None:
    who = keeper(desk)
    made = await registered(desk, who)
    path = f"/devices/{made['device']['id']}"
    done = (await desk.post(f"{path}/change", who, name="二号机", unit="待产")).json()
    assert (done["name"], done["unit"]) == ("二号机", "待产")
    told = (await desk.get(f"/api/ctg{path}/events", who)).json()[0]["detail"]
    assert told["before"]["name"] == "采集代理"
    assert told["after"] == {"name": "二号机", "unit": "待产"}


async def test_gateways_hear_that_a_monitor_stands_in_another_unit(desk: Desk) -> None:
    who = keeper(desk)
    path = f"/devices/{(await registered(desk, who))['device']['id']}"
    heard: list[str] = []
    connection = await asyncpg.connect(desk.clone.system_url)
    await connection.add_listener(WAKE_CHANNEL, lambda *told: heard.append(told[2]))
    await desk.post(f"{path}/change", who, name="二号机", unit=NEW["unit"])
    await connection.fetchval("SELECT 1")
    assert not heard
    await desk.post(f"{path}/change", who, name="二号机", unit="待产")
    async with asyncio.timeout(10):
        while not heard:
            await asyncio.sleep(0.02)
    await connection.close()


async def pulses(desk: Desk, recording: UUID, change: str) -> None:
    """The recording's last sign of life, changed."""
    async with desk.clone.system.session(Viewer.system("test")) as session:
        await session.execute(
            text(f"UPDATE ctg_pulse SET {change} WHERE recording_id = :id"), {"id": recording}
        )


async def sample_of(desk: Desk, serial: str, who: Viewer | None = None) -> Any:
    listed = (await desk.get("/api/ctg/devices", who)).json()
    return next(one for one in listed if one["serial"] == serial)["sample"]


async def test_a_device_says_how_old_its_newest_sample_is(desk: Desk) -> None:
    assert await sample_of(desk, "SN-1") == {"state": "none", "at": None}
    old = await record(desk, "old", journal=[], chunks=[], live=True)
    await pulses(desk, old, "heard_at = heard_at - interval '1 hour'")
    assert (await sample_of(desk, "SN-1"))["state"] == "offline"
    # The newest one counts, whichever spoke last.
    new = await record(desk, "new", journal=[], chunks=[], live=True)
    running = await sample_of(desk, "SN-1")
    assert running["state"] == "running"
    age = SystemClock().now() - datetime.fromisoformat(running["at"])
    assert timedelta(0) < age < timedelta(seconds=30)
    for change, state in (
        ("lag_ms = 5001", "lagging"),
        ("flags = 2", "running"),  # the device's clock is wrong, not its line
        ("connected = false", "offline"),
    ):
        await pulses(desk, new, change)
        assert (await sample_of(desk, "SN-1"))["state"] == state
    async with desk.clone.system.session(Viewer.system("test")) as session:
        ends = "UPDATE ctg_recording SET closed_at = clock_timestamp(), last_seq = 5 WHERE id = :id"
        await session.execute(text(ends), {"id": new})
    assert await sample_of(desk, "SN-1") == {"state": "stopped", "at": running["at"]}


async def test_a_recording_without_a_sample_is_waited_for_and_an_old_one_forgotten(
    desk: Desk,
) -> None:
    opened = text(
        "INSERT INTO ctg_recording (id, device_id, facility_id, bed, channels, started_at)"
        " SELECT :id, id, facility_id, '产房1床', '{fhr1,toco}', clock_timestamp() FROM ctg_device"
        " WHERE serial = 'SN-1'"
    )
    async with desk.clone.system.session(Viewer.system("test")) as session:
        await session.execute(opened, {"id": uuid4()})
    assert await sample_of(desk, "SN-1") == {"state": "waiting", "at": None}
    async with desk.clone.system.session(Viewer.system("test")) as session:
        at = {"at": SystemClock().now() - HEARD_WITHIN}
        await session.execute(text("UPDATE ctg_recording SET opened_at = :at"), at)
    assert await sample_of(desk, "SN-1") == {"state": "none", "at": None}


def test_a_list_and_a_strip_call_late_and_gone_the_same() -> None:
    """The strip's own bounds, in milliseconds, are those of the lists of the server."""
    strip = (ROOT / "web" / "src" / "strip" / "status.ts").read_text("utf-8")
    bounds = dict(re.findall(r"export const (LAGGING_MS|OFFLINE_MS) = ([\d_]+)", strip))
    assert int(bounds["LAGGING_MS"]) == LAGGING_MS
    assert int(bounds["OFFLINE_MS"]) == LIVE_WITHIN / timedelta(milliseconds=1)


async def test_samples_are_told_of_the_own_house_and_never_of_an_agent(desk: Desk) -> None:
    await record(desk, "hers", journal=[], chunks=[], live=True)
    agent = (await registered(desk, keeper(desk)))["device"]
    assert agent["sample"] is None
    admin = desk.world.viewer(Role.SYSTEM_ADMIN, desk.world.stranger)
    assert await sample_of(desk, "SN-1", admin) is None
    assert (await sample_of(desk, "SN-1"))["state"] == "running"


async def test_nobody_keeps_another_houses_registry(desk: Desk) -> None:
    made = await registered(desk, keeper(desk))
    path = f"/devices/{made['device']['id']}"
    stranger = desk.world.viewer(Role.COORDINATOR, desk.world.stranger)
    for action, body in (("rotate", {}), ("revoke", {"reason": "x"})):
        assert (await desk.post(f"{path}/{action}", stranger, **body)).status_code == 404
    elsewhere = await desk.post(
        "/devices", stranger, **{**NEW, "serial": "SN-8"}, facility_id=desk.world.county_hospital
    )
    assert elsewhere.json()["device"]["facility_id"] == str(desk.world.stranger)


async def test_the_administrator_registers_for_a_house(desk: Desk) -> None:
    admin = desk.world.viewer(Role.SYSTEM_ADMIN, desk.world.stranger)
    made = await desk.post("/devices", admin, **NEW, facility_id=desk.world.county_hospital)
    assert made.json()["device"]["facility_id"] == str(desk.world.county_hospital)
    async with desk.clone.app.session(desk.world.doctor) as session:
        seen = await session.scalars(text("SELECT serial FROM ctg_device ORDER BY serial"))
        assert list(seen) == ["SN-1", "SN-9"]
        assert list(await session.scalars(text("SELECT action FROM ctg_device_event"))) == []
