"""Somebody at a page: logs in, presses what the page offers, takes pictures."""

import re
from pathlib import Path

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from server.demo import PASSWORD

IMAGES = Path(__file__).parent.parent.parent / "docs" / "img"
PATIENCE_MS = 20_000
UNDER_CALLS = """
const under = new CSSStyleSheet()
under.replaceSync('.layer[role=alertdialog] { display: none }')
document.adoptedStyleSheets.push(under)
"""
"""A call at the edge of the page lies over nothing that is pressed or taken a picture of."""
NOTICE = """
(text) => {
  const { $pinia } = document.querySelector('#app').__vue_app__.config.globalProperties
  $pinia._s.get('toasts').notice(text, '')
}
"""
"""What the page does when the stream brings one."""
NETWORK = ("Failed to load resource", "WebSocket connection")

expect.set_options(timeout=PATIENCE_MS)


class Visitor:
    """One browser window."""

    def __init__(self, url: str, context: BrowserContext, page: Page) -> None:
        self.url = url
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        """Failed requests are shown by the page itself; anything else is a defect."""
        if message.type == "error" and not any(known in message.text for known in NETWORK):
            self.complaints.append(f"console: {message.text}")

    async def log_in(self, login: str) -> None:
        """Come with a fresh session to the page that is shown first.

        The login page itself is what test_login.py is about.
        """
        answer = await self.context.request.post(
            f"{self.url}/api/login",
            data={"login": login, "password": PASSWORD},
            headers={"origin": self.url},
        )
        assert answer.ok, await answer.text()
        await self.page.goto(self.url)
        await expect(self.page).not_to_have_url(f"{self.url}/login")

    async def sign_in(self, login: str) -> None:
        """Through the login page, as everybody does."""
        await self.page.goto(f"{self.url}/login")
        await self.page.locator("#login-name").fill(login)
        await self.page.locator("#login-password").fill(PASSWORD)
        await self.page.keyboard.press("Enter")
        await expect(self.page).not_to_have_url(f"{self.url}/login")

    async def go(self, path: str) -> None:
        """Open a path of the application."""
        await self.page.goto(self.url + path)

    async def name(self) -> str:
        """What whoever is logged in is called."""
        answer = await self.page.request.get(f"{self.url}/api/me")
        return str((await answer.json())["name"])

    async def lets_calls_wait(self) -> None:
        """Work on whatever rings over the page: other stories page the same people."""
        await self.page.add_init_script(UNDER_CALLS)
        ring = self.page.locator("[role=alertdialog][aria-modal=true]")
        later = ring.get_by_role("button", name=re.compile("稍后|Later"))
        await self.page.add_locator_handler(ring, lambda: later.click())

    async def gets_a_notice(self, code: str = "observations.warned") -> Locator:
        """A short message that stands for half a minute."""
        await self.page.evaluate(NOTICE, code)
        message = self.page.locator(".toast").first
        await expect(message).to_be_visible()
        return message

    async def press(self, name: str, *, within: Locator | None = None) -> None:
        """Press the button with exactly this name."""
        scope = within or self.page
        await scope.get_by_role("button", name=name, exact=True).first.click()

    async def sees(self, text: str) -> None:
        """Wait until the text is on the page."""
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def picture(self, name: str) -> Path:
        """Write a screenshot for the documents."""
        IMAGES.mkdir(parents=True, exist_ok=True)
        path = IMAGES / f"{name}.png"
        await self.page.screenshot(path=path, animations="disabled")
        return path
