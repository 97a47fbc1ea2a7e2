"""Who is in a room while people come and go at the same moment."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import msgspec

from consult.media.engine import EngineEvent, Left, Role, Source
from consult.media.forward import messages as said
from consult.media.forward.inbound import Publication
from consult.media.forward.room import Outside, Room
from consult.media.tokens import Claims
from kernel.clock import SystemClock

ROOM = UUID(int=1)


def _claims(number: int) -> Claims:
    return Claims(
        room=ROOM,
        participant=UUID(int=number),
        role=Role.EXPERT,
        publish=tuple(Source),
        limit=8,
        exp=0,
        jti=UUID(int=100 + number),
    )


def _room() -> Room:
    events: list[EngineEvent] = []
    return Room(ROOM, Outside(SystemClock(), time.monotonic, events.append, str))


async def test_a_room_that_somebody_is_entering_is_not_empty() -> None:
    room = _room()
    assert room.empty
    # Whoever is offered something has sockets, and takes a while to go.
    room.publications[UUID(int=9), Source.CAMERA] = Publication(UUID(int=9), Source.CAMERA)
    await room.join(_claims(1), lambda _message: None)
    leaving = asyncio.create_task(room.leave(UUID(int=1), Left.WENT))
    await asyncio.sleep(0)
    coming = asyncio.create_task(room.join(_claims(2), lambda _message: None))
    await asyncio.sleep(0)
    while not (leaving.done() and coming.done()):
        assert not room.empty
        await asyncio.sleep(0)
    assert set(room.members) == {UUID(int=2)}
    await room.close()
    assert room.empty


async def test_a_connection_that_is_over_is_offered_nothing_and_harms_nobody() -> None:
    room, heard = _room(), list[said.ToClient]()
    member = await room.join(_claims(1), heard.append)
    await member.subscriber.connection.close()
    await member.subscriber.add(Publication(UUID(int=2), Source.CAMERA))
    await member.subscriber.flush()
    assert not [message for message in heard if isinstance(message, said.Offer)]
    assert member.subscriber.outs == {}

    # They come again as the same participant, with new connections, and are sent what there is.
    room.publications[UUID(int=2), Source.CAMERA] = Publication(UUID(int=2), Source.CAMERA)
    again = await room.join(_claims(1), heard.append)
    assert again is member
    (offer,) = [message for message in heard if isinstance(message, said.Offer)]
    assert msgspec.to_builtins(offer.tracks[0])["participant"] == str(UUID(int=2))
    await room.close()


async def test_a_good_bye_of_before_sends_nobody_out_who_has_come_anew() -> None:
    room = _room()
    room.publications[UUID(int=9), Source.CAMERA] = Publication(UUID(int=9), Source.CAMERA)
    member = await room.join(_claims(1), lambda _message: None)
    coming = asyncio.create_task(room.join(_claims(1), lambda _message: None))
    await asyncio.sleep(0)
    await room.handle(member, said.Leave())
    assert await coming is member
    assert room.members == {member.id: member}
    await room.handle(member, said.Leave())
    assert room.empty
