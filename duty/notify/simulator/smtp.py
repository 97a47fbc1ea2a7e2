"""A mail server in few lines: AUTH PLAIN, one recipient, the text; mail lands on the phones."""

import asyncio
import base64
import binascii
from contextlib import suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from duty.notify.providers.file import Email
from duty.notify.simulator.behaviour import Rule
from duty.notify.simulator.exchange import Exchange

CHANNEL = "email"
MAX_LINE = 8192


class Smtp:
    """One conversation after another, by RFC 5321's commands."""

    def __init__(self, exchange: Exchange, contract: Email) -> None:
        self._exchange = exchange
        self._contract = contract

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the client has enough."""
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        known = not self._contract.username
        to, rule = "", Rule()
        writer.write(b"220 simulated ESMTP\r\n")
        while True:
            await writer.drain()
            line = (await reader.readuntil(b"\n"))[:MAX_LINE].decode(errors="replace").strip()
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO"):
                writer.write(b"250-simulated\r\n250 AUTH PLAIN\r\n")
            elif verb == "AUTH":
                known = self._credentials(line)
                writer.write(b"235 ok\r\n" if known else b"535 no\r\n")
            elif verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
                rule = self._exchange.behaviour.of(CHANNEL, to)
                writer.write(await self._recipient(reader, rule) if known else b"530 no\r\n")
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                await writer.drain()
                body = await reader.readuntil(b"\r\n.\r\n")
                self._take(to, body)
                if rule.answer == "swallow":
                    await reader.read()
                    return
                writer.write(b"250 taken\r\n")
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 ok\r\n")

    async def _recipient(self, reader: asyncio.StreamReader, rule: Rule) -> bytes:
        await asyncio.sleep(rule.delay_s)
        if rule.answer == "hang":
            await reader.read()
        return {
            "refuse": b"550 no such mailbox\r\n",
            "throttle": b"450 later\r\n",
            "error": b"451 local error\r\n",
            "garbage": b"\xff\xfe what\r\n",
        }.get(rule.answer, b"250 ok\r\n")

    def _credentials(self, line: str) -> bool:
        try:
            given = base64.b64decode(line.split()[2], validate=True).decode()
        except (IndexError, ValueError, binascii.Error):
            return False
        return given == f"\0{self._contract.username}\0{self._contract.password}"

    def _take(self, to: str, body: bytes) -> None:
        mail = message_from_bytes(body[:-5] + b"\r\n", policy=default)
        if not isinstance(mail, EmailMessage):
            return
        content = str(mail.get_content()).strip()
        reference = str(mail["Message-ID"]).strip("<>")
        self._exchange.put(CHANNEL, CHANNEL, to, f"{mail['Subject']}\n{content}", ref=reference)
