"""What a channel is: takes one message, says what became of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.ids import PageId


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, ready to go. It says level, case number and callback; never who the patient is.

    Attributes:
        id: the receiver's key for collapsing repeats.
        attempt: how often this id has been sent, counting this time.
        address: where to, as registered; only a registered endpoint is ever contacted.
        secret: shared with the receiver, for signing.
        callback: the sending facility's duty phone, or empty.
    """

    id: UUID
    page_id: PageId
    attempt: int
    address: str
    secret: str
    event: str
    level: str
    title: str
    callback: str
    paged_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel took the message over."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It certainly did not go out; `again` if a later try may help."""

    reason: str
    again: bool


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may or may not have gone out: the same id is sent again."""

    reason: str


Outcome = Sent | Failed | InDoubt


class Channel(Protocol):
    """An adapter: SMS, voice, WeCom, DingTalk and webhook differ only behind this."""

    name: str

    async def send(self, message: Outgoing) -> Outcome:
        """Send one message. Returns within the channel's own time limit and never raises."""
        ...
