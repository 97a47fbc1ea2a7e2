"""The watch's own way to the operators: nothing of what it watches carries its alarms."""

import asyncio
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx
import msgspec
import structlog

from duty.notify.channels.webhook import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from duty.watch.signs import Severity
from duty.watch.states import Change
from kernel.clock import Clock

log = structlog.get_logger()

TIMEOUT_S = 10.0
SUBJECT = {
    (Severity.ALARM, "raised"): "呼叫系统受损 paging impaired",
    (Severity.ALARM, "cleared"): "呼叫系统恢复 paging restored",
    (Severity.INFO, "raised"): "请运维处理 operators must look",
    (Severity.INFO, "cleared"): "已处理 settled",
}
ADVICE = {
    Severity.ALARM: (
        "受损期间请各单位打电话呼叫；处置见 docs/operators.md。\n"
        "While it lasts, units call by telephone; what to do: docs/operators.md.\n"
    ),
    Severity.INFO: (
        "呼叫照常；处置见 docs/operators.md。\nPaging works; what to do: docs/operators.md.\n"
    ),
}


class Bell(Protocol):
    """One way to the operators."""

    @property
    def name(self) -> str: ...

    async def ring(self, watch: str, change: Change) -> None:
        """Tell of one change, or raise."""
        ...


def words(watch: str, change: Change) -> str:
    """What operators read: which sign, since when, seen from where; nobody's name."""
    one = change.sign
    where = "" if one.channel is None else f" ({one.channel})"
    since = one.raised_at or one.since
    return (
        f"{SUBJECT[one.severity, change.what]}: {one.sign}{where} {one.value:.1f}\n"
        f"{since.isoformat(timespec='seconds')}  watch {watch}\n{ADVICE[one.severity]}"
    )


@dataclass(frozen=True, slots=True)
class WebhookBell:
    """A signed POST, as every webhook of the platform."""

    url: str
    secret: str
    clock: Clock
    name: str = "webhook"

    async def ring(self, watch: str, change: Change) -> None:
        """POST once; anything but success is raised."""
        said = {"watch": watch, "what": change.what, "sign": change.sign}
        body = msgspec.json.encode(said | {"text": words(watch, change)})
        timestamp = str(int(self.clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: sign(self.secret, timestamp, body),
        }
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            (await client.post(self.url, content=body, headers=headers)).raise_for_status()


@dataclass(frozen=True, slots=True)
class EmailBell:
    """A letter through the hospital's own mail server: `smtp://` or `smtps://`."""

    url: str
    to: Sequence[str]
    sender: str
    name: str = "email"

    async def ring(self, watch: str, change: Change) -> None:
        """Hand the letter over, or raise."""
        letter, subject = EmailMessage(), SUBJECT[change.sign.severity, change.what]
        letter["Subject"] = f"[Yunshang] {subject}: {change.sign.sign}"
        letter["From"], letter["To"] = self.sender, ", ".join(self.to)
        letter.set_content(words(watch, change))
        await asyncio.to_thread(self._post, letter)

    def _post(self, letter: EmailMessage) -> None:
        parts = urlsplit(self.url)
        secure = parts.scheme == "smtps"
        kind = smtplib.SMTP_SSL if secure else smtplib.SMTP
        with kind(
            parts.hostname or "", parts.port or (465 if secure else 25), timeout=10
        ) as server:
            if parts.username:
                if not secure:
                    server.starttls()
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(letter)


AGAIN_S = (1.0, 5.0, 30.0, 60.0)


class Bells:
    """Rings every bell for every change, each at its own pace, until it has rung.

    A bell that hangs delays neither the others nor the next look; a change that was overtaken by
    its opposite before it got out is still told, in order.
    """

    def __init__(self, watch: str, bells: Sequence[Bell]) -> None:
        self._watch = watch
        self._queues: list[tuple[Bell, asyncio.Queue[Change]]] = [
            (bell, asyncio.Queue()) for bell in bells
        ]

    def tell(self, changes: Sequence[Change]) -> None:
        """Queue changes for every bell."""
        for change in changes:
            log.warning(
                "paging.impaired" if change.what == "raised" else "paging.restored",
                sign=str(change.sign.sign),
                channel=change.sign.channel,
                value=round(change.sign.value, 1),
            )
            for _, queue in self._queues:
                queue.put_nowait(change)

    async def run(self) -> None:
        """Ring until cancelled."""
        async with asyncio.TaskGroup() as group:
            for bell, queue in self._queues:
                group.create_task(self._keep(bell, queue))

    async def _keep(self, bell: Bell, queue: asyncio.Queue[Change]) -> None:
        while True:
            change = await queue.get()
            failures = 0
            while not await self._rung(bell, change):
                await asyncio.sleep(AGAIN_S[min(failures, len(AGAIN_S) - 1)])
                failures += 1

    async def _rung(self, bell: Bell, change: Change) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_S * 2):
                await bell.ring(self._watch, change)
        except (httpx.HTTPError, smtplib.SMTPException, OSError, TimeoutError) as error:
            log.error("watch.bell_failed", bell=bell.name, error=type(error).__name__)
            return False
        return True
