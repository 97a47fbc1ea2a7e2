"""The simulator's own side: the page of phones, rules at run time, and who may change them."""

from collections.abc import AsyncIterator

import httpx
import pytest

from duty.notify.providers.build import build_channels
from duty.notify.simulator.behaviour import Behaviour, Rule
from duty.notify.simulator.exchange import Exchange
from duty.notify.simulator.server import running
from kernel.clock import SystemClock
from tests.duty.notify.channels.messages import outgoing
from tests.duty.notify.simulator.contracts import contracts


@pytest.fixture(scope="module")
async def exchange() -> AsyncIterator[Exchange]:
    async with running(contracts(), SystemClock()) as exchange:
        yield exchange


@pytest.fixture
async def browser(exchange: Exchange) -> AsyncIterator[httpx.AsyncClient]:
    simulator = exchange.contracts.simulator
    assert simulator is not None
    base = f"http://127.0.0.1:{simulator.port}"
    async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
        yield client


async def test_the_page_shows_what_lies_on_the_phones(
    exchange: Exchange, browser: httpx.AsyncClient
) -> None:
    page = await browser.get("/")
    assert "模拟手机" in page.text
    channels = build_channels(exchange.contracts, SystemClock())
    await channels["voice"].send(outgoing())
    state = (await browser.get("/state")).json()
    (call,) = state["items"]
    assert (call["address"], call["state"]) == ("19900001234", "ringing")
    unchanged = await browser.get("/state", params={"seen": state["changes"]})
    assert "items" not in unchanged.json()
    press = {"no": call["no"], "key": "2"}
    assert (await browser.post("/control/press", json=press)).json() == {"done": True}
    assert (await browser.post("/control/press", json=press)).json() == {"done": False}
    (ended,) = (await browser.get("/state")).json()["items"]
    assert (ended["state"], ended["keys"]) == ("ended", "2")
    for channel in channels.values():
        await channel.close()


async def test_rules_are_set_while_it_runs(browser: httpx.AsyncClient) -> None:
    rules = [{"channel": "sms", "number": "1990*", "answer": "throttle", "times": 2}]
    assert (await browser.post("/control/rules", json=rules)).json() == {"done": True}
    (rule,) = (await browser.get("/control/rules")).json()
    assert (rule["answer"], rule["times"]) == ("throttle", 2)
    wrong = await browser.post("/control/rules", json=[{"answer": "explode"}])
    assert wrong.status_code == 400


async def test_a_foreign_page_can_change_nothing(browser: httpx.AsyncClient) -> None:
    """What a browser sends across sites without asking first is no JSON."""
    forged = await browser.post(
        "/control/rules", content="[]", headers={"content-type": "text/plain"}
    )
    assert forged.status_code == 415
    assert (await browser.post("/control/unknown", json={})).status_code == 404
    assert (await browser.get("/unknown")).status_code == 404


def test_the_first_rule_that_fits_and_is_not_used_up_counts() -> None:
    behaviour = Behaviour()
    behaviour.set(
        [
            Rule(channel="sms", number="1990*", answer="hang", times=1),
            Rule(channel="sms", answer="refuse"),
        ]
    )
    found = [behaviour.of("sms", "19900001234").answer for _ in range(3)]
    assert found == ["hang", "refuse", "refuse"]
    assert behaviour.of("voice", "19900001234").answer == "ok"
