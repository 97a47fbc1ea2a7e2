"""A ward round at a distance: both ends come, it begins by itself, is counted and confirmed."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
from playwright.async_api import expect

from server.embedded.layout import prepare_layout
from tests.browser.conftest import Door
from tests.browser.test_ctg_reading import without_barriers
from tests.browser.visitor import Visitor

SIX_MINUTES_AGO = (
    "UPDATE guidance_stay SET since = since - interval '6 minutes' WHERE session_id = $1::uuid"
)
"""Both have been there for a while: five minutes of waiting would show nothing more."""
SAID = "已逐例复核，调整降压目标；2 床 24 小时内复查尿蛋白。"


async def arranges(centre: Visitor, topic: str) -> str:
    """The city's expert guides the county's hospital, now; the session's path."""
    await centre.go("/guidance/arrange")
    house = centre.page.get_by_label("指导哪个机构")
    option = house.locator("option").filter(has_text="临江县医院")
    await house.select_option(await option.get_attribute("value"))
    await centre.page.get_by_label("指导内容").fill(topic)
    await centre.press("发起指导")
    await centre.sees("已约定")
    return centre.page.url.removeprefix(centre.url)


async def both_are_there(centre: Visitor, county: Visitor, path: str) -> None:
    """Nobody presses a button to begin it: it begins once either end is there."""
    await centre.press("进入指导")
    await centre.sees("请保持本页打开")
    await expect(centre.page.locator("header b").get_by_text("已约定")).to_be_visible()
    await county.go(path)
    await county.press("进入指导")
    for visitor in (county, centre):
        await visitor.sees("进行中")
        ends = visitor.page.locator(".guidance-ends li.here")
        await expect(ends).to_have_count(2)


async def test_a_ward_round_begins_by_itself_is_counted_and_confirmed(visit: Door) -> None:
    topic = f"重度子痫前期 2 例床旁评估（{uuid4().hex[:4]}）"
    centre = await visit("yj001.expert")
    path = await arranges(centre, topic)
    county = await visit("lj001.doctor", width=390, height=844)
    await both_are_there(centre, county, path)
    await without_barriers(county)
    await county.picture("guidance-phone")

    connection = await asyncpg.connect(
        prepare_layout(visit.region.place).postgres_url("yunshang_owner")
    )
    try:
        await connection.execute(SIX_MINUTES_AGO, path.rpartition("/")[2])
    finally:
        await connection.close()
    await centre.page.get_by_label("指导记录").last.fill(SAID)
    await centre.press("保存记录")
    await centre.sees(SAID)
    await centre.press("结束指导")
    await centre.sees("计入责任片区业务指导频次")
    await without_barriers(centre)

    # The house that was guided reads what was said, and has the last word.
    await county.go("/guidance")
    await county.press("待本机构确认")
    row = county.page.get_by_role("listitem").filter(has_text=topic)
    await row.get_by_role("link").click()
    await county.sees(SAID)
    await county.press("确认属实")
    await county.sees("已确认")
    await centre.page.reload()
    await centre.sees("已确认")
    await centre.picture("guidance-session")
