"""Every page, for those who use it: it loads, nothing is cut off, and it passes axe.

Widths: a phone in a corridor (390 px) and a wall (1920 px), in both languages, light and dark.
"""

from pathlib import Path

import pytest

from tests.browser.conftest import Door
from tests.browser.visitor import Visitor

AXE = Path(__file__).parent.parent.parent / "web/node_modules/axe-core/axe.min.js"
PAGES = {
    "lj001.doctor": (
        ("/board", "board"),
        ("/referrals/new", "new-referral"),
        ("/case-files", "case-files"),
    ),
    "lj002.midwife": (("/special-population", "special-population"),),
    "yj001.desk": (("/roster?by=person&view=month", "roster-people"),),
    "yj001.expert": (
        ("/duty", "duty"),
        ("/demo", "demo"),
        ("/feedback", "feedback"),
        ("/reviews", "reviews"),
        ("/resources", "resources"),
        ("/resources/blood", "blood"),
        ("/resources/vehicles", "vehicles"),
        ("/roster/my-calendar", "roster-feeds"),
    ),
    "yl003.officer": (("/quality", "quality"), ("/quality/request_to_accept", "indicator")),
    "yl003.security": (("/admin/accounts", "accounts"),),
    "yl003.system": (("/system", "system"), ("/admin/robots", "robots")),
}
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


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look[0]}-{look[2]}")
@pytest.mark.parametrize("login", PAGES)
async def test_pages_fit_and_are_accessible(
    visit: Door, login: str, look: tuple[int, int, str, bool]
) -> None:
    width, height, language, dark = look
    visitor = await visit(login, width=width, height=height, language=language, dark=dark)
    await visitor.context.add_init_script(path=AXE)
    for path, name in PAGES[login]:
        await visitor.go(path)
        await settle(visitor)
        over = await visitor.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0, f"{name} is {over} px too wide at {width}"
        problems = await visitor.page.evaluate(SERIOUS)
        assert not problems, f"{name} at {width} {language}: {problems}"
        if language == "zh-CN":
            await visitor.picture(f"{name}-{width}")
