"""Signalling that survives a lost socket: numbered, acknowledged, sent again. Sans-I/O.

Each side numbers what it sends from 1 and says with every frame the last number it has from the
other. A socket may break at any place; the next one begins with both numbers, and what the other
side has not seen is sent again. So everything arrives once and in order, or the channel is over.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

PROTOCOL: Final = "yunshang.media.v1"
MOST_UNSEEN: Final = 256
"""A client that takes nothing while so much waits for it is not there."""


class Frame(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One frame on the wire; without a body it only acknowledges."""

    seq: int = 0
    ack: int = 0
    body: msgspec.Raw = msgspec.Raw(b"")


class ChannelBroken(Exception):
    """The other side lost frames, invents numbers or takes nothing; begin anew."""


class Channel:
    """One side of a channel."""

    def __init__(self) -> None:
        self._sent = 0
        self._seen = 0
        self._said = 0
        self._unseen: OrderedDict[int, bytes] = OrderedDict()

    @property
    def seen(self) -> int:
        """The last number that came from the other side."""
        return self._seen

    def send(self, body: bytes) -> bytes:
        """The frame that carries `body`; keep sending even while there is no socket.

        Raises:
            ChannelBroken: too much waits.
        """
        if len(self._unseen) >= MOST_UNSEEN:
            raise ChannelBroken
        self._sent += 1
        self._unseen[self._sent] = body
        return self._frame(self._sent, body)

    def receive(self, raw: bytes | str) -> bytes | None:
        """The body of a frame; None when there is nothing new in it.

        Raises:
            ChannelBroken: a number was left out, or is not possible.
            msgspec.DecodeError: no frame at all.
        """
        frame = msgspec.json.decode(raw, type=Frame)
        self._acknowledged(frame.ack)
        if not frame.body or frame.seq <= self._seen:
            return None
        if frame.seq != self._seen + 1:
            raise ChannelBroken
        self._seen = frame.seq
        return bytes(frame.body)

    def acknowledge(self) -> bytes | None:
        """A frame that only acknowledges; None when the other side knows already."""
        if self._said == self._seen:
            return None
        self._said = self._seen
        return msgspec.json.encode(Frame(ack=self._seen))

    def resume(self, ack: int) -> list[bytes]:
        """A new socket: all that the other side, which has up to `ack`, is still to be sent.

        Raises:
            ChannelBroken: it names a number that was never sent.
        """
        self._acknowledged(ack)
        return [self._frame(number, body) for number, body in self._unseen.items()]

    def _acknowledged(self, ack: int) -> None:
        if not 0 <= ack <= self._sent:
            raise ChannelBroken
        while self._unseen and next(iter(self._unseen)) <= ack:
            self._unseen.popitem(last=False)

    def _frame(self, number: int, body: bytes) -> bytes:
        self._said = self._seen
        return msgspec.json.encode(Frame(seq=number, ack=self._seen, body=msgspec.Raw(body)))
