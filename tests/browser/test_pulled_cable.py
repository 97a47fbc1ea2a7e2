"""Two browsers, one agent with two monitors, the cable pulled: the strips say so, then they fill.

The agent is the process that a county installs; its monitors speak their makers' bytes.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import expect

from realtime.agent.simulator import simulate
from tests.bench.web.ward import Ward, open_ward
from tests.browser.cable import PATIENCE_MS, PULLED_S, cable, tile, whole
from tests.browser.conftest import Door
from tests.fixtures.ports import free_port
from tests.realtime.gateway.process import ROOT
from tests.smoke.person import Person

BEDS = {"产房 61 床": ("philips", "reactive"), "产房 62 床": ("corometrics", "variable")}
HEAD = """\
gateway = "{gateway}"
token_file = "token"
buffer_days = 1
status_port = {status}
"""
MONITOR = """
[[monitor]]
device = "{serial}"
bed = "{bed}"
kind = "{kind}"
port = "tcp://127.0.0.1:{port}"
start = "always"
"""


@asynccontextmanager
async def bedside(ward: Ward, gateway: str, place: Path) -> AsyncIterator[None]:
    """The monitors speak and `yunshang agent` listens, as long as the block runs."""
    (place / "token").write_text(ward.token)
    (place / "token").chmod(0o600)
    config, mouths = HEAD.format(gateway=gateway, status=free_port()), []
    for serial, (bed, (kind, scenario)) in zip(ward.serials, BEDS.items(), strict=True):
        port = free_port()
        config += MONITOR.format(serial=serial, bed=bed, kind=kind, port=port)
        mouths.append(asyncio.create_task(simulate(kind, f"tcp://127.0.0.1:{port}", scenario)))
    (place / "agent.toml").write_text(config)
    with (place / "agent.log").open("ab") as log:
        agent = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.cli", "agent", str(place / "agent.toml"),
            cwd=ROOT, env={"PATH": os.environ["PATH"]}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield
    finally:
        agent.terminate()
        await agent.wait()
        for mouth in mouths:
            mouth.cancel()
        await asyncio.gather(*mouths, return_exceptions=True)


async def test_two_strips_show_the_cut_and_fill(
    visit: Door, doctor: Person, tmp_path: Path
) -> None:
    ward = await open_ward(visit.region, len(BEDS), "CABLE")
    async with cable(visit.region.gateway_url) as line, bedside(ward, line.url, tmp_path):
        station, corridor = await asyncio.gather(
            visit("lj001.doctor", width=1280, height=720),
            visit("lj001.doctor", width=390, height=844),
        )
        await asyncio.gather(station.go("/wall"), corridor.go("/wall"))
        strips = [tile(visitor, bed) for visitor in (station, corridor) for bed in BEDS]
        for strip in strips:
            await expect(strip).to_have_class(re.compile("is-running"), timeout=PATIENCE_MS)

        line.pull()
        for strip in strips:
            await expect(strip).to_have_class(re.compile("is-offline"), timeout=PATIENCE_MS)
        await asyncio.sleep(PULLED_S)
        await station.picture("cable-pulled")

        line.plugged.set()
        for strip in strips:
            await expect(strip).to_have_class(re.compile("is-running"), timeout=PATIENCE_MS)
            await expect(strip).not_to_contain_text("▨", timeout=PATIENCE_MS)
        found = await doctor.get("/api/ctg/recordings")
        hers = [one["id"] for one in found if one["device"] in ward.serials]
        assert len(hers) == len(BEDS)
        for recording in hers:
            await whole(doctor, recording, int(PULLED_S))
