"""Messages of senders wait for each other, for one look at all of them.

A message that looks as its connection's usually do (`Usual`) and brings the next second of each of
its streams needs nothing done to it that cannot be done to a thousand at once. They are kept until
the next flush or tick and taken together; whatever is not usual in one is looked at by itself, by
its session, in the order in which it came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np

from realtime import frames
from realtime.gateway.commit import Committer
from realtime.gateway.live import Recordings
from realtime.gateway.rest import Rest
from realtime.session import IngestSession, Usual

MOST_BYTES: Final = 8_192 * frames.FRAME_BYTES
"""More than that is not kept waiting."""


class Sender(Protocol):
    """The connection that a message came by."""

    @property
    def session(self) -> IngestSession:
        """What is known of it."""

    def take_alone(self, data: bytes, at_ns: int) -> None:
        """Look at one message by itself."""


Message = tuple[Sender, bytes]


class Arrivals:
    """What has come and nobody has looked at."""

    def __init__(
        self,
        recordings: Recordings,
        committer: Committer,
        clock_ns: Callable[[], int],
        rest: Rest,
    ) -> None:
        self._rest = rest
        self._recordings = recordings
        self._committer = committer
        self._clock_ns = clock_ns
        self._waiting: list[Message] = []
        self._bytes = 0
        self._turn = 0
        self.received = 0

    def add(self, sender: Sender, data: bytes) -> None:
        """Keep one binary message."""
        if not self._waiting:
            self._committer.wake()
        self._waiting.append((sender, data))
        self._bytes += len(data)
        self._rest.came()
        if self._bytes >= MOST_BYTES:
            self.take()

    def take(self) -> None:
        """Look at all that has come: before a flush or a tick, and before text of a connection."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        self._rest.looked(len(waiting))
        if not waiting:
            return
        now_ns = self._clock_ns()
        # One message of a connection after the other: after a pause every one has several waiting.
        later = self._take_first(waiting, now_ns)
        while later:
            self._rest.stirred()
            later = self._take_first(later, now_ns)

    def _take_first(self, waiting: Sequence[Message], now_ns: int) -> list[Message]:
        """Take the first message of each connection, and return the others.

        Of a connection that has nothing usual all are taken.
        """
        self._turn += 1
        turn = self._turn
        usual: list[Message] = []
        looks: list[Usual] = []
        alone: list[Message] = []
        later: list[Message] = []
        for message in waiting:
            sender, data = message
            look = sender.session.usual
            if look is None:
                alone.append(message)
                continue
            if look.turn == turn:
                later.append(message)
                continue
            look.turn = turn
            if len(data) == look.size and data.startswith(look.head):
                usual.append(message)
                looks.append(look)
            else:
                alone.append(message)
        if usual:
            alone = [*self._take_usual(usual, looks, now_ns), *alone]
        if alone:
            self._rest.stirred()
        for sender, data in alone:
            sender.take_alone(data, now_ns)
        return later

    def _take_usual(
        self, messages: Sequence[Message], looks: Sequence[Usual], now_ns: int
    ) -> list[Message]:
        """Take what is the next second of each stream; return the messages that are not."""
        bodies = [data[len(look.head) :] for (_, data), look in zip(messages, looks, strict=True)]
        joined = b"".join(bodies)
        arrived = frames.view_frames(joined)
        places = np.frombuffer(b"".join([look.places for look in looks]), np.intp)
        numbers = np.frombuffer(b"".join([look.numbers for look in looks]), np.uint32)
        fits = frames.follow_on(arrived, numbers, self._recordings.columns.tail[places])
        others: list[Message] = []
        if not (fits.all() and frames.all_sealed(joined)):
            counts = np.array([look.count for look in looks])
            good = np.logical_and.reduceat(fits, np.cumsum(counts) - counts)
            good &= np.array([frames.all_sealed(body) for body in bodies])
            others = [messages[at] for at in np.flatnonzero(~good).tolist()]
            kept = np.repeat(good, counts)
            places, arrived = places[kept], frames.picked(arrived, kept)
            joined = arrived.tobytes()
        if len(places):
            self._recordings.receive(places, arrived, now_ns)
            self._committer.add(places, joined)
            self.received += len(places)
        return others
