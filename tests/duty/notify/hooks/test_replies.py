"""SMS that come back: understood, acted on as the person whose number it is, or put on the desk."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from duty.notify.hooks.queries import replies
from duty.notify.hooks.replies import understand
from kernel.viewer import Role
from server.settings import Settings
from tests.duty.notify.hooks.loop import FIRST, Loop, loop
from tests.fixtures.database import Clone


def page(*, open_: bool = True) -> Any:
    return SimpleNamespace(open=open_)


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("1", "acknowledge"),
        (" １。", "acknowledge"),
        ("收到", "acknowledge"),
        ("ok", "acknowledge"),
        ("2", "decline"),
        ("手术中", "decline"),
        ("12", "other"),
        ("我在路上", "other"),
        ("TD", "other"),
        ("", "other"),
    ],
)
def test_few_words_are_understood(said: str, meaning: str) -> None:
    assert understand(said, [page()]).meaning == meaning


def test_a_reply_that_could_mean_two_pages_means_neither() -> None:
    assert understand("1", [page(), page()]).meaning == "unclear"
    older = page(open_=False)
    waiting = page()
    assert understand("1", [older, waiting]).page is waiting
    assert understand("1", [older, older]).page is older
    assert understand("路上", [page(), page()]).meaning == "other"
    assert understand("1", []).meaning == "stranger"


@pytest.fixture
async def ringing(database: Clone, settings: Settings, tmp_path: Path) -> AsyncIterator[Loop]:
    async with loop(database, settings, tmp_path) as made:
        yield made


async def test_one_takes_the_page_by_sms(ringing: Loop) -> None:
    await ringing.point("sms")
    page_id = await ringing.region.page()
    ringing.exchange.reply(await ringing.rung("sms"), "收到")
    await ringing.heard(2)
    target = await ringing.target(page_id)
    assert (target.state, target.route) == ("acknowledged", "sms")
    (reply,) = await ringing.rows("SELECT * FROM inbound_reply")
    assert (reply.meaning, reply.page_id) == ("acknowledge", page_id)
    assert "收到".encode() not in bytes(reply.text_sealed)


async def test_a_reply_that_comes_twice_answers_once(ringing: Loop) -> None:
    """The company repeats itself, and the person sends the same word once more."""
    await ringing.point("sms")
    page_id = await ringing.region.page()
    item = await ringing.rung("sms")
    for sequence in (7, 7, 8):
        kind, body = ringing.exchange.reports.sms_up(item, "1", sequence)
        assert await ringing.exchange.reports.post("aliyun", kind, body) == 200
    await ringing.heard(3)
    meanings = await ringing.rows("SELECT meaning, page_id FROM inbound_reply")
    assert {(row.meaning, row.page_id) for row in meanings} == {("acknowledge", page_id)}
    assert len(meanings) == 2
    assert len(await ringing.rows("SELECT 1 FROM case_event WHERE kind = 'page.acknowledged'")) == 1


async def test_stop_turns_text_messages_off(ringing: Loop) -> None:
    await ringing.point("sms")
    await ringing.region.page()
    ringing.exchange.reply(await ringing.rung("sms"), "退订")
    await ringing.heard(2)
    (wish,) = await ringing.rows("SELECT channel, off FROM notify_rule")
    assert (wish.channel, wish.off) == ("sms", True)


async def test_two_declines_by_sms(ringing: Loop) -> None:
    await ringing.point("sms")
    page_id = await ringing.region.page()
    ringing.exchange.reply(await ringing.rung("sms"), "2")
    await ringing.heard(2)
    assert (await ringing.target(page_id)).decline_reason == "in_surgery"


async def test_anything_else_lies_on_the_desk_of_the_paged_house(ringing: Loop) -> None:
    region = ringing.region
    await ringing.point("sms")
    page_id = await region.page()
    ringing.exchange.reply(await ringing.rung("sms"), "十分钟后到，先备血")
    await ringing.heard(2)
    assert (await ringing.target(page_id)).state == "delivered"
    notices = await ringing.rows(
        "SELECT data FROM inbox_item WHERE kind = 'notice' AND data ->> 'code' = 'duty.sms_reply'"
    )
    assert {row.data["page_id"] for row in notices} == {str(page_id)}
    assert not any("备血" in str(row.data) for row in notices)
    desk = await region.staff(region.centre, Role.DUTY_DESK)
    elsewhere = await region.staff(region.county, Role.DUTY_DESK)
    async with region.clone.app.session(desk) as session:
        (shown,) = await replies(session, region.sealer, 10)
    assert (shown.text, shown.meaning) == ("十分钟后到，先备血", "other")
    assert shown.person
    async with region.clone.app.session(elsewhere) as session:
        assert await replies(session, region.sealer, 10) == []


async def test_a_strangers_sms_is_kept_and_answers_nothing(ringing: Loop) -> None:
    await ringing.point("sms")
    page_id = await ringing.region.page()
    item = await ringing.rung("sms")
    await ringing.heard(1)
    item.address = "19900009999"
    ringing.exchange.reply(item, "1")
    await ringing.heard(2)
    (reply,) = await ringing.rows("SELECT meaning, person_id FROM inbound_reply")
    assert (reply.meaning, reply.person_id) == ("stranger", None)
    assert (await ringing.target(page_id)).state == "delivered"


async def test_who_answers_is_the_owner_of_the_number(ringing: Loop) -> None:
    region = ringing.region
    await ringing.point("sms")
    page_id = await region.page()
    ringing.exchange.reply(await ringing.rung("sms"), "1")
    await ringing.heard(2)
    (row,) = await ringing.rows(
        "SELECT acknowledged_by FROM escalation WHERE page_id = :p", p=page_id
    )
    assert row.acknowledged_by == region.experts[FIRST].person_id
