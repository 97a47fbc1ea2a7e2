"""The network of one of two is gone: for longer than anybody waits, or until they wait no more."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from playwright.async_api import expect

from consult.media.forward.channel import PROTOCOL
from consult.media.forward.member import HERE_S
from consult.media.forward.room import GONE_S
from consult.media.forward.worker import PING_S
from consult.rooms.keeping import UNHEARD
from tests.bench.video.line import Line
from tests.browser.conftest import Door
from tests.browser.meeting import agreed, printed, sees_the_other
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

CONSENT_S: Final = 30.0
"""ICE asks the other side so long whether it is still there (aioice: six times five seconds)."""
CUT_S: Final = 4.0 + max(HERE_S + UNHEARD.total_seconds(), 2 * PING_S, CONSENT_S, HERE_S + GONE_S)
"""Longer than the keeper leaves a stay open, than a socket lives that answers no keep-alive, than
ICE goes on, and than the worker keeps somebody whom it does not hear: whoever comes back after it
is new to all of them, as after a minute or an hour."""
SLACK_S: Final = 12.0
"""A stay ends when somebody was last heard, which is looked at every two seconds."""

WAY = """
(() => {
  const Real = globalThis.WebSocket
  globalThis.WebSocket = class extends Real {
    constructor(url, protocols) {
      super([protocols ?? []].flat().includes('%s') ? '%s' : url, protocols)
    }
  }
})()
"""
"""The page's way to the worker leads over a line that can be cut."""


async def _stays(person: Person, consult: str, admission: str) -> list[tuple[str, str | None]]:
    """What the chain says of one who was let in."""
    events = (await person.get(f"/api/cases/{consult}/timeline"))["events"]
    return [
        (one["kind"], one["payload"].get("why"))
        for one in events
        if one["payload"].get("admission_id") == admission
        and one["kind"] in ("room.joined", "room.left")
    ]


class _Met(NamedTuple):
    line: Line
    here: Visitor
    there: Visitor


@asynccontextmanager
async def _met(rooms: Door, expert: Person, consult: str) -> AsyncIterator[_Met]:
    """Expert and doctor see each other, the doctor over a line that can be cut."""
    there = await rooms("yj001.expert")
    await there.go(f"/consults/{consult}/room")
    await there.press("开启会诊室")
    await there.press("进入会诊室")
    await there.sees("目前只有您在会诊室")
    room = (await expert.get(f"/api/consults/{consult}/room"))["room"]["id"]
    worker = (await expert.post(f"/api/rooms/{room}/tickets"))["url"]
    async with Line(worker).running() as line:
        here = await rooms("lj001.doctor")
        await here.page.add_init_script(WAY % (PROTOCOL, line.url))
        await here.go(f"/consults/{consult}/room")
        await here.press("进入会诊室")
        for visitor in (here, there):
            await sees_the_other(visitor)
        assert line.up.passed > 0  # else nothing would be cut
        yield _Met(line, here, there)


async def _cut(line: Line, here: Visitor) -> None:
    """No packet passes, no word to the worker, no request to the server."""
    line.cut(signalling=True)
    await here.context.set_offline(True)
    await expect(here.page.locator(".state")).to_contain_text("正在自动重连")


async def _mended(line: Line, here: Visitor) -> None:
    line.mend()
    await here.context.set_offline(False)


async def _cut_off(line: Line, here: Visitor, there: Visitor) -> None:
    """All is cut for as long as nothing waits; then all passes again."""
    listed = there.page.locator(".people li").nth(1)
    await expect(listed).to_contain_text("在会诊室")
    began = time.monotonic()
    await _cut(line, here)
    await expect(there.page.locator(".tile.large .line")).to_contain_text("连接中断")
    await expect(listed).to_contain_text("连接中断", timeout=CUT_S * 1000)
    await asyncio.sleep(began + CUT_S - time.monotonic())
    await _mended(line, here)
    # Nobody presses anything.
    for visitor in (here, there):
        await sees_the_other(visitor)
    await expect(listed).to_contain_text("在会诊室")
    await expect(there.page.locator(".people li")).to_have_count(2)


async def _people(person: Person, consult: str) -> list[dict[str, Any]]:
    room: dict[str, Any] = (await person.get(f"/api/consults/{consult}/room"))["room"]
    return list(room["people"])


async def test_after_a_cut_that_outlasts_everything_it_is_one_person_with_one_gap(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await agreed(doctor, expert)
    async with _met(rooms, expert, consult) as (line, here, there):
        await _cut_off(line, here, there)
        people = await _people(doctor, consult)
        assert [(one["role"], one["here"], one["lost"]) for one in people] == [
            ("expert", True, False),
            ("requester", True, False),
        ]
        assert [await _stays(doctor, consult, one["id"]) for one in people] == [
            [("room.joined", None)],
            [("room.joined", None), ("room.left", "lost"), ("room.joined", None)],
        ]
        await here.press("结束会诊室")
        await there.sees("会诊室已结束")

    # On paper she has one line, which says how long she was away; the other was not cut off.
    async with asyncio.timeout(20):
        while any(one["here"] for one in await _people(doctor, consult)):
            await asyncio.sleep(0.2)
    await here.go(f"/consults/{consult}")
    attended = (await printed(here)).split("会诊室参加人员与网络", 1)[1]
    attended = attended[: attended.index("邀请单位的决定")]
    assert ("2." in attended, "3." in attended) == (True, False)
    ((times, seconds),) = re.findall(r"中断(\d+)次，共(\d+)秒", attended)
    assert times == "1"
    assert abs(int(seconds) - CUT_S) < SLACK_S, seconds
    assert "再次进入" not in attended
    assert "仍在会诊室" not in attended


async def test_who_leaves_while_cut_off_has_left(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await agreed(doctor, expert)
    async with _met(rooms, expert, consult) as (line, here, there):
        await _cut(line, here)
        await here.press("离开")
        await here.sees("已离开会诊室。")
        listed = there.page.locator(".people li").nth(1)
        await expect(listed).to_contain_text("连接中断", timeout=CUT_S * 1000)
        await _mended(line, here)
        await expect(listed).to_contain_text("已离开", timeout=CUT_S * 1000)
        (_, doctors) = await _people(doctor, consult)
        assert (doctors["here"], doctors["lost"]) == (False, False)
        assert await _stays(doctor, consult, doctors["id"]) == [
            ("room.joined", None),
            ("room.left", "lost"),
            ("room.left", "went"),
        ]
        # With one press they are back, as the same participant.
        await here.press("再次进入")
        for visitor in (here, there):
            await sees_the_other(visitor)
        await expect(there.page.locator(".people li")).to_have_count(2)
