"""The simulated telephone exchange: what every provider's interface acts on."""

import asyncio
import secrets
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from duty.notify.providers.file import Providers
from duty.notify.simulator.behaviour import Behaviour, Rule
from duty.notify.simulator.phones import Item, Phones
from duty.notify.simulator.reports import Reports
from kernel.clock import Clock

RING_S = 45.0
"""So long a call rings before the carrier gives up."""

BUSY_S = 40
FLOOD_BYTES = 10_000_000

ANSWERED, NO_ANSWER, REJECTED = "200000", "200003", "200005"
"""Aliyun's codes: listened to the end, rang in vain, could not be put through."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `gone` waits until the client hangs up."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    gone: Callable[[], Awaitable[None]]

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    def json(self) -> dict[str, Any]:
        """The JSON object of the body; empty if it is anything else."""
        try:
            found = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered; `slow`: byte by byte, until the client hangs up."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    slow: bool = False


def as_json(body: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, msgspec.json.encode(body))


@dataclass(slots=True)
class Exchange:
    """Contracts, rules, phones and the way back to the platform."""

    contracts: Providers
    clock: Clock
    reports: Reports
    behaviour: Behaviour = field(default_factory=Behaviour)
    phones: Phones = field(default_factory=Phones)
    nonces: set[str] = field(default_factory=set)
    tokens: dict[str, set[str]] = field(default_factory=dict)

    async def misbehave(
        self, rule: Rule, request: Request, *, refuse: Response, throttle: Response
    ) -> Response | None:
        """Wait, hang or answer as the rule says; None if the message is to be taken."""
        await asyncio.sleep(rule.delay_s)
        if rule.answer == "hang":
            await request.gone()
        return {
            "refuse": refuse,
            "throttle": throttle,
            "error": Response(500, b"Internal Server Error", "text/plain"),
            "garbage": Response(200, b'{"Code": "\xff"}'),
            "hang": Response(504, b"", "text/plain"),
            "busy": Response(429, b"", headers={"retry-after": str(BUSY_S)}),
            "redirect": Response(307, b"", headers={"location": request.path}),
            "flood": Response(200, b'"' + b"x" * FLOOD_BYTES + b'"'),
            "drip": Response(200, b" ", slow=True),
        }.get(rule.answer)

    async def answer(self, rule: Rule, request: Request, response: Response) -> Response:
        """The answer, unless it is to be swallowed."""
        if rule.answer == "swallow":
            await request.gone()
        return response

    def put(self, channel: str, provider: str, address: str, text: str, **more: str) -> Item:
        """Let something arrive."""
        ref = more.pop("ref", "") or str(10**11 + secrets.randbelow(9 * 10**11))
        item = Item(0, channel, provider, address, self.clock.now(), text, ref)
        for name, value in more.items():
            setattr(item, name, value)
        return self.phones.take(item)

    def token(self, company: str) -> str:
        """A fresh access token; earlier ones stay valid until `expire`."""
        value = secrets.token_urlsafe(24)
        self.tokens.setdefault(company, set()).add(value)
        return value

    def ring(self, item: Item, rule: Rule) -> None:
        """Let a call ring until somebody presses a key or nobody does."""
        item.state = "ringing"
        self.phones.touched()
        self.reports.run(self._ring(item, rule))

    async def _ring(self, item: Item, rule: Rule) -> None:
        if rule.key:
            await asyncio.sleep(rule.report_delay_s)
            self.press(item, rule.key, rule)
            return
        await asyncio.sleep(RING_S)
        if item.state == "ringing":
            self.press(item, "no_answer", rule)

    def press(self, item: Item, key: str, rule: Rule | None = None) -> bool:
        """A key, or the end of a call that was not taken; False if it does not ring any more."""
        if item.state != "ringing":
            return False
        how = rule or Rule(report_delay_s=0)
        if key in ("no_answer", "hang_up"):
            ended = self.reports.call_ended(item, NO_ANSWER if key == "no_answer" else REJECTED)
            item.state = "ended"
            self.reports.soon(how, item.provider, ended)
        else:
            item.state, item.keys = "answered", key
            pressed = self.reports.key_pressed(item, key)
            ended = self.reports.call_ended(item, ANSWERED)
            item.state = "ended"
            self.reports.soon(how, item.provider, pressed, ended)
        self.phones.touched()
        return True

    def reply(self, item: Item, text: str) -> None:
        """An SMS from the phone back to the platform."""
        answer = self.put(item.channel, item.provider, item.address, text)
        answer.mine = True
        report = self.reports.sms_up(item, text, answer.no)
        self.reports.soon(Rule(report_delay_s=0), item.provider, report)


def spoken(channel: str, purpose: str, values: Mapping[str, str], sign: str = "") -> str | None:
    """The template with its variables, or None if one is missing."""
    wording = _wording()[channel][purpose]
    if channel == "sms" and "link" in values:
        wording += _wording()[channel]["link"]
    try:
        return Template(wording).substitute(values, sign=sign)
    except KeyError:
        return None


@cache
def _wording() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("wording.toml").read_text("utf-8"))
