"""Logging in: the right page for the role, a clear refusal, both languages."""

import pytest
from playwright.async_api import expect

from server.demo import SHOWN
from tests.browser.conftest import Door


@pytest.mark.parametrize("login", [login for login, _, _ in SHOWN])
async def test_every_login_that_is_printed_works(visit: Door, login: str) -> None:
    visitor = await visit(None)
    await visitor.sign_in(login)
    await expect(visitor.page.get_by_role("main")).to_be_visible()


async def test_wrong_password_says_what_to_do(visit: Door) -> None:
    visitor = await visit(None)
    await visitor.go("/login")
    await visitor.page.locator("#login-name").fill("lj001.doctor")
    await visitor.page.locator("#login-password").fill("not-the-password")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.get_by_role("alert").first).to_be_visible()
    await expect(visitor.page).to_have_url(f"{visitor.url}/login")
