"""A room is recorded: both agree, both are shown it, one takes it back, it is looked at after."""

from __future__ import annotations

import asyncio
from datetime import datetime

from playwright.async_api import expect

from realtime import frames
from realtime.replay import replay
from tests.bench.web.ward import open_ward
from tests.browser.conftest import Door
from tests.browser.meeting import agreed, agrees, meet
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.visitor import Visitor
from tests.smoke.person import Person

CAMERA_IS_SLOW = """
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    await new Promise((done) => setTimeout(done, 4000))
    return ask(wanted)
  }
"""
"""Its owner is in the room before it is open."""

PLAYED = """
() => [...document.querySelectorAll('.player video')].map((video) =>
  [video.getVideoPlaybackQuality().totalVideoFrames, video.currentTime, video.error?.message ?? ''])
"""


async def _meet(rooms: Door, consult: str) -> tuple[Visitor, Visitor]:
    """Both sides are in the room and see each other."""
    here = await rooms("lj001.doctor")
    there = await rooms("yj001.expert", width=390, height=844)
    await there.page.add_init_script(CAMERA_IS_SLOW)
    await there.page.reload()
    await meet(here, there, consult)
    return here, there


async def test_both_agree_one_takes_it_back_and_it_is_looked_at(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await agreed(doctor, expert)
    here, there = await _meet(rooms, consult)
    await here.press("申请录制")
    await without_barriers(here)
    await agrees(here, "身边的人均已同意", "同意并向其他人申请")
    await here.sees("未在录制")
    await there.sees("申请录制本次会诊")
    await there.picture("room-consent-phone")
    await without_barriers(there)
    await agrees(there, "身边没有其他人", "同意录制")
    for visitor in (here, there):
        await expect(visitor.page.locator(".recording.running .now")).to_contain_text("正在录制")
    await here.picture("room-recording")
    await asyncio.sleep(6)
    await there.press("撤回我的同意")
    for visitor in (here, there):
        await expect(visitor.page.locator(".recording.running")).to_have_count(0)
    await here.sees("撤回了同意，录制已停止")
    await here.press("结束会诊室")

    await here.go(f"/consults/{consult}/recordings")
    await here.sees("正在整理")
    open_ = here.page.get_by_role("button", name="查看录制")
    await expect(open_).to_be_visible(timeout=60_000)
    await open_.click()
    await here.press("播放")

    async def played(seconds: float) -> list[list[float]]:
        async with asyncio.timeout(30):
            while True:
                videos = await here.page.evaluate(PLAYED)
                assert not any(one[2] for one in videos), videos
                if len(videos) == 2 and all(one[0] > 10 and one[1] > seconds for one in videos):
                    return videos
                await asyncio.sleep(0.2)

    one, two = await played(2.0)
    assert abs(one[1] - two[1]) < 2.5  # each from its own first frame, on one clock
    await here.press("暂停")
    await here.picture("recording-player")
    await without_barriers(here)
    # Back to its beginning and on from there.
    await here.page.locator(".line input").fill(
        await here.page.locator(".line input").get_attribute("min") or ""
    )
    await here.press("播放")
    await played(1.0)
    await here.page.reload()
    await here.sees("查看记录 1 次")
    kinds = [one["recording"]["why_ended"] for one in await doctor.get(
        f"/api/consults/{consult}/recordings"
    )]  # fmt: skip
    assert kinds == ["withdrawn"]


TOGETHER = """
() => ({
  media: [...document.querySelectorAll('.player video, .player audio')]
    .filter((one) => one.readyState >= 2)
    .map((one) => [one.currentSrc.split('/').at(-1), one.currentTime]),
  second: Number(document.querySelector('.strip .now')?.dataset.second),
})
"""
SEEK = """
(line, share) => {
  line.value = String(Number(line.min) + share * (line.max - line.min))
  line.dispatchEvent(new Event('input', { bubbles: true }))
}
"""
APART_S = 0.1


async def _recorded(rooms: Door, doctor: Person, expert: Person) -> str:
    """A consultation of which a quarter of a minute is kept, and her tracing runs beside it."""
    consult = await agreed(doctor, expert)
    hers = (await doctor.get(f"/api/consults/{consult}"))["consult"]["pregnancy_id"]
    ward = await open_ward(rooms.region, 1, "PLAYED")
    tracing = asyncio.create_task(
        replay(ward.gateway_url, ward.token, ward.serials, synth=["reactive"], seconds=75)
    )
    here, there = await _meet(rooms, consult)
    (strip,) = [
        one
        for one in await doctor.get("/api/ctg/recordings", unbound=True)
        if one["device"] in ward.serials
    ]
    body = {"pregnancy_id": hers, "case_id": consult, "version": strip["version"]}
    await doctor.post(f"/api/ctg/recordings/{strip['id']}/bind", body)
    await here.press("申请录制")
    await agrees(here, "身边的人均已同意", "同意并向其他人申请")
    await agrees(there, "身边没有其他人", "同意录制")
    await expect(here.page.locator(".recording.running .now")).to_contain_text("正在录制")
    await asyncio.sleep(15)
    await here.press("结束会诊室")
    await tracing
    return consult


async def _apart(here: Visitor, began: dict[str, float], seconds: dict[int, float]) -> float:
    """How far sound, pictures and the line on the tracing are from each other, seconds."""
    seen = await here.page.evaluate(TOGETHER)
    second = seen["second"]
    moments = [began[part] + at for part, at in seen["media"]]
    assert len(moments) == 4, seen
    drawn = seconds[int(second)] + second % 1
    return max(*moments, drawn) - min(*moments, drawn)


async def test_tracing_sound_and_pictures_keep_one_clock_also_after_a_seek(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await _recorded(rooms, doctor, expert)
    here = await rooms("lj001.doctor", height=1400)
    await here.go(f"/consults/{consult}/recordings")
    open_ = here.page.get_by_role("button", name="查看录制")
    await expect(open_).to_be_visible(timeout=60_000)
    await open_.click()
    line = here.page.locator(".line input")
    await expect(here.page.locator(".strip .now")).to_be_attached()
    await here.sees("已按实测时钟差对齐")

    (kept,) = await doctor.get(f"/api/consults/{consult}/recordings")
    view = await doctor.post(f"/api/room-recordings/{kept['recording']['id']}/viewings", {})
    began = {
        one["id"]: datetime.fromisoformat(one["began_at"]).timestamp() for one in view["parts"]
    }
    (strip,) = await doctor.get("/api/ctg/recordings", case_id=consult)
    raw = await doctor.get(f"/api/ctg/recordings/{strip['id']}/frames")
    heads = [frames.peek_head(one) for one in frames.split_frames(raw)]
    seconds = {head.seq: head.device_ns / 1e9 + strip["clock_offset_ms"] / 1e3 for head in heads}

    for share in (0.5, 0.85, 0.2):
        await line.evaluate(SEEK, share)
        await asyncio.sleep(1.5)
        assert await _apart(here, began, seconds) <= APART_S, share
    await here.press("播放")
    await asyncio.sleep(2)
    running = [await _apart(here, began, seconds) for _ in range(20)]
    await here.picture("recording-strip")
    await line.evaluate(SEEK, 0.5)
    await asyncio.sleep(2)
    running += [await _apart(here, began, seconds) for _ in range(20)]
    assert sorted(running)[-2] <= APART_S, running
