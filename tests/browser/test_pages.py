"""Every page, for those who use it: it loads, nothing is cut off, and it passes axe.

Widths: a phone in a corridor (390 px) and a wall (1920 px), in both languages, light and dark.
"""

from pathlib import Path

import pytest

from tests.browser.conftest import Door
from tests.browser.visitor import Visitor

AXE = Path(__file__).parent.parent.parent / "web/node_modules/axe-core/axe.min.js"
PAGES = (
    ("lj001.doctor", "/board", "board"),
    ("lj001.doctor", "/referrals/new", "new-referral"),
    ("yj001.expert", "/duty", "duty"),
    ("yl003.officer", "/quality", "quality"),
    ("yl003.officer", "/quality/request_to_accept", "indicator"),
    ("yl003.system", "/system", "system"),
    ("yl003.security", "/admin/accounts", "accounts"),
    ("yl003.system", "/admin/robots", "robots"),
    ("yj001.expert", "/demo", "demo"),
    ("yj001.expert", "/feedback", "feedback"),
    ("yj001.expert", "/reviews", "reviews"),
    ("lj001.doctor", "/case-files", "case-files"),
    ("lj002.midwife", "/special-population", "special-population"),
    ("yj001.expert", "/resources", "resources"),
    ("yj001.expert", "/resources/blood", "blood"),
    ("yj001.expert", "/resources/vehicles", "vehicles"),
    ("yj001.desk", "/roster?by=person&view=month", "roster-people"),
    ("yj001.expert", "/roster/my-calendar", "roster-feeds"),
)
LOOKS = (
    (390, 844, "zh-CN", False),
    (1920, 1080, "zh-CN", True),
    (1440, 900, "en", False),
)
SERIOUS = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']})
  return found.violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(' | ')}`)
}"""


async def settle(visitor: Visitor) -> None:
    """Until data have arrived: nothing says that it is loading."""
    await visitor.page.get_by_role("main").wait_for()
    await visitor.page.wait_for_function(
        "() => !document.querySelector('main [aria-busy=true], main .blocks')"
    )
    await visitor.page.wait_for_timeout(300)


@pytest.mark.parametrize(("login", "path", "name"), PAGES, ids=[page[2] for page in PAGES])
async def test_page_fits_and_is_accessible(visit: Door, login: str, path: str, name: str) -> None:
    for width, height, language, dark in LOOKS:
        visitor = await visit(login, width=width, height=height, language=language, dark=dark)
        await visitor.go(path)
        await settle(visitor)
        over = await visitor.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, f"{name} is {over} px too wide at {width}"
        await visitor.page.evaluate(AXE.read_text("utf-8"))
        problems = await visitor.page.evaluate(SERIOUS)
        assert not problems, f"{name} at {width} {language}: {problems}"
        if language == "zh-CN":
            await visitor.picture(f"{name}-{width}")
        await visitor.context.close()
