"""One room: who is in it, what they send, and who is sent it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from consult.media.engine import (
    EngineEvent,
    Joined,
    Layer,
    Left,
    Recording,
    RecordingChanged,
    SoundAlone,
    Source,
    TrackChanged,
    WasLeft,
)
from consult.media.forward import messages as said
from consult.media.forward.disk import Disk
from consult.media.forward.inbound import Publication
from consult.media.forward.member import Member
from consult.media.forward.privates import InvalidStateError, OperationError
from consult.media.forward.recorder import Recorder
from consult.media.tokens import Claims
from kernel.clock import Clock

log = structlog.get_logger()

GONE_S: Final = 30.0
"""Neither socket nor media for so long: they left."""
QUALITY_EVERY: Final = 2
"""Seconds between two reports of everybody's line."""

Emit = Callable[[EngineEvent], None]
Tell = Callable[[said.ToClient], None]


class RoomIsFull(Exception):
    """The token's limit is reached."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a room has from its worker."""

    clock: Clock
    now: Callable[[], float]
    """Seconds of a steady clock."""
    emit: Emit
    shown: Callable[[str], str]
    """A description of ours, with the addresses that the world sees."""
    disk: Disk | None = None
    """Where recordings go."""


class Room:
    """Members and their publications.

    Whoever comes, publishes or goes changes what all others are sent, over many awaits: such
    changes wait for each other.
    """

    def __init__(self, room_id: UUID, outside: Outside) -> None:
        self.id = room_id
        self.members: dict[UUID, Member] = {}
        self.publications: dict[tuple[UUID, Source], Publication] = {}
        self.recorder = Recorder(outside.clock, outside.disk)
        self._outside = outside
        self._seconds = 0
        self._changing = asyncio.Lock()
        self._coming = 0

    @property
    def empty(self) -> bool:
        """Nobody is here, and nobody is on the way: whoever comes next may have another room."""
        return not self.members and not self._coming

    async def join(self, claims: Claims, tell: Tell) -> Member:
        """Somebody comes, or comes back: then they are the same participant, connected anew.

        Raises:
            RoomIsFull: the token's limit is reached.
        """
        self._coming += 1
        try:
            async with self._changing:
                return await self._join(claims, tell)
        finally:
            self._coming -= 1

    async def _join(self, claims: Claims, tell: Tell) -> Member:
        member = self.members.get(claims.participant)
        if member is None:
            if len(self.members) >= claims.limit:
                raise RoomIsFull
            member = Member(claims.participant, claims.role, claims.grants, self._outside.now())
            self.members[member.id] = member
            self._look()  # who has not agreed stops a recording by coming
        else:
            await member.part(said.Bye(code="elsewhere"))
            member.reconnects += 1
        member.grants = claims.grants
        member.connect(tell, self._outside.shown)
        for publication in self.publications.values():
            if publication.owner != member.id:
                await member.subscriber.add(publication)
        self._tell_people()
        member.tell(self.recorder.said())
        await member.subscriber.flush()
        return member

    async def handle(self, member: Member, message: said.FromClient) -> None:
        """One message of a client."""
        match message:
            case said.Publish() | said.Answer() | said.Leave():
                connection = member.reconnects
                async with self._changing:
                    here = self.members.get(member.id) is member
                    # Whoever came anew while this waited is not meant by it.
                    if here and member.reconnects == connection:
                        await self._change(member, message)
            case said.Candidate():
                await member.candidate(message)
            case said.Show():
                member.subscriber.wish((message.participant, message.source), message.layer)
            case said.Mute():
                publication = self.publications.get((member.id, message.source))
                if publication is not None:
                    self._mute(publication, by_self=message.muted, by_host=publication.held)
            case said.Say():
                self._say(member, message)

    async def _change(
        self, member: Member, message: said.Publish | said.Answer | said.Leave
    ) -> None:
        match message:
            case said.Publish():
                await self._publish(member, message)
            case said.Answer():
                await member.subscriber.answered(message.n, message.sdp)
            case said.Leave():
                await self._leave(member.id, Left.WENT)

    async def _publish(self, member: Member, message: said.Publish) -> None:
        sources = {
            mid: source
            for mid, source in message.sources.items()
            if source in member.grants.publish
        }
        publisher = member.publisher_for(
            lambda source: self._publication(member, source), self._ended
        )
        try:
            answer = await publisher.answer_to(message.sdp, sources)
        except (ValueError, AssertionError, OperationError, InvalidStateError) as error:
            # A description that cannot be read ends this client's attempt, nobody else's call.
            log.info("media.offer_refused", error=type(error).__name__)
            member.tell(said.Bye(code="broken"))
            return
        member.tell(said.Answer(n=message.n, sdp=self._outside.shown(answer)))
        carried = {publication.key for publication in publisher.publications}
        for key in [key for key in self.publications if key[0] == member.id]:
            if key not in carried:
                await self._ended(self.publications[key])
        for other in self.members.values():
            if other is not member:
                for publication in publisher.publications:
                    await other.subscriber.add(publication)
                await other.subscriber.flush()
        self._look()
        self._tell_people()

    def _publication(self, member: Member, source: Source) -> Publication:
        key = (member.id, source)
        found = self.publications.get(key)
        if found is None:
            found = self.publications[key] = Publication(member.id, source)
            self._outside.emit(TrackChanged(self.id, member.id, self._at(), source, live=True))
        return found

    async def _ended(self, publication: Publication) -> None:
        if self.publications.pop(publication.key, None) is None:
            return
        self._look()
        owner, source = publication.key
        self._outside.emit(TrackChanged(self.id, owner, self._at(), source, live=False))
        for member in self.members.values():
            await member.subscriber.remove(publication.key)
            await member.subscriber.flush()
        self._tell_people()

    def mute(self, participant_id: UUID, source: Source, muted: bool) -> None:
        """A host silences a source, or gives it back; its owner cannot undo it."""
        publication = self.publications.get((participant_id, source))
        if publication is not None:
            self._mute(publication, by_self=publication.own, by_host=muted)
            self.members[participant_id].tell(said.Muted(source=source, muted=muted))

    def _mute(self, publication: Publication, *, by_self: bool, by_host: bool) -> None:
        before = publication.muted
        publication.own, publication.held = by_self, by_host
        if publication.muted != before:
            owner, source = publication.key
            live = not publication.muted
            self._outside.emit(TrackChanged(self.id, owner, self._at(), source, live=live))
            self._tell_people()

    def cap(self, participant_id: UUID, cap: Layer) -> None:
        """Send this member no picture above `cap`."""
        member = self.members.get(participant_id)
        if member is not None:
            member.subscriber.cap = cap
            member.subscriber.set_layers()

    def record(self, asked: Recording | None) -> None:
        """Record the room while everybody in it agreed, or no more."""
        self.recorder.asked = asked
        self._look()

    def _look(self) -> None:
        """Let the recorder see who is here and what they send; tell what changed by it."""
        was = self.recorder.writing
        changed = self.recorder.look(self.members, self.publications)
        now = self.recorder.writing
        if was != now:
            for recording_id, running in ((was, False), (now, True)):
                if recording_id is not None:
                    self._outside.emit(RecordingChanged(self.id, recording_id, self._at(), running))
        if changed:
            for member in self.members.values():
                member.tell(self.recorder.said())

    def _say(self, member: Member, message: said.Say) -> None:
        if len(message.data) > said.MOST_SAID or not member.may_say(self._outside.now()):
            return
        words = said.Said(participant=member.id, topic=message.topic, data=message.data)
        for other in self.members.values():
            if other is not member:
                other.tell(words)

    async def leave(self, participant_id: UUID, why: Left) -> None:
        """Somebody is no longer there: nothing more to them, nothing more from them."""
        async with self._changing:
            await self._leave(participant_id, why)

    async def _leave(self, participant_id: UUID, why: Left) -> None:
        member = self.members.pop(participant_id, None)
        if member is None:
            return
        self._look()
        await member.part(said.Bye(code=_CODES[why]))
        for key in [key for key in self.publications if key[0] == participant_id]:
            await self._ended(self.publications[key])
        if member.announced:
            line = member.line
            loss = line.total_lost / line.total_expected if line.total_expected else None
            self._outside.emit(
                WasLeft(
                    self.id,
                    participant_id,
                    self._at(),
                    why,
                    loss=loss,
                    reconnects=member.reconnects,
                    audio_only_s=member.audio_only_s,
                )
            )
        self._tell_people()

    async def close(self, why: Left = Left.CLOSED) -> None:
        """Everybody out."""
        for participant_id in list(self.members):
            await self.leave(participant_id, why)

    def fast_tick(self, at: float) -> None:
        """Repairs; every 20 ms."""
        for member in list(self.members.values()):
            if member.publisher is not None:
                member.publisher.tick(at)

    async def slow_tick(self, at: float, *, strained: bool) -> None:
        """Reports, presence and the rule of losses; every second."""
        self._seconds += 1
        self.recorder.tick(at)
        self._look()
        for member in list(self.members.values()):
            before = member.here
            member.tick(at)
            if member.here and not member.announced:
                member.announced = True
                self._outside.emit(Joined(self.id, member.id, self._at()))
            if member.here != before:
                self._tell_people()
            if member.gone_for(at) > GONE_S:
                await self.leave(member.id, Left.LOST)
                continue
            self._levels(member, at, strained)
        if self._seconds % QUALITY_EVERY == 0:
            networks = tuple(member.network() for member in self.members.values())
            for member in self.members.values():
                member.tell(said.Quality(people=networks))

    def _levels(self, member: Member, at: float, strained: bool) -> None:
        subscriber = member.subscriber
        subscriber.strained = strained
        subscriber.tick(at)
        if member.announced and member.sound_alone is not member.told_alone:
            member.told_alone = member.sound_alone
            self._outside.emit(SoundAlone(self.id, member.id, self._at(), member.sound_alone))
        taken = subscriber.set_layers()
        if taken == member.taken:
            return
        member.taken = taken
        member.tell(
            said.Pictures(
                taken=tuple(
                    said.Picture(participant=owner, source=source, layer=layer)
                    for (owner, source), layer in taken.items()
                )
            )
        )

    def _tell_people(self) -> None:
        people = tuple(
            said.Person(
                id=member.id,
                role=member.role,
                here=member.here,
                sources=tuple(
                    said.Sending(source=source, muted=publication.muted)
                    for (owner, source), publication in self.publications.items()
                    if owner == member.id
                ),
            )
            for member in self.members.values()
        )
        for member in self.members.values():
            member.tell(said.People(people=people))

    def _at(self) -> datetime:
        return self._outside.clock.now()


_CODES: Final[dict[Left, said.ByeCode]] = {
    Left.WENT: "closed",
    Left.LOST: "gone",
    Left.EJECTED: "ejected",
    Left.CLOSED: "closed",
    Left.MOVED: "moved",
}
