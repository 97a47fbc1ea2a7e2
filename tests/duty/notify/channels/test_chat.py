"""WeCom and DingTalk: expired tokens, keys in addresses, repeats of the same words."""

from collections.abc import AsyncIterator

import pytest

from duty.notify.channels.channel import Channel, Failed, Sent
from duty.notify.channels.chat import key_in
from duty.notify.channels.dingtalk import robot_sign
from duty.notify.providers.build import build_channels
from duty.notify.simulator.exchange import Exchange
from duty.notify.simulator.server import running
from kernel.clock import SystemClock
from tests.duty.notify.channels.messages import outgoing
from tests.duty.notify.simulator.contracts import contracts

BASE = "https://qyapi.weixin.qq.com"


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    async with running(contracts(), SystemClock()) as exchange:
        yield exchange


@pytest.fixture
async def channels(exchange: Exchange) -> AsyncIterator[dict[str, Channel]]:
    made = build_channels(exchange.contracts, SystemClock())
    yield made
    for channel in made.values():
        await channel.close()


@pytest.mark.parametrize("name", ["wecom_app", "dingtalk_app"])
async def test_an_expired_token_is_renewed_without_losing_the_message(
    channels: dict[str, Channel], exchange: Exchange, name: str
) -> None:
    channel = channels[name]
    assert isinstance(await channel.send(outgoing(address="lin")), Sent)
    exchange.tokens.clear()
    assert isinstance(await channel.send(outgoing(address="lin")), Sent)
    assert len(exchange.phones.items) == 2


@pytest.mark.parametrize("name", ["wecom_app", "dingtalk_app"])
async def test_a_page_that_rings_again_is_shown_again(
    channels: dict[str, Channel], exchange: Exchange, name: str
) -> None:
    """The same words in another message: DingTalk would show them once a day."""
    for _ in range(2):
        await channels[name].send(outgoing(address="lin"))
    assert len(exchange.phones.items) == 2


async def test_dingtalk_collapses_a_repeat_of_one_message(
    channels: dict[str, Channel], exchange: Exchange
) -> None:
    message = outgoing(address="lin")
    for _ in range(2):
        assert isinstance(await channels["dingtalk_app"].send(message), Sent)
    assert len(exchange.phones.items) == 1


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"),
        (f"{BASE}/cgi-bin/webhook/send?key=693a91f6-7xxx", "693a91f6-7xxx"),
        ("https://evil.example/cgi-bin/webhook/send?key=693a91f6-7xxx", None),
        ("https://qyapi.weixin.qq.com.evil.example/?key=693a91f6-7xxx", None),
        ("http://169.254.169.254/?key=693a91f6-7xxx", None),
        ("short", None),
        ("key with spaces in it", None),
        ("https://[broken/?key=693a91f6-7xxx", None),
        ("693a91f6-7xxx&other=1", None),
    ],
)
def test_a_robots_address_leads_nowhere_else(address: str, key: str | None) -> None:
    assert key_in(address, BASE, "key") == key


async def test_a_foreign_url_is_refused_before_anything_is_called(
    channels: dict[str, Channel], exchange: Exchange
) -> None:
    for name in ("wecom_robot", "dingtalk_robot"):
        message = outgoing(address="https://evil.example/?key=robot-123&access_token=robot-123")
        assert await channels[name].send(message) == Failed("address", again=False)
    assert not exchange.phones.items


def test_a_robots_signature_is_base64_of_the_hmac_over_time_and_secret() -> None:
    assert robot_sign("SEC000", "1700000000000") == robot_sign("SEC000", "1700000000000")
    assert robot_sign("SEC000", "1700000000000") != robot_sign("SEC000", "1700000000001")
    assert len(robot_sign("SEC000", "1700000000000")) == 44
