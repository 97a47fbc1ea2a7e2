"""E-mail by the hospital's own SMTP server, with the standard library in a thread.

SMTP is a conversation of small steps; which step broke off decides between failure and doubt: once
the text has been sent and its receipt is missing, the mail may be on its way.
"""

import asyncio
import re
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Sent
from duty.notify.channels.texts import words
from kernel.clock import Clock

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[A-Za-z0-9.-]+\Z")
THREADS = 8


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes first. `tls`: from the first byte, by STARTTLS, or not at all."""

    host: str
    port: int
    sender: str
    tls: Literal["tls", "starttls", "none"] = "tls"
    username: str = ""
    password: str = ""
    timeout_s: float = 5.0


class EmailChannel:
    """Mails one person."""

    name = "email"

    def __init__(self, server: SmtpServer, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="email")

    async def close(self) -> None:
        """Take no more work; a conversation under way ends by its own time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def send(self, message: Outgoing) -> Outcome:
        """Hand the mail to the server; what takes too long is doubt."""
        if not _ADDRESS.match(message.address):
            return Failed("address", again=False)
        mail = self._compose(message)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._server.timeout_s * 1.5):
                return await loop.run_in_executor(self._threads, deliver, self._server, mail)
        except TimeoutError:
            return InDoubt("TimeoutError")

    def _compose(self, message: Outgoing) -> EmailMessage:
        said = words(message)
        mail = EmailMessage()
        mail["From"] = self._server.sender
        mail["To"] = message.address
        mail["Subject"] = said.title
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = f"<{message.id}@{self._server.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Priority"] = "1"
        mail.set_content(said.text() + "\n", charset="utf-8")
        return mail


def deliver(server: SmtpServer, mail: EmailMessage) -> Outcome:
    """The whole conversation, in a thread of its own."""
    handed_over = False
    try:
        with _connected(server) as smtp:
            if server.tls == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if server.username:
                smtp.login(server.username, server.password)
            smtp.ehlo_or_helo_if_needed()
            refused = _envelope(smtp, mail)
            if refused is not None:
                return refused
            handed_over = True
            code, _ = smtp.data(mail.as_bytes())
            if code != 250:
                return _failed(code) if 400 <= code < 600 else InDoubt("garbage")
            return Sent(f"email:{mail['Message-ID']}")
    except smtplib.SMTPAuthenticationError:
        return Failed("authentication", again=False)
    except smtplib.SMTPResponseException as error:
        return _failed(error.smtp_code)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        name = type(error).__name__
        return InDoubt(name) if handed_over else Failed(name, again=True)


def _connected(server: SmtpServer) -> smtplib.SMTP:
    if server.tls == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_s, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)


def _envelope(smtp: smtplib.SMTP, mail: EmailMessage) -> Failed | None:
    for code, _ in (smtp.mail(mail["From"]), smtp.rcpt(mail["To"])):
        if code not in (250, 251):
            return _failed(code)
    return None


def _failed(code: int) -> Failed:
    """SMTP: 4xx may pass, 5xx will not (RFC 5321, 4.2.1); what is no answer at all may."""
    return Failed(f"smtp_{code}", again=not 500 <= code < 600)
