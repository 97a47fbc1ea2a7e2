"""Every adapter against the simulator over real HTTP and SMTP: one table of what may happen.

An adapter may call a message sent only if it is on the phone, failed only if it is not; all else is
doubt. The simulator checks signatures on its own, from the raw request.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from duty.notify.channels.aliyun import PER_NUMBER_S
from duty.notify.channels.channel import Channel, Failed, InDoubt, Outcome, Purpose, Sent
from duty.notify.providers.build import build_channels
from duty.notify.providers.file import Providers
from duty.notify.simulator.behaviour import Answer, Rule
from duty.notify.simulator.chat import robot_secret
from duty.notify.simulator.exchange import BUSY_S, Exchange
from duty.notify.simulator.server import running
from kernel.clock import SystemClock
from tests.duty.notify.channels.messages import outgoing
from tests.duty.notify.simulator.contracts import IMPATIENT_S, contracts, document
from tests.fixtures.ports import free_port

NUMBER = "19900001234"
ROBOT = "robot-of-the-night-shift"
ADDRESSES = {
    "sms": NUMBER,
    "sms/tencent": NUMBER,
    "voice": NUMBER,
    "wecom_app": "lin",
    "wecom_robot": ROBOT,
    "dingtalk_app": "lin",
    "dingtalk_robot": ROBOT,
    "email": "lin@hospital.example.cn",
}
ADAPTERS = list(ADDRESSES)


def only_tencent(found: Providers) -> Providers:
    assert found.sms is not None
    return msgspec.structs.replace(found, sms=msgspec.structs.replace(found.sms, order=["tencent"]))


def message(adapter: str, **changes: Any) -> Any:
    secret = robot_secret(ROBOT) if adapter == "dingtalk_robot" else ""
    return outgoing(**({"address": ADDRESSES[adapter], "secret": secret} | changes))


@pytest.fixture(scope="module")
async def exchange() -> AsyncIterator[Exchange]:
    async with running(contracts(), SystemClock()) as exchange:
        yield exchange


@pytest.fixture(autouse=True)
def fresh(exchange: Exchange) -> None:
    exchange.behaviour.set([])
    exchange.phones.items.clear()


def hurried(found: Providers) -> Providers:
    limits = {name: {"timeout_s": IMPATIENT_S} for name in found.channels}
    return msgspec.convert(msgspec.to_builtins(found) | {"channels": limits}, Providers)


@asynccontextmanager
async def every(found: Providers) -> AsyncIterator[dict[str, Channel]]:
    made = build_channels(found, SystemClock())
    second = build_channels(only_tencent(found), SystemClock())
    yield made | {"sms/tencent": second["sms"]}
    for channel in (*made.values(), *second.values()):
        await channel.close()


@pytest.fixture(scope="module")
async def channels(exchange: Exchange) -> AsyncIterator[dict[str, Channel]]:
    async with every(exchange.contracts) as made:
        yield made


@pytest.fixture(scope="module")
async def impatient(exchange: Exchange) -> AsyncIterator[dict[str, Channel]]:
    """The same adapters, for answers that never end."""
    async with every(hurried(exchange.contracts)) as made:
        yield made


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest, channels: dict[str, Channel]) -> tuple[str, Channel]:
    return request.param, channels[request.param]


def behave(exchange: Exchange, answer: Answer, **more: Any) -> None:
    exchange.behaviour.set([Rule(answer=answer, **more)])


async def test_a_message_that_is_sent_is_on_the_phone(
    adapter: tuple[str, Channel], exchange: Exchange
) -> None:
    name, channel = adapter
    sent = message(name)
    outcome = await channel.send(sent)
    assert isinstance(outcome, Sent)
    (item,) = exchange.phones.items
    assert item.address == ADDRESSES[name]
    assert "危急" in item.text
    assert sent.title in item.text
    assert sent.callback in item.text
    if "robot" not in name:
        assert outcome.provider_ref is not None
        assert item.ref in outcome.provider_ref
    assert channel.name == name.partition("/")[0]


@pytest.mark.parametrize(
    ("answer", "kind", "again"),
    [
        ("refuse", Failed, False),
        ("throttle", Failed, True),
        ("error", InDoubt, None),
        ("hang", InDoubt, None),
        ("garbage", InDoubt, None),
    ],
)
async def test_what_is_not_sent_is_on_no_phone(
    adapter: tuple[str, Channel],
    impatient: dict[str, Channel],
    exchange: Exchange,
    answer: Answer,
    kind: type[Outcome],
    again: bool | None,
) -> None:
    name, channel = adapter
    behave(exchange, answer)
    outcome = await (impatient[name] if answer == "hang" else channel).send(message(name))
    if name == "email" and answer in ("error", "garbage", "hang"):
        # Its text never left us: a conversation that broke off before it has certainly failed.
        kind, again = Failed, True
    assert isinstance(outcome, kind), outcome
    if isinstance(outcome, Failed):
        assert outcome.again == again, outcome
        limited = answer == "throttle" and name == "voice"
        assert outcome.after_s == (PER_NUMBER_S if limited else 0), outcome
    assert not exchange.phones.items


@pytest.mark.parametrize("name", [name for name in ADAPTERS if name != "email"])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("busy", Failed("http_429", again=True, after_s=BUSY_S)),
        ("redirect", Failed("http_307", again=False)),
        ("flood", InDoubt("DecodingError")),
        ("drip", InDoubt("TimeoutError")),
    ],
)
async def test_rude_answers_are_judged_in_time(
    channels: dict[str, Channel],
    impatient: dict[str, Channel],
    exchange: Exchange,
    name: str,
    answer: Answer,
    expected: Outcome,
) -> None:
    behave(exchange, answer)
    async with asyncio.timeout(5):
        outcome = await (impatient if answer == "drip" else channels)[name].send(message(name))
    assert outcome == expected
    assert not exchange.phones.items


async def test_a_lost_answer_is_doubt_and_the_message_is_on_the_phone(
    channels: dict[str, Channel], exchange: Exchange
) -> None:
    """All adapters at once: each waits as long as it may."""
    behave(exchange, "swallow")
    outcomes = await asyncio.gather(*(channels[name].send(message(name)) for name in ADAPTERS))
    assert [type(outcome) for outcome in outcomes] == [InDoubt] * len(ADAPTERS), outcomes
    assert sorted(item.address for item in exchange.phones.items) == sorted(ADDRESSES.values())


async def test_nobody_there_certainly_failed(adapter: tuple[str, Channel]) -> None:
    name, _ = adapter
    nowhere = msgspec.convert(document(free_port(), free_port()), Providers)
    found = only_tencent(nowhere) if "/" in name else nowhere
    channels = build_channels(found, SystemClock())
    outcome = await channels[name.partition("/")[0]].send(message(name))
    assert isinstance(outcome, Failed)
    assert outcome.again
    for channel in channels.values():
        await channel.close()


WRONG_KEYS = {
    "sms": {"access_key_secret": "not the secret"},
    "sms/tencent": {"secret_key": "not the key"},
    "voice": {"access_key_secret": "not the secret"},
    "wecom_app": {"secret": "not the secret"},
    "dingtalk_app": {"app_secret": "not the secret"},
    "email": {"password": "not the password"},
}


async def test_a_bad_signature_is_refused_and_not_repeated(
    adapter: tuple[str, Channel], exchange: Exchange
) -> None:
    name, channel = adapter
    if name in WRONG_KEYS:
        made: dict[str, Any] = msgspec.to_builtins(exchange.contracts)
        section = made[name.partition("/")[0]]
        if name.startswith("sms"):
            section["order"] = [name.partition("/")[2] or "aliyun"]
            section = section[section["order"][0]]
        section |= WRONG_KEYS[name]
        channels = build_channels(msgspec.convert(made, Providers), SystemClock())
        outcome = await channels[channel.name].send(message(name))
        for one in channels.values():
            await one.close()
    else:
        changes = {"secret": "not it"} if name == "dingtalk_robot" else {"address": "unknown-key"}
        outcome = await channel.send(message(name, **changes))
    assert isinstance(outcome, Failed), outcome
    assert not outcome.again
    assert not exchange.phones.items


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_every_purpose_can_be_said(
    adapter: tuple[str, Channel], exchange: Exchange, purpose: Purpose
) -> None:
    name, channel = adapter
    page_id = None if purpose in (Purpose.TEST, Purpose.VERIFY) else message(name).page_id
    sent = message(name, purpose=purpose, code="482913", page_id=page_id)
    assert isinstance(await channel.send(sent), Sent)
    (item,) = exchange.phones.items
    assert ("482913" in item.text) == (purpose == Purpose.VERIFY)


async def test_long_words_still_arrive(adapter: tuple[str, Channel], exchange: Exchange) -> None:
    name, channel = adapter
    long = message(name, title="长" * 60, callback="0" * 60)
    assert isinstance(await channel.send(long), Sent)
    assert len(exchange.phones.items) == 1


@pytest.mark.parametrize("company", ["aliyun", "tencent"])
async def test_a_text_message_can_carry_the_way_to_answer(exchange: Exchange, company: str) -> None:
    made: dict[str, Any] = msgspec.to_builtins(exchange.contracts)
    made["sms"] |= {"order": [company], "with_link": True}
    channels = build_channels(msgspec.convert(made, Providers), SystemClock())
    sent = message("sms", link="https://yunshang.example.cn/a/abcdefghijklmnopqrst")
    assert isinstance(await channels["sms"].send(sent), Sent)
    (item,) = exchange.phones.items
    assert item.text.endswith("/a/abcdefghijklmnopqrst")
    for channel in channels.values():
        await channel.close()
