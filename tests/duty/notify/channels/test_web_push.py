"""Web push: urgent, short-lived, guarded like every address that a browser named."""

import pytest

from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Sent
from duty.notify.channels.guarded import EndpointRules
from duty.notify.channels.web_push import PushRequest, WebPushChannel
from tests.duty.notify.channels.messages import outgoing
from tests.duty.notify.receiver import receiving

LOCAL = EndpointRules(schemes=frozenset({"http"}), address_ok=lambda address: True)


def to(url: str) -> WebPushChannel:
    def prepare(message: Outgoing) -> PushRequest | Failed:
        return PushRequest(url, {"Content-Encoding": "aes128gcm", "Topic": "t"}, b"sealed")

    return WebPushChannel(prepare, rules=LOCAL, timeout_s=0.5)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (201, Sent()),
        (404, Failed("gone", again=False)),
        (410, Failed("gone", again=False)),
        (413, Failed("http_413", again=False)),
        (429, Failed("http_429", again=True)),
        (302, Failed("http_302", again=False)),
        (502, InDoubt("http_502")),
    ],
)
async def test_push_services_answers_are_judged(status: int, expected: Outcome) -> None:
    async with receiving(status) as receiver:
        channel = to(receiver.url)
        assert await channel.send(outgoing()) == expected
        await channel.close()
        ((headers, body),) = receiver.requests
    assert body == b"sealed"
    assert headers["urgency"] == "high"
    assert headers["ttl"] == "300"
    assert headers["content-encoding"] == "aes128gcm"


async def test_a_subscription_that_leads_to_this_machine_is_refused() -> None:
    async with receiving() as receiver:
        channel = WebPushChannel(lambda message: PushRequest(receiver.url, {}, b""), timeout_s=0.5)
        assert await channel.send(outgoing()) == Failed("scheme", again=False)
        assert receiver.requests == []
        await channel.close()


async def test_what_cannot_be_encrypted_is_not_posted() -> None:
    channel = WebPushChannel(lambda message: Failed("subscription", again=False))
    assert await channel.send(outgoing()) == Failed("subscription", again=False)
    await channel.close()
