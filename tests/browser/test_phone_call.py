"""A page reaches a telephone by push; a touch opens the call, and only the button answers it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from playwright.async_api import CDPSession, Playwright, Worker, expect

from duty.notify.channels.channel import Outgoing
from duty.notify.contacts.webpush import payload_of
from kernel.ids import PageId
from tests.browser.conftest import Door
from tests.browser.visitor import Visitor
from tests.fixtures.chromium import WINDOWED, launched
from tests.smoke import emergency
from tests.smoke.instance import Instance
from tests.smoke.person import Json, Person

REGISTER = """
async () => {
  await navigator.serviceWorker.register('/sw.js', { scope: '/' })
  await navigator.serviceWorker.ready
  return true
}
"""
SHOWN = """
async () => {
  for (;;) {
    const [first] = await self.registration.getNotifications()
    if (first !== undefined) return `${first.title} ${first.body}`
    await new Promise((done) => setTimeout(done, 50))
  }
}
"""
# What the worker does when its notification is touched; a script cannot make a trusted touch.
TOUCHED = "async () => open((await self.registration.getNotifications())[0].data.path)"


@pytest.fixture
async def visit(region: Instance, playwright: Playwright) -> AsyncIterator[Door]:
    """In a browser that can notify: the one without windows shows no notifications."""
    async with launched(playwright, WINDOWED) as browser:
        door = Door(region, browser)
        yield door
        await door.close()


class Pushes:
    """The application's service worker on a telephone, and what stands for its push service."""

    def __init__(self, phone: Visitor, session: CDPSession) -> None:
        self._phone = phone
        self._session = session
        self._known: dict[str, str] = {}
        self._news = asyncio.Event()
        session.on("ServiceWorker.workerRegistrationUpdated", self._note)

    def _note(self, event: Json) -> None:
        self._known |= {one["scopeURL"]: one["registrationId"] for one in event["registrations"]}
        self._news.set()

    async def deliver(self, message: bytes) -> None:
        """Hand a push to the worker of the whole site, as the browser's push service would."""
        async with asyncio.timeout(20):
            while (number := self._known.get(f"{self._phone.url}/")) is None:
                self._news.clear()
                await self._news.wait()
        await self._session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self._phone.url, "registrationId": number, "data": message.decode()},
        )


async def subscribed(phone: Visitor) -> Pushes:
    """A telephone that may notify."""
    await phone.context.grant_permissions(["notifications"], origin=phone.url)
    session = await phone.context.new_cdp_session(phone.page)
    pushes = Pushes(phone, session)
    await session.send("ServiceWorker.enable")
    assert await phone.page.evaluate(REGISTER)
    return pushes


async def shown_by(pushes: Pushes, phone: Visitor, message: bytes) -> tuple[str, Worker]:
    """What the telephone shows of a push, and the worker that shows it.

    The browser may end an idle worker and start another, which is then not the one we asked; a
    provider delivers again, too, and the same page is shown once.
    """
    for _ in range(3):
        await pushes.deliver(message)
        workers = [one for one in phone.context.service_workers if one.url.endswith("/sw.js")]
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                return await workers[-1].evaluate(SHOWN), workers[-1]
    raise AssertionError("the telephone showed nothing")


async def sent(doctor: Person) -> Json:
    """A haemorrhage in the county; the case, and the page that rings the centre."""
    pregnancy = await emergency.register(doctor, 7)
    case: Json = await doctor.post(
        "/api/referrals",
        {
            "pregnancy_id": pregnancy,
            "subject": "mother",
            "condition": "pph",
            "acuity": "critical",
            "risk_colour": "red",
            "vitals": {"sbp": 88, "dbp": 52, "hr": 128, "blood_loss_ml": 1300},
            "reason": "产后出血，本院备血不足",
            "consent": "emergency_waiver",
        },
    )
    (page, *_) = await doctor.get(f"/api/cases/{case['id']}/pages")
    return {"case": case["id"], **page}


async def test_a_push_opens_the_call_and_the_button_answers_it(visit: Door, doctor: Person) -> None:
    phone = await visit("yj001.expert", width=390, height=844, called=True)
    await phone.go("/contacts")
    await phone.sees("现在呼叫我会怎样")
    await phone.picture("contacts")
    pushes = await subscribed(phone)

    page = await sent(doctor)
    message = Outgoing(
        id=uuid4(),
        page_id=PageId(UUID(page["id"])),
        attempt=1,
        address="",
        secret="",
        event=page["reason"],
        level=page["level"],
        title=page["title"],
        callback="",
        paged_at=datetime.fromisoformat(page["created_at"]),
    )
    shown, worker = await shown_by(pushes, phone, payload_of(message))
    assert page["title"] in shown
    assert "演示孕妇" not in shown

    await worker.evaluate(TOUCHED)
    await expect(phone.page).to_have_url(f"{phone.url}/answer/{page['id']}")
    call = phone.page.locator(".incoming-call")
    await expect(call).to_contain_text("危急")
    await expect(call).to_contain_text(page["title"])
    await expect(call.get_by_role("button", name="接听")).to_be_visible()
    seen = await doctor.get(f"/api/pages/{page['id']}")
    assert seen["state"] == "running", "opening the call must answer nothing"
    await phone.picture("phone-answering")

    await call.get_by_role("button", name="接听").click()
    await expect(phone.page).to_have_url(f"{phone.url}/cases/{page['case']}")
    answered = await doctor.get(f"/api/pages/{page['id']}")
    assert answered["state"] == "acknowledged"
    assert answered["acknowledged_by"]["name"] == (await _me(phone))["name"]
    sender = await visit("lj001.doctor")
    await sender.go(f"/cases/{page['case']}")
    await expect(sender.page.get_by_text("已应答").first).to_be_visible()


async def _me(phone: Visitor) -> Json:
    found: Json = await phone.page.evaluate("fetch('/api/me').then((answer) => answer.json())")
    return found
