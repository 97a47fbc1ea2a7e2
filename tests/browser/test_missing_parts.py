"""A part of a page that is lost on the way: the page is there all the same."""

import re

from playwright.async_api import Route, expect

from tests.browser.conftest import Door


async def test_a_page_whose_part_was_lost_is_opened_again(visit: Door) -> None:
    here = await visit("lj001.doctor", worker=False)
    parts, lost = re.compile(r"/assets/CaseFilesPage[^/]*\.css$"), list[str]()

    async def loses_the_first(route: Route) -> None:
        if lost:
            await route.continue_()
            return
        lost.append(route.request.url)
        await route.abort("internetdisconnected")

    await here.page.route(parts, loses_the_first)
    await here.page.get_by_role("link", name="专案").first.click()
    await expect(here.page).to_have_url(re.compile("/case-files$"))
    await expect(here.page.get_by_role("heading", level=1)).to_be_visible()
    assert lost
    assert await here.page.evaluate("sessionStorage.getItem('ys.asked-anew')")
