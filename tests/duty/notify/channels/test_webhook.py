"""The webhook against a real socket: signed, bounded in time, never led astray."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address
from uuid import uuid4

import pytest

from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Sent
from duty.notify.channels.guarded import EndpointRules, reachable
from duty.notify.channels.webhook import WebhookChannel, body_of
from kernel.clock import SimulatedClock
from kernel.ids import PageId
from tests.duty.notify.receiver import receiving

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SECRET = "a shared secret of the hospital"
LOCAL = EndpointRules(schemes=frozenset({"http"}), address_ok=lambda address: True)


def message(url: str) -> Outgoing:
    return Outgoing(
        id=uuid4(),
        page_id=PageId(uuid4()),
        attempt=1,
        address=url,
        secret=SECRET,
        event="referral.offered",
        level="critical",
        title="YL-1",
        callback="19900005678",
        paged_at=NOW,
    )


@pytest.fixture
async def channel() -> AsyncIterator[WebhookChannel]:
    channel = WebhookChannel(SimulatedClock(NOW), rules=LOCAL, timeout_s=0.5)
    yield channel
    await channel.close()


async def test_the_receiver_can_check_who_sent_it_and_collapse_repeats(
    channel: WebhookChannel,
) -> None:
    async with receiving() as receiver:
        sent = message(receiver.url)
        assert await channel.send(sent) == Sent()
        ((headers, body),) = receiver.requests
    timestamp = headers["x-yunshang-timestamp"]
    mac = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    assert headers["x-yunshang-signature"] == f"v1={mac}"
    assert timestamp == str(int(NOW.timestamp()))
    assert headers["x-yunshang-message"] == str(sent.id)
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert json.loads(body) == {
        "message_id": str(sent.id),
        "page_id": str(sent.page_id),
        "event": "referral.offered",
        "level": "critical",
        "case": "YL-1",
        "callback": "19900005678",
        "paged_at": "2026-11-22T08:00:00Z",
    }


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (204, Sent()),
        (302, Failed("http_302", again=False)),
        (404, Failed("http_404", again=False)),
        (429, Failed("http_429", again=True)),
        (503, Failed("http_503", again=True)),
        (500, InDoubt("http_500")),
    ],
)
async def test_answers_are_judged(channel: WebhookChannel, answer: int, expected: Outcome) -> None:
    async with receiving(answer) as receiver:
        assert await channel.send(message(receiver.url)) == expected


async def test_who_asks_for_time_is_given_it(channel: WebhookChannel) -> None:
    async with receiving(429, headers="Retry-After: 40\r\n") as receiver:
        asked = await channel.send(message(receiver.url))
    assert asked == Failed("http_429", again=True, after_s=40)


async def test_no_redirect_is_followed(channel: WebhookChannel) -> None:
    async with (
        receiving() as target,
        receiving(307, headers=f"Location: {target.url}\r\n") as receiver,
    ):
        assert await channel.send(message(receiver.url)) == Failed("http_307", again=False)
        assert target.requests == []


@pytest.mark.parametrize("answer", ["hang", "cut"])
async def test_silence_after_the_request_is_doubt_within_the_time_limit(
    channel: WebhookChannel, answer: str
) -> None:
    async with receiving(answer) as receiver:
        async with asyncio.timeout(30):
            assert isinstance(await channel.send(message(receiver.url)), InDoubt)
        assert len(receiver.requests) == 1


async def test_nobody_listening_certainly_failed(channel: WebhookChannel) -> None:
    async with receiving() as receiver:
        gone = receiver.url
    outcome = await channel.send(message(gone))
    assert isinstance(outcome, Failed)
    assert outcome.again


async def test_a_name_that_does_not_resolve_certainly_failed(channel: WebhookChannel) -> None:
    assert isinstance(await channel.send(message("http://nowhere.invalid/hook")), Failed)


async def test_addresses_are_checked_after_the_name_resolved() -> None:
    """`localhost` looks harmless on its face; what it resolves to does not."""
    strict = EndpointRules(schemes=frozenset({"http"}))
    channel = WebhookChannel(SimulatedClock(NOW), rules=strict, timeout_s=0.5)
    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        assert await channel.send(message(url)) == Failed("address", again=False)
        assert await channel.send(message(receiver.url)) == Failed("address", again=False)
        assert receiver.requests == []
    await channel.close()


@pytest.mark.parametrize(
    ("url", "objection"),
    [
        ("https://hook.example.cn/yunshang", None),
        ("https://10.1.2.3/hook", None),
        ("http://hook.example.cn/", "scheme"),
        ("ftp://hook.example.cn/", "scheme"),
        ("https://user:pw@hook.example.cn/", "malformed"),
        ("https:///hook", "malformed"),
        ("https://hook.example.cn:99999/", "malformed"),
        ("https://127.0.0.1/", "address"),
        ("https://[::1]/", "address"),
        ("https://[::ffff:127.0.0.1]/", "address"),
        ("https://169.254.169.254/latest", "address"),
        ("https://0.0.0.0/", "address"),
        ("https://224.0.0.1/", "address"),
    ],
)
def test_urls_are_judged_on_their_face(url: str, objection: str | None) -> None:
    assert EndpointRules().objection(url) == objection


def test_private_networks_of_hospitals_are_reachable() -> None:
    assert reachable(ip_address("192.168.1.9"))
    assert not reachable(ip_address("fe80::1"))


def test_the_body_names_no_patient() -> None:
    body = json.loads(body_of(message("https://hook.example.cn")))
    assert set(body) == {
        "message_id",
        "page_id",
        "event",
        "level",
        "case",
        "callback",
        "paged_at",
    }
