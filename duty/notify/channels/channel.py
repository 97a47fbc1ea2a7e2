"""What a channel is: takes one message, says what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from kernel.ids import PageId


class Purpose(StrEnum):
    """Why somebody is written to or called; chooses the text."""

    PAGE = "page"
    DRILL = "drill"
    TEST = "test"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, ready to go. It says level, case number and callback; never who the patient is.

    Attributes:
        id: the receiver's key for collapsing repeats.
        attempt: how often this id has been sent, counting this time.
        page_id: the page it is about; None for a verification or a test call.
        address: where to, as registered; only a registered endpoint is ever contacted.
        secret: shared with the receiver, for signing; empty where the address is enough.
        callback: the sending facility's duty phone, or empty.
        purpose: a page in earnest, a drill, a monthly test or the check of a new address.
        code: what the receiver types back to prove an address; empty otherwise.
        link: where the page is answered, by a button and never by opening it; or empty.
        language: zh or en.
    """

    id: UUID
    page_id: PageId | None
    attempt: int
    address: str
    secret: str
    event: str
    level: str
    title: str
    callback: str
    paged_at: datetime
    purpose: Purpose = Purpose.PAGE
    code: str = ""
    link: str = ""
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel took the message over.

    `provider_ref` is the provider's own name for it (`<provider>:<id>`), by which its receipts and
    replies are found again; None where the provider gives none.
    """

    provider_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It certainly did not go out; `again` if another try may help, after `after_s` s or more."""

    reason: str
    again: bool
    after_s: float = 0


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may or may not have gone out: the same id is sent again."""

    reason: str


Outcome = Sent | Failed | InDoubt


class Channel(Protocol):
    """An adapter: SMS, voice, WeCom, DingTalk and webhook differ only behind this."""

    @property
    def name(self) -> str:
        """The channel's name, as messages and contact points have it."""
        ...

    async def send(self, message: Outgoing) -> Outcome:
        """Send one message. Returns within the channel's own time limit and never raises."""
        ...

    async def close(self) -> None:
        """Give its connections back."""
        ...
