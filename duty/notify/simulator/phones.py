"""What lies on the simulated phones: texts, ringing calls, chat messages, mail."""

import itertools
from collections import deque
from datetime import datetime
from typing import Literal

import msgspec

KEPT = 500
CallState = Literal["", "ringing", "answered", "ended"]


class Item(msgspec.Struct):
    """One thing that reached somebody.

    Attributes:
        ref: the provider's name for it (BizId, CallId, msgid, …).
        out_id: the sender's own id, where the interface carries one.
        state: of a call only.
        keys: what was pressed.
    """

    no: int
    channel: str
    provider: str
    address: str
    at: datetime
    text: str
    ref: str
    out_id: str = ""
    link: str = ""
    state: CallState = ""
    keys: str = ""
    mine: bool = False


class Phones:
    """Everything that arrived, newest kept."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.items: deque[Item] = deque(maxlen=KEPT)
        self.changes = 0

    def take(self, item: Item) -> Item:
        """Put an item on its phone."""
        item.no = next(self._numbers)
        self.items.append(item)
        self.changes += 1
        return item

    def touched(self) -> None:
        """Something that is shown has changed."""
        self.changes += 1

    def find(self, no: int) -> Item | None:
        """The item of this number, if it is still kept."""
        return next((item for item in self.items if item.no == no), None)

    def sent(self, channel: str, out_id: str) -> Item | None:
        """The item that carries the sender's id, as a provider's query would find it."""
        found = (item for item in self.items if item.channel == channel and item.out_id == out_id)
        return next(found, None)
