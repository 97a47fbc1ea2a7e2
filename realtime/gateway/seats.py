"""How many may be connected to one worker, in all and with one token.

Whoever finds no seat is told so (close code 1013, `ctg.too_many_connections`) and comes again,
waiting longer each time; who has a seat notices nothing.
"""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from picows import WSTransport

from realtime.gateway.door import MAX_OUTSIDE
from realtime.gateway.socketry import MessageListener

CONNECTIONS: Final = 12_000
"""Of one worker, unless its settings say otherwise."""
SENDERS_EACH: Final = 256
"""Connections of one device token: a centre has one, and a few that it does not know are dead."""
VIEWERS_EACH: Final = 32
"""Connections of one login: windows with a wall."""
VIEWERS_SHARE: Final = 4
"""Of all connections one in so many may be a viewer: whoever looks never shuts a monitor out."""
OWN_FILES: Final = 128
"""The database's connections, logs, timers."""
TRY_AGAIN_LATER: Final = 1013
TOO_MANY: Final = "ctg.too_many_connections"


@dataclass(slots=True)
class Seats:
    """Counts who is in, by token; `refused` is how many found no seat."""

    most: int
    most_each: int
    taken: Counter[Hashable] = field(default_factory=Counter)
    count: int = 0
    refused: int = 0

    def free_for(self, token: Hashable) -> bool:
        """Whether one more with this token may come in; a no is counted."""
        free = self.count < self.most and self.taken[token] < self.most_each
        self.refused += not free
        return free

    def take(self, token: Hashable) -> None:
        """One with this token is in."""
        self.taken[token] += 1
        self.count += 1

    def leave(self, token: Hashable) -> None:
        """One with this token has gone."""
        self.taken[token] -= 1
        self.count -= 1
        if self.taken[token] <= 0:
            del self.taken[token]


class TurnedAway(MessageListener):
    """Says why at once, in a form that every client of ours can read, browsers too."""

    __slots__ = ()

    def on_ws_connected(self, transport: WSTransport) -> None:
        super().on_ws_connected(transport)
        self.hang_up(TRY_AGAIN_LATER, TOO_MANY)


def within_descriptors(wanted: int) -> int:
    """So many senders, at most `wanted`, as the files that this process may open allow.

    They allow for the viewers and for who stands outside, too. The limit is first raised as far as
    the system lets us.
    """
    others = MAX_OUTSIDE + OWN_FILES
    needed = wanted + wanted // VIEWERS_SHARE + others
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    room = max(soft - others, soft // 2)
    return min(wanted, room * VIEWERS_SHARE // (VIEWERS_SHARE + 1))
