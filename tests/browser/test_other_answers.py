"""The other answers a receiver may give, through the pages: none of them ends a case in silence."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Door
from tests.browser.test_emergency import confirm, dialog
from tests.browser.visitor import Visitor
from tests.smoke import emergency
from tests.smoke.person import Person


@pytest.fixture
async def sender(visit: Door) -> AsyncIterator[Person]:
    """The county doctor, at the API: sending has its own story."""
    person = await Person(visit.region.url, "lj001.doctor").log_in()
    yield person
    await person.leave()


async def sent(sender: Person, number: int) -> str:
    """A case that waits for an answer; its path in the application."""
    pregnancy = await emergency.register(sender, number)
    case = await sender.post(
        "/api/referrals",
        {
            "pregnancy_id": pregnancy,
            "subject": "mother",
            "condition": "eclampsia",
            "acuity": "critical",
            "reason": "抽搐一次，需要上级救治",
            "consent": "verbal",
            "drill": True,
        },
    )
    return f"/cases/{case['id']}"


async def at(visit: Door, login: str, path: str) -> Visitor:
    """Somebody looking at the case, with its ringing answered if it rings for them."""
    visitor = await visit(login)
    await visitor.go(path)
    await visitor.sees("子痫")
    return visitor


async def test_accepted_after_stabilising_then_cancelled_and_known(
    visit: Door, sender: Person
) -> None:
    path = await sent(sender, 71)
    expert = await at(visit, "yj001.expert", path)
    form = await dialog(expert, "先稳定再接收")
    await form.get_by_label("转运前须完成").fill("硫酸镁负荷量，血压控制在 160/110 以下")
    await form.get_by_label("床位").fill("产科 ICU 1 床")
    yes = form.get_by_text("是", exact=True)
    if await yes.count():
        await yes.first.click()
    await confirm(expert, form, "先稳定再接收")

    doctor = await at(visit, "lj001.doctor", path)
    await doctor.sees("先稳定：")
    await doctor.page.get_by_text("其他操作（不能撤回）").click()
    form = await dialog(doctor, "取消转诊")
    await form.get_by_text("已在当地分娩").click()
    await confirm(doctor, form, "取消转诊")
    await expert.press("知悉不再转来")
    await doctor.sees("已知悉不再转来")


async def test_redirected_the_named_unit_rings(visit: Door, sender: Person) -> None:
    province = await visit("yl001.expert", called=True)
    path = await sent(sender, 72)
    expert = await at(visit, "yj001.expert", path)
    form = await dialog(expert, "转给…")
    await form.get_by_role("radio", name="省妇幼").check()
    await form.get_by_label("原因").fill("ICU 床位已满")
    await confirm(expert, form, "转给…")
    ring = province.page.get_by_role("alertdialog")
    await expect(ring).to_be_visible()
    await ring.get_by_role("button", name="应答并打开").click()
    await province.sees("子痫")


async def test_not_movable_is_guided_in_place(visit: Door, sender: Person) -> None:
    path = await sent(sender, 73)
    expert = await at(visit, "yj001.expert", path)
    form = await dialog(expert, "无法转运·就地指导")
    await form.get_by_label("原因").fill("血压不稳，途中风险高于就地救治")
    await form.get_by_role("combobox").first.select_option(index=1)
    await confirm(expert, form, "无法转运·就地指导")
    doctor = await at(visit, "lj001.doctor", path)
    await doctor.sees("就地指导")
    await expect(doctor.page.get_by_text("血压不稳，途中风险高于就地救治").first).to_be_visible()
