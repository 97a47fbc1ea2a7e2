"""What people do in a room, whatever the story: they meet, see each other, draw, bring a scan."""

from __future__ import annotations

import asyncio
import io
from uuid import uuid4

from playwright.async_api import FilePayload, Locator, expect
from pypdf import PdfReader

from tests.browser.visitor import Visitor
from tests.papers import said_in
from tests.smoke.person import Person

_SEEN = """
() => {
  const video = document.querySelector('.tile.large video')
  if (!video || !video.srcObject) return [0, 0]
  return [video.getVideoPlaybackQuality().totalVideoFrames, video.currentTime]
}
"""


async def agreed(doctor: Person, expert: Person, **about: str) -> str:
    """An urgent consultation about a new woman, or `about` a case, that the expert said yes to.

    Returns:
        Its id.
    """
    if not about:
        woman = await doctor.post("/api/patients", {"name": f"视频{uuid4().hex[:4]}", "age": 29})
        about = {"pregnancy_id": woman["pregnancy_id"]}
    asked = {
        **about,
        "urgency": "urgent",
        "purpose": "胎心减速，请会诊",
        "summary": "G1P0，38 周，胎监反复晚期减速。",
        "consent": "spoken",
        "invite": [{"facility_id": expert.me["facility"]["id"]}],
    }
    made = (await doctor.post("/api/consults", asked))["consult"]
    path = f"/api/consults/{made['id']}/invitations/{made['invited'][0]['id']}/accept"
    await expert.post(path, {"version": made["version"]})
    return str(made["id"])


async def sees_the_other(visitor: Visitor, frames: int = 15, seconds: float = 40) -> None:
    """Pictures of the other side are decoded, and time goes on in them."""
    first = await visitor.page.evaluate(_SEEN)
    async with asyncio.timeout(seconds):
        while True:
            now = await visitor.page.evaluate(_SEEN)
            if now[0] < first[0]:
                first = now  # another stream
            if now[0] - first[0] >= frames and now[1] > first[1]:
                return
            await asyncio.sleep(0.1)


async def meet(here: Visitor, there: Visitor, consult: str) -> None:
    """Both come into the room, which the first one opens, and see each other."""
    for visitor in (here, there):
        await visitor.go(f"/consults/{consult}/room")
        if visitor is here:
            await visitor.press("开启会诊室")
        await visitor.press("进入会诊室")
    for visitor in (here, there):
        await sees_the_other(visitor)


async def leaves_and_returns(here: Visitor, there: Visitor) -> None:
    """Who leaves is known to have left, and comes back with one press."""
    await there.press("离开")
    await there.sees("已离开会诊室。")
    await expect(here.page.locator(".people li").nth(1)).to_contain_text("已离开")
    await there.press("再次进入")
    for visitor in (here, there):
        await sees_the_other(visitor)


async def drag(visitor: Visitor, board: Locator, *shares: tuple[float, float]) -> None:
    """Press at the first place of the picture and let go at the last."""
    # Between what stays at the top and at the bottom of the page.
    await board.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
    box = await board.bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in shares]
    mouse = visitor.page.mouse
    await mouse.move(*places[0])
    await mouse.down()
    for place in places[1:]:
        await mouse.move(*place, steps=6)
    await mouse.up()


async def agrees(visitor: Visitor, beside: str, yes: str) -> None:
    """Agree to be recorded: who is `beside`, then the button `yes`."""
    await visitor.page.get_by_label(beside).check()
    await visitor.press(yes)


def scan_file(name: str, content: bytes) -> FilePayload:
    """A DICOM file as somebody chooses it."""
    return {"name": name, "mimeType": "application/dicom", "buffer": content}


async def printed(here: Visitor) -> str:
    """The words of the form that the open page issues, without spaces and line ends."""
    papers = here.page.locator(".documents")
    await papers.get_by_role("button", name="签发").click()
    await expect(papers).to_contain_text("与病例一致")
    link = papers.locator("a").filter(has_text="打开").first
    answer = await here.page.request.get(here.url + str(await link.get_attribute("href")))
    content = await answer.body()
    assert content.startswith(b"%PDF-")
    pages = PdfReader(io.BytesIO(content)).pages
    assert (round(pages[0].mediabox.width), round(pages[0].mediabox.height)) == (595, 842)
    return said_in(pages)
