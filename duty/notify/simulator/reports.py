"""Reports to the platform, as the providers post them: late, twice, backwards or never."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import structlog

from duty.notify.simulator.behaviour import Rule
from duty.notify.simulator.phones import Item
from kernel.clock import Clock

log = structlog.get_logger()

BEIJING = timezone(timedelta(hours=8))
AGAIN_S = (1.0, 3.0, 10.0)
"""Real ones repeat after 1, 5 and 10 minutes; nobody at a demo waits so long."""

Body = list[dict[str, Any]] | dict[str, Any]


class Reports:
    """Posts to `<target>/api/hooks/<provider>/<secret>/<kind>`."""

    def __init__(self, target: str, secret: str, clock: Clock) -> None:
        self._target = target.rstrip("/")
        self._secret = secret
        self._clock = clock
        self._client = httpx.AsyncClient(timeout=10, trust_env=False)
        self._running: set[asyncio.Task[None]] = set()

    def aim(self, target: str) -> None:
        """Report to another address from now on."""
        self._target = target.rstrip("/")

    async def close(self) -> None:
        """Drop what has not been reported."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._client.aclose()

    async def settled(self) -> None:
        """Wait until every report under way has been posted."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    def soon(self, rule: Rule, provider: str, *reports: tuple[str, Body]) -> None:
        """Post these reports, in this order unless the rule says otherwise."""
        if not self._secret or rule.reports == "none":
            return
        ordered = list(reversed(reports)) if rule.reports == "backwards" else list(reports)
        times = 2 if rule.reports == "twice" else 1
        self.run(self._all(rule, provider, [one for one in ordered for _ in range(times)]))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Keep a task until it ends."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _all(self, rule: Rule, provider: str, reports: list[tuple[str, Body]]) -> None:
        await asyncio.sleep(rule.report_delay_s)
        for kind, body in reports:
            await self.post(provider, kind, body)

    async def post(self, provider: str, kind: str, body: Body) -> int:
        """Post once, and again while the platform does not answer 200; the last status."""
        url = f"{self._target}/api/hooks/{provider}/{self._secret}/{kind}"
        status = 0
        for pause in (*AGAIN_S, 0):
            try:
                status = (await self._client.post(url, json=body)).status_code
            except httpx.HTTPError as error:
                log.info("simulator.unreported", kind=kind, error=type(error).__name__)
            if status == 200 or pause == 0:
                break
            await asyncio.sleep(pause)
        return status

    def stamp(self) -> str:
        """The present moment as the providers write it."""
        return self._clock.now().astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")

    def sms_report(self, item: Item, *, success: bool) -> tuple[str, Body]:
        """Aliyun's SmsReport or Tencent's status callback."""
        if item.provider == "tencent":
            return "sms-report", [
                {
                    "user_receive_time": self.stamp(),
                    "nationcode": "86",
                    "mobile": item.address,
                    "report_status": "SUCCESS" if success else "FAIL",
                    "errmsg": "DELIVRD" if success else "UNDELIV",
                    "description": "",
                    "sid": item.ref,
                    "ext": item.out_id,
                }
            ]
        return "sms-report", [
            {
                "phone_number": item.address,
                "send_time": _text(item.at),
                "report_time": self.stamp(),
                "success": success,
                "err_code": "DELIVERED" if success else "UNDELIV",
                "err_msg": "",
                "sms_size": "1",
                "biz_id": item.ref,
                "out_id": item.out_id,
            }
        ]

    def sms_up(self, item: Item, text: str, sequence: int) -> tuple[str, Body]:
        """Aliyun's SmsUp or Tencent's reply callback."""
        if item.provider == "tencent":
            at = int(self._clock.now().timestamp())
            return "sms-up", {
                "extend": "",
                "mobile": item.address,
                "nationcode": "86",
                "sign": "",
                "text": text,
                "time": at,
            }
        return "sms-up", [
            {
                "phone_number": item.address,
                "send_time": self.stamp(),
                "content": text,
                "sign_name": "",
                "dest_code": "10690000",
                "sequence_id": sequence,
            }
        ]

    def key_pressed(self, item: Item, key: str) -> tuple[str, Body]:
        """Aliyun's VoiceCallReport while the call lasts."""
        return "voice-call-report", [
            {
                "call_id": item.ref,
                "status_code": "300000",
                "dtmf": key,
                "status_time": self.stamp(),
                "out_id": item.out_id,
            }
        ]

    def call_ended(self, item: Item, status: str) -> tuple[str, Body]:
        """Aliyun's VoiceReport at the end of the call."""
        return "voice-report", [
            {
                "call_id": item.ref,
                "originate_time": _text(item.at),
                "start_time": _text(item.at) if item.state != "ringing" else "",
                "end_time": self.stamp(),
                "caller": "05710000000",
                "callee": item.address,
                "duration": "8" if item.keys else "0",
                "status_code": status,
                "hangup_direction": "用户",
                "status_msg": "",
                "out_id": item.out_id,
                "dtmf": item.keys,
                "voice_type": "voice",
            }
        ]


def _text(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
