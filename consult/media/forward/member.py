"""One participant's connections, and how they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from consult.media.engine import Grants, Layer, Role, Source
from consult.media.forward import messages as said
from consult.media.forward.inbound import Publication
from consult.media.forward.layers import LossRule
from consult.media.forward.publisher import Publisher
from consult.media.forward.reception import Line
from consult.media.forward.subscriber import Offer, Subscriber

HERE_S: Final = 5.0
"""Media was heard within this time: they are there."""
FAIR: Final = 0.02
POOR: Final = 0.10
SLOW_S: Final = 0.4
SAY_RATE: Final = 50.0
"""Words to the other pages per second; a burst of as many is taken."""

Tell = Callable[[said.ToClient], None]


class Member:
    """Somebody in a room; outlives every connection. `at` is seconds of a steady clock."""

    def __init__(self, participant_id: UUID, role: Role, grants: Grants, at: float) -> None:
        self.id = participant_id
        self.role = role
        self.grants = grants
        self.publisher: Publisher | None = None
        self.subscriber: Subscriber
        self.here = False
        self.announced = False
        """It was said that they joined."""
        self.reconnects = 0
        self.audio_only_s = 0.0
        self.told_alone = False
        """It was said that pictures to them rest."""
        self.taken: dict[tuple[UUID, Source], Layer] = {}
        self.line = Line()
        self.rule = LossRule()
        """Outlives connections: a poor line is not better because it broke."""
        self.uplink: float | None = None
        self.has_socket = True
        self._here_at = at
        self._tell: Tell = _nobody
        self._said_at = at
        self._allowance = SAY_RATE

    def connect(self, tell: Tell, shown: Callable[[str], str]) -> None:
        """New connections; the old ones are closed already."""
        self._tell = tell
        self.has_socket = True

        async def offer(made: Offer) -> None:
            tracks = tuple(
                said.Track(mid=mid, participant=owner, source=source)
                for mid, (owner, source) in made.tracks.items()
            )
            tell(said.Offer(n=made.n, sdp=shown(made.sdp), tracks=tracks))

        self.publisher = None
        self.subscriber = Subscriber(offer, self.line, self.rule)
        self.taken = {}

    def tell(self, message: said.ToClient) -> None:
        """Say something to the client; waits for it if the socket is gone for a moment."""
        self._tell(message)

    def hears_by(self, tell: Tell) -> bool:
        """Whether this is how they are told things now, and not before they came anew."""
        return self._tell == tell

    def publisher_for(
        self,
        publication: Callable[[Source], Publication],
        ended: Callable[[Publication], Awaitable[None]],
    ) -> Publisher:
        """The connection that the client sends on; made at its first offer."""
        if self.publisher is None:
            self.publisher = Publisher(publication, ended, lambda: self.line.round_trip_s)
        return self.publisher

    async def candidate(self, message: said.Candidate) -> None:
        """A candidate of the client's; one that cannot be read is none."""
        end = self.publisher if message.of == "publish" else self.subscriber
        if end is not None:
            await end.connection.candidate(message.candidate, message.mid)

    async def part(self, bye: said.Bye) -> None:
        """Say good-bye and end both connections at once."""
        self._tell(bye)
        self._tell = _nobody
        await self.subscriber.close()
        if self.publisher is not None:
            await self.publisher.close()

    def tick(self, at: float) -> None:
        """Every second: reports to the sender, and whether they are heard."""
        if self.publisher is not None:
            self.uplink = self.publisher.report(at)
        heard = self._heard()
        if heard is not None:
            self.here = at - heard < HERE_S
        else:
            # Who neither sends nor is sent anything has no media to be heard by.
            idle = self.publisher is None and not self.subscriber.outs
            self.here = idle and self.has_socket
        if self.here:
            self._here_at = at
        if self.sound_alone:
            self.audio_only_s += 1.0

    @property
    def sound_alone(self) -> bool:
        """By the rule of losses no picture is sent to them."""
        return self.rule.level is Layer.OFF

    def gone_for(self, at: float) -> float:
        """Seconds without socket and media."""
        return 0.0 if self.has_socket or self.here else at - self._here_at

    def _heard(self) -> float | None:
        times = [self.subscriber.last_heard]
        if self.publisher is not None:
            times.append(self.publisher.last_heard)
        return max((heard for heard in times if heard is not None), default=None)

    def network(self) -> said.Network:
        """How the line is, both ways."""
        loss = max(self.uplink or 0.0, self.subscriber.loss or 0.0)
        round_trip_s = self.line.round_trip_s
        light: said.Light = "good"
        if not self.here:
            light = "lost"
        elif loss > POOR:
            light = "poor"
        elif loss > FAIR or round_trip_s > SLOW_S:
            light = "fair"
        return said.Network(
            id=self.id,
            light=light,
            loss=round(loss, 3),
            round_trip_ms=round(round_trip_s * 1000),
            audio_only=self.sound_alone,
        )

    def may_say(self, at: float) -> bool:
        """Whether a word to the others is within the allowance."""
        self._allowance = min(SAY_RATE, self._allowance + (at - self._said_at) * SAY_RATE)
        self._said_at = at
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


def _nobody(_message: said.ToClient) -> None:
    """There is no socket to say it to."""
