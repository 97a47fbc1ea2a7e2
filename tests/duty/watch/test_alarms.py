"""Alarms reach the operators by ways of the watch's own, over real sockets."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from duty.notify.channels.webhook import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from duty.watch.alarms import Bell, Bells, EmailBell, WebhookBell, words
from duty.watch.signs import Severity, Sign
from duty.watch.states import Change, SignState, Standing
from kernel.clock import SystemClock

AT = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
SILENT = Standing(Sign.ENGINE_SILENT, Severity.ALARM, SignState.RAISED, AT, 12.4, raised_at=AT)
RAISED, CLEARED = Change("raised", SILENT), Change("cleared", SILENT)
SECRET = "a secret of the operators"


class Door:
    """A socket that answers HTTP or SMTP, and keeps what it heard."""

    def __init__(self, refusals: int = 0) -> None:
        self.heard: asyncio.Queue[tuple[dict[str, str], str]] = asyncio.Queue()
        self._refusals = refusals
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self, speaks: str) -> "Door":
        """Listen on a port of its own."""
        serve = self._http if speaks == "http" else self._smtp
        self._server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        """Listen no more."""
        assert self._server is not None
        self._server.close()

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = (await reader.readexactly(int(headers["content-length"]))).decode()
        self._refusals -= 1
        status = "503 Not Now" if self._refusals >= 0 else "204 Heard"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        if self._refusals < 0:
            self.heard.put_nowait((headers, body))
        writer.close()

    async def _smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        letter: list[str] = []
        writing = False
        while line := (await reader.readline()).decode():
            if writing and line != ".\r\n":
                letter.append(line)
                continue
            if writing:
                self.heard.put_nowait(({}, "".join(letter)))
            writing = line.upper().startswith("DATA")
            writer.write(b"354 go on\r\n" if writing else b"250 fine\r\n")
        writer.close()


async def told(bells: list[Bell], door: Door, *changes: Change) -> list[tuple[dict[str, str], str]]:
    """Ring for these changes and wait until the door heard them all."""
    told = Bells("host-1", bells)
    told.tell(changes)
    running = asyncio.create_task(told.run())
    try:
        async with asyncio.timeout(20):
            return [await door.heard.get() for _ in changes]
    finally:
        running.cancel()
        await door.close()


async def test_a_webhook_is_signed_and_says_which_sign() -> None:
    door = await Door().open("http")
    bell = WebhookBell(f"http://127.0.0.1:{door.port}/", SECRET, SystemClock())
    ((headers, body),) = await told([bell], door, RAISED)
    timestamp = headers[TIMESTAMP_HEADER.lower()]
    assert headers[SIGNATURE_HEADER.lower()] == sign(SECRET, timestamp, body.encode())
    said = json.loads(body)
    assert (said["what"], said["sign"]["sign"], said["watch"]) == (
        "raised",
        "engine_silent",
        "host-1",
    )


async def test_a_refused_alarm_is_told_again_and_in_order() -> None:
    door = await Door(refusals=1).open("http")
    bell = WebhookBell(f"http://127.0.0.1:{door.port}/", SECRET, SystemClock())
    heard = await told([bell], door, RAISED, CLEARED)
    assert [json.loads(body)["what"] for _, body in heard] == ["raised", "cleared"]


async def test_a_letter_goes_through_the_houses_own_server() -> None:
    door = await Door().open("smtp")
    bell = EmailBell(f"smtp://127.0.0.1:{door.port}", ["ops@example.cn"], "yunshang@example.cn")
    ((_, letter),) = await told([bell], door, RAISED)
    assert "engine_silent" in letter
    assert "To: ops@example.cn" in letter


async def test_a_bell_that_hangs_holds_up_no_other() -> None:
    class Deaf:
        name = "deaf"

        async def ring(self, watch: str, change: Change) -> None:
            await asyncio.Event().wait()

    door = await Door().open("http")
    bell = WebhookBell(f"http://127.0.0.1:{door.port}/", SECRET, SystemClock())
    assert len(await told([Deaf(), bell], door, RAISED, CLEARED)) == 2


@pytest.mark.parametrize("channel", [None, "voice"])
def test_the_words_name_a_sign_and_nobody(channel: str | None) -> None:
    one = Standing(
        Sign.CHANNEL_FAILING, Severity.ALARM, SignState.RAISED, AT, 4, channel, raised_at=AT
    )
    text = words("host-1", Change("raised", one))
    assert "channel_failing" in text
    assert ("(voice)" in text) is (channel is not None)
    assert "打电话" in text


@pytest.mark.parametrize("what", ["raised", "cleared"])
def test_what_only_operators_mend_sends_nobody_to_the_telephone(what: str) -> None:
    one = Standing(Sign.ROWS_GIVEN_UP, Severity.INFO, SignState.RAISED, AT, 2, raised_at=AT)
    text = words("host-1", Change(what, one))
    assert "rows_given_up 2" in text
    assert "打电话" not in text
    assert "受损" not in text
