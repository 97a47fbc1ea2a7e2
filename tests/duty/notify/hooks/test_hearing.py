"""Answers by telephone: a pressed key answers the page as the person who was called."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duty.notify.simulator.behaviour import Rule
from duty.notify.simulator.exchange import NO_ANSWER
from duty.rosters.oncall import DutyTier
from server.settings import Settings
from tests.duty.notify.hooks.loop import FIRST, NUMBER, Loop, loop
from tests.fixtures.database import Clone

SECOND = DutyTier.SECOND


@pytest.fixture
async def ringing(database: Clone, settings: Settings, tmp_path: Path) -> AsyncIterator[Loop]:
    async with loop(database, settings, tmp_path) as made:
        yield made


async def test_one_takes_the_page_over_the_telephone(ringing: Loop) -> None:
    await ringing.point("voice")
    page_id = await ringing.region.page()
    call = await ringing.rung("voice")
    assert "请按1" in call.text
    assert "YL-1" in call.text
    assert ringing.exchange.press(call, "1")
    await ringing.heard(3)
    target = await ringing.target(page_id)
    assert (target.state, target.route) == ("acknowledged", "voice")
    (page,) = await ringing.rows("SELECT * FROM escalation WHERE page_id = :p", p=page_id)
    assert page.state == "acknowledged"
    assert page.acknowledged_by == ringing.region.experts[FIRST].person_id
    message = await ringing.message("voice")
    assert (message.state, message.provider_ref) == ("delivered", f"aliyun:{call.ref}")
    (event,) = await ringing.rows("SELECT * FROM case_event WHERE kind = 'page.acknowledged'")
    assert json.loads(event.payload)["route"] == "voice"


async def test_two_cannot_come_and_three_rings_the_next_at_once(ringing: Loop) -> None:
    region = ringing.region
    await region.policy(0, 600)
    await ringing.point("voice")
    declined = await region.page()
    call = await ringing.rung("voice")
    ringing.exchange.press(call, "2")
    await ringing.heard(3)
    target = await ringing.target(declined)
    assert (target.state, target.decline_reason, target.route) == (
        "declined",
        "in_surgery",
        "voice",
    )
    ringing.exchange.phones.items.clear()
    passed = await region.page()
    call = await ringing.rung("voice")
    ringing.exchange.press(call, "3")
    await ringing.heard(6)
    assert (await ringing.target(passed)).decline_reason == "other"
    (page,) = await ringing.rows(
        "SELECT next_due_at <= clock_timestamp() AS due FROM escalation WHERE page_id = :p",
        p=passed,
    )
    assert page.due


async def test_reports_twice_and_backwards_change_nothing(ringing: Loop) -> None:
    ringing.exchange.behaviour.set(
        [
            Rule(channel="voice", reports="twice", key="1", report_delay_s=0),
            Rule(channel="sms", reports="backwards"),
        ]
    )
    await ringing.point("voice")
    page_id = await ringing.region.page()
    await ringing.rung("voice")
    await ringing.heard(3)
    await ringing.exchange.reports.settled()
    assert (await ringing.target(page_id)).state == "acknowledged"
    assert len(await ringing.rows("SELECT * FROM message_receipt")) == 3
    assert len(await ringing.rows("SELECT 1 FROM case_event WHERE kind = 'page.acknowledged'")) == 1


async def test_a_call_that_nobody_takes_did_not_arrive(ringing: Loop) -> None:
    await ringing.point("voice")
    page_id = await ringing.region.page()
    call = await ringing.rung("voice")
    ringing.exchange.press(call, "no_answer")
    await ringing.heard(1)
    message = await ringing.message("voice")
    assert (message.state, message.error) == ("unreachable", NO_ANSWER)
    assert (await ringing.target(page_id)).state == "sent"


async def test_an_sms_that_arrived_says_so(ringing: Loop) -> None:
    await ringing.point("sms")
    page_id = await ringing.region.page()
    await ringing.rung("sms")
    await ringing.heard(1)
    target = await ringing.target(page_id)
    assert (target.state, target.route) == ("delivered", "sms")
    assert (await ringing.message("sms")).state == "delivered"
    assert await ringing.rows("SELECT 1 FROM outbox WHERE topic = 'page.delivered'")


async def test_an_sms_that_was_refused_later_did_not(ringing: Loop) -> None:
    ringing.exchange.behaviour.set([Rule(reports="failed")])
    await ringing.point("sms")
    await ringing.region.page()
    await ringing.rung("sms")
    await ringing.heard(1)
    message = await ringing.message("sms")
    assert (message.state, message.error) == ("unreachable", "UNDELIV")


async def test_a_lost_answer_is_settled_by_the_receipt_alone(ringing: Loop) -> None:
    """The provider took it and never answered: the receipt overtakes our doubt."""
    ringing.exchange.behaviour.set([Rule(answer="swallow", times=1)])
    await ringing.point("sms")
    await ringing.region.page()
    await ringing.rung("sms")
    await ringing.heard(1)

    async def delivered() -> bool:
        return bool((await ringing.message("sms")).state == "delivered")

    await ringing.until(delivered)
    assert len(ringing.exchange.phones.items) == 1


async def test_a_key_from_another_number_answers_nothing(ringing: Loop) -> None:
    await ringing.point("voice")
    page_id = await ringing.region.page()
    call = await ringing.rung("voice")
    call.address = "19900009999"
    ringing.exchange.press(call, "1")
    # The report at the end names the number; the one during the call comes from our own call.
    ended = ringing.exchange.reports.call_ended(call, "200000")
    assert await ringing.exchange.reports.post("aliyun", *ended) == 200
    await ringing.heard(3)
    assert call.address != NUMBER
    rows = await ringing.rows("SELECT kind FROM message_receipt WHERE phone_sealed IS NOT NULL")
    assert len(rows) == 3
    assert (await ringing.target(page_id)).route == "voice"


@pytest.mark.parametrize(
    ("channel", "kind", "says"),
    [
        ("sms", "sms-report", {"success": True}),
        ("voice", "voice-report", {"status_code": "200000", "dtmf": "1"}),
    ],
)
async def test_nobody_has_got_what_was_never_sent(
    ringing: Loop, channel: str, kind: str, says: dict[str, object]
) -> None:
    await ringing.point(channel)
    page_id = await ringing.region.page()
    message = await ringing.message(channel)
    report = [{"out_id": str(message.id), **says}]
    assert await ringing.exchange.reports.post("aliyun", kind, report) == 200
    while await ringing.rows("SELECT 1 FROM outbox WHERE done_at IS NULL AND topic ~ 'provider'"):
        await ringing.relay.run_once()
    assert (await ringing.message(channel)).state == "queued"
    assert (await ringing.target(page_id)).state == "queued"
    assert await ringing.rung(channel), "it goes out all the same"


async def test_unknown_words_are_taken_and_change_nothing(ringing: Loop) -> None:
    await ringing.point("sms")
    page_id = await ringing.region.page()
    reports = ringing.exchange.reports
    strange = [{"phone_number": NUMBER, "success": True, "biz_id": "0", "out_id": "not-an-id"}]
    assert await reports.post("aliyun", "sms-report", strange) == 200
    (row,) = await ringing.rows("SELECT message_id, ref FROM message_receipt")
    assert (row.message_id, row.ref) == (None, "0")
    assert (await ringing.target(page_id)).state == "queued"
