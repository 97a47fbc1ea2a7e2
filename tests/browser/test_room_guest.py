"""A guest comes by a link that opens once, is let in, asked about recording, sent out."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.async_api import expect

from tests.browser.conftest import Door
from tests.browser.meeting import agreed, agrees, sees_the_other
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.visitor import Visitor
from tests.smoke.person import Person


async def _invited(here: Visitor) -> str:
    """The address that a host is shown."""
    await here.press("邀请访客")
    await here.page.get_by_label("访客姓名、职务").fill("李主任")
    await here.page.get_by_label("所在机构").fill("邻省妇产医院")
    await here.press("生成链接")
    address = await here.page.get_by_label("访客链接地址").input_value()
    await without_barriers(here)
    await here.picture("room-guest-invited")
    await here.press("完成")
    return address


async def test_a_guest_sees_the_room_and_nothing_else(
    rooms: Door, doctor: Person, expert: Person
) -> None:
    consult = await agreed(doctor, expert)
    woman = (await doctor.get(f"/api/consults/{consult}"))["consult"]["woman"]
    here = await rooms("lj001.doctor")
    await here.go(f"/consults/{consult}/room")
    await here.press("开启会诊室")
    await here.press("进入会诊室")
    await here.sees("目前只有您在会诊室")

    path = urlsplit(await _invited(here))
    guest = await rooms(None, width=390, height=844)
    await guest.go(f"{path.path}#{path.fragment}")
    await guest.press("在此设备上打开")
    await guest.sees("您在会诊室显示为：访客：李主任（邻省妇产医院）")
    assert path.fragment not in guest.page.url
    await guest.press("申请进入")
    await guest.sees("请等待主持人准入")
    # It opened once: in another browser it opens nothing.
    other = await rooms(None)
    await other.go(f"{path.path}#{path.fragment}")
    await other.press("在此设备上打开")
    await other.sees("访客链接已失效")

    waits = here.page.locator(".people li.waits")
    await expect(waits).to_contain_text("访客：李主任（邻省妇产医院）")
    await here.press("准入", within=waits)
    for visitor in (here, guest):
        await sees_the_other(visitor)
    assert woman not in await guest.page.content()
    await expect(guest.page.get_by_role("link")).to_have_count(0)
    # Her record is beside the call of those who treat her, and behind no door of a guest's.
    await expect(guest.page.get_by_role("button", name="病情")).to_have_count(0)
    for path_of in ("consults/{}", "cases/{}/timeline", "cases/{}/advice", "cases/{}/scans"):
        answer = await guest.page.request.get(f"{guest.url}/api/{path_of.format(consult)}")
        assert answer.status in (401, 403), (path_of, answer.status)
    await guest.picture("room-guest-phone")
    await without_barriers(guest)
    # A reload is no second opening: the same browser comes back in.
    await guest.page.reload()
    await guest.press("进入会诊室")
    await sees_the_other(guest)

    await here.press("申请录制")
    await agrees(here, "身边没有其他人", "同意并向其他人申请")
    await expect(here.page.locator(".recording.waits")).to_contain_text("访客：李主任")
    await agrees(guest, "身边没有其他人", "同意录制")
    for visitor in (here, guest):
        await expect(visitor.page.locator(".recording.running .now")).to_contain_text("正在录制")

    await here.press("移出", within=here.page.locator(".people li").filter(has_text="访客：李主任"))
    await guest.sees("访客链接已失效")
    await expect(guest.page.locator("video")).to_have_count(0)
    await expect(here.page.locator(".guests li")).to_contain_text("已失效")
    await here.press("结束会诊室")
