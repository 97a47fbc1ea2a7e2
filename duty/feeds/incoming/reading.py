"""What a file is read into, whatever its kind."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

MAX_BYTES = 1_000_000
MAX_ENTRIES = 2_000
MAX_NAME = 60
MAX_HOURS = 24 * 14

Kind = Literal["excel", "ical"]


class Wanted(msgspec.Struct, frozen=True):
    """What the reader has to know about the plan.

    Attributes:
        headings: what the plan's places are called, and which they are.
        slot_id: the place for calendar entries that name none.
        start: the plan's first moment; `end` is half-open.
    """

    kind: Kind
    headings: dict[str, UUID]
    start: datetime
    end: datetime
    slot_id: UUID | None = None


class Entry(msgspec.Struct, frozen=True):
    """Somebody named by the file, in a place, half-open; `where` is a cell or an entry."""

    where: str
    name: str
    slot_id: UUID
    start: datetime
    end: datetime


class Trouble(msgspec.Struct, frozen=True):
    """What could not be read, and where; `reason` is a code."""

    where: str
    reason: str
    said: str = ""


class Reading(msgspec.Struct, frozen=True):
    """Everything in the file: what was understood and what was not."""

    entries: list[Entry] = []
    troubles: list[Trouble] = []


class Unreadable(Exception):
    """The whole file is no use. `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def short(text: object) -> str:
    """As much of a foreign text as an answer repeats."""
    return "".join(letter if letter.isprintable() else " " for letter in str(text))[:MAX_NAME]


def in_words(day: date) -> str:
    """`周五`."""
    return "周" + "一二三四五六日"[day.weekday()]
