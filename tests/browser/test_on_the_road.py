"""What may happen between two doors, entered on the crew's phone and seen at both ends."""

from datetime import timedelta

from playwright.async_api import expect

from tests.browser.conftest import Door
from tests.browser.crew import crew_path, on_the_road, open_sheet, phone, record
from tests.browser.test_emergency import dialog, sign
from tests.browser.visitor import Visitor
from tests.smoke.emergency import act, register
from tests.smoke.person import Json, Person

GONE = timedelta(minutes=12)


async def test_twins_are_born_on_the_way(visit: Door, doctor: Person, expert: Person) -> None:
    case, leg = await on_the_road(doctor, expert, 82, departed=GONE)
    desk = await visit("yj001.expert")
    await desk.go(f"/cases/{case['id']}")
    crew = await phone(visit, await crew_path(doctor, leg))

    await bear(crew, 1, "女", "8")
    await desk.sees("途中分娩")
    await bear(crew, 2, "男", "7")
    log = crew.page.get_by_role("region", name="记录")
    await expect(log.get_by_text("第2个新生儿")).to_be_visible()
    await expect(crew.page.locator(".queued")).to_have_count(0)
    await log.scroll_into_view_if_needed()
    await crew.picture("crew-twins")

    seen = await doctor.get(f"/api/referrals/{case['id']}")
    children = [(one["birth_order"], one["sex"], one["apgar_1"]) for one in seen["newborns"]]
    assert children == [(1, "female", 8), (2, "male", 7)]
    assert seen["subject"] == "dyad"
    calls = await expert.get(f"/api/cases/{case['id']}/pages")
    assert "leg.birth_en_route" in [call["reason"] for call in calls]

    await arrive_and_sign(crew, desk)
    after = await doctor.get(f"/api/referrals/{case['id']}")
    assert after["legs"][0]["state"] == "handed_over"


async def bear(crew: Visitor, number: int, sex: str, apgar: str) -> None:
    """One child: sex and the first score, twins one after the other."""
    await open_sheet(crew, "途中分娩")
    sheet = crew.page.get_by_role("dialog", name=f"途中分娩 · 第{number}个")
    await sheet.get_by_role("button", name=sex, exact=True).tap()
    score = sheet.get_by_role("group", name="Apgar 1 min")
    await score.get_by_role("button", name=apgar, exact=True).tap()
    await record(crew, f"记录第{number}个新生儿")


async def arrive_and_sign(crew: Visitor, desk: Visitor) -> None:
    """The receiver records the arrival; both sides sign condition, drugs, blood, documents."""
    await desk.press("已到达")
    await desk.sees("等待双方签署交接")
    await crew.page.clock.fast_forward("00:30")
    await open_sheet(crew, "签署交接")
    sheet = crew.page.get_by_role("dialog")
    for label in ("病情", "用药", "血液制品", "资料"):
        await sheet.get_by_label(label, exact=True).fill(f"{label}：见途中记录")
    await record(crew)
    await crew.sees("已签交接")
    await desk.sees("转出方已签")
    await sign(desk)
    await desk.sees("已交接")


async def test_she_dies_on_the_way(visit: Door, doctor: Person, expert: Person) -> None:
    case, leg = await on_the_road(doctor, expert, 83, departed=GONE)
    desk = await visit("yj001.expert")
    await desk.go(f"/cases/{case['id']}")
    crew = await phone(visit, await crew_path(doctor, leg))
    await help_is_called(crew)

    await open_sheet(crew, "途中死亡")
    sheet = crew.page.get_by_role("dialog")
    await sheet.get_by_label("地点").fill("临江高速 23 公里处")
    await sheet.get_by_label("判定医师").fill("何静")
    sure = sheet.get_by_role("button", name="记录死亡", exact=True)
    await expect(sure).to_be_disabled()
    await sheet.get_by_role("checkbox").tap()
    await record(crew, "记录死亡")
    await expect(crew.page.locator(".queued")).to_have_count(0)
    await expect(crew.page.get_by_role("button", name="途中死亡", exact=True)).to_have_count(0)

    await desk.sees("途中死亡")
    await desk.picture("died-in-transit")
    seen = await doctor.get(f"/api/referrals/{case['id']}")
    assert seen["legs"][0]["state"] == "died_in_transit"
    assert await moves(doctor, case) == []


async def help_is_called(crew: Visitor) -> None:
    """Deterioration rings the receiver, and the phone shows whom to telephone."""
    await open_sheet(crew, "病情恶化")
    await crew.page.get_by_role("button", name="意识丧失", exact=True).tap()
    await crew.page.get_by_role("dialog").get_by_role("button", name="记录", exact=True).tap()
    help_ = crew.page.get_by_role("dialog", name="求助电话")
    await expect(help_.get_by_text("已呼叫接收医院值班专家")).to_be_visible()
    await expect(help_.get_by_role("link").first).to_be_visible()
    await help_.get_by_role("button", name="知道了").tap()


async def moves(doctor: Person, case: Json) -> list[str]:
    """Steps of the journey that anybody may still take."""
    seen = await doctor.get(f"/api/referrals/{case['id']}")
    return [one["action"] for one in seen["allowed"] if one["machine"] == "leg"]


async def test_a_unit_outside_the_network_says_yes(visit: Door, doctor: Person) -> None:
    case = await asked_nobody(doctor)
    desk = await visit("lj001.doctor")
    await desk.go(f"/cases/{case['id']}")
    form = await dialog(desk, "另请一家")
    await form.get_by_role("button", name="询问网络外单位").click()
    await form.get_by_label("单位名称").fill("邻省妇产医院")
    await form.get_by_label("值班电话").fill("0990-5550001")
    await form.get_by_label("持有人姓名").fill("顾明")
    await form.get_by_role("button", name="发出询问并生成链接").click()
    address = await form.get_by_label("链接地址").input_value()

    unit = await visit(None, width=390, height=844)
    await unit.page.goto(address)
    await unit.sees("姓名在接收后显示")
    await unit.press("先稳定再接收")
    await unit.page.get_by_label("转运前须完成").fill("硫酸镁维持，血压低于 160/110")
    await unit.page.get_by_label("床位").fill("产科 1 床")
    await unit.press("确认有条件接收")
    await unit.sees("答复已记录")
    await expect(unit.page.get_by_role("button", name="不能接收", exact=False)).to_have_count(0)
    await desk.page.keyboard.press("Escape")
    await desk.sees("硫酸镁维持，血压低于 160/110")

    links = desk.page.get_by_role("region", name="免账号链接")
    await links.get_by_role("button", name="给邻省妇产医院发接诊交接链接").click()
    await links.get_by_label("持有人姓名").fill("顾明")
    await links.get_by_role("button", name="生成链接").click()
    address = await links.get_by_label("链接地址").input_value()
    await unit.page.goto("about:blank")
    await unit.page.goto(address)
    await unit.sees("接诊与交接")
    await desk.sees("已打开 1 次")
    door = links.get_by_role("listitem").filter(has_text="接诊交接").first
    await door.get_by_role("button", name="撤销").click()
    await expect(links.get_by_label("链接地址")).to_have_count(0)
    await unit.page.reload()
    await unit.sees("链接已失效")
    await act(doctor, case["id"], "referral", "cancel", code="improved")  # rings nobody any more


async def asked_nobody(doctor: Person) -> Json:
    """A case that waits for its first answer."""
    sent: Json = await doctor.post(
        "/api/referrals",
        {
            "pregnancy_id": await register(doctor, 84),
            "subject": "mother",
            "condition": "eclampsia",
            "acuity": "critical",
            "reason": "抽搐一次，需上级救治",
            "consent": "signed",
            "drill": True,
        },
    )
    return sent
