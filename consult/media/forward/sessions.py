"""Sockets of a worker: who opens one, with what proof, and how it goes on after a cut."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from contextlib import suppress
from typing import Final
from uuid import UUID, uuid4

import msgspec
import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from consult.media.errors import MediaUnavailable, TokenRefused
from consult.media.forward import messages as said
from consult.media.forward.channel import Channel, ChannelBroken
from consult.media.forward.directory import Directory
from consult.media.forward.member import Member
from consult.media.forward.room import Outside, Room, RoomIsFull
from consult.media.tokens import Claims, TokenKey

log = structlog.get_logger()

GRACE_S: Final = 30.0
"""A session waits so long for its next socket."""
OPENING_S: Final = 5.0


class Session:
    """One client's channel, over however many sockets."""

    def __init__(self) -> None:
        self.id = uuid4()
        self.secret = secrets.token_urlsafe(24)
        self.channel = Channel()
        self.room: Room
        self.member: Member
        self.over = False
        self.gone_at: float | None = None
        self._queue: asyncio.Queue[bytes | None] | None = None

    def tell(self, message: said.ToClient) -> None:
        """Say something, now or at the next socket; `Bye` is the last."""
        if self.over:
            return
        try:
            frame = self.channel.send(msgspec.json.encode(message))
        except ChannelBroken:
            self.over = True
            self.put(None)
            return
        self.put(frame)
        if isinstance(message, said.Bye):
            self.over = True
            self.put(None)

    def put(self, frame: bytes | None) -> None:
        """Give a frame to the present socket, if there is one; None closes it."""
        if self._queue is not None:
            self._queue.put_nowait(frame)

    def attach(self) -> asyncio.Queue[bytes | None]:
        """A new socket; the one before it is closed."""
        self.put(None)
        self._queue = asyncio.Queue()
        self.gone_at = None
        return self._queue

    def detach(self, queue: asyncio.Queue[bytes | None], at: float) -> bool:
        """A socket ended; True if it was the present one."""
        if self._queue is not queue:
            return False
        self._queue, self.gone_at = None, at
        return True


class Sessions:
    """All sessions of a worker."""

    def __init__(self, url: str, key: TokenKey, directory: Directory, outside: Outside) -> None:
        self.rooms: dict[UUID, Room] = {}
        self._url = url
        self._key = key
        self._directory = directory
        self._outside = outside
        self._sessions: dict[UUID, Session] = {}

    async def serve(self, socket: ServerConnection) -> None:
        """One socket, from its first frame to its end."""
        try:
            async with asyncio.timeout(OPENING_S):
                opening = msgspec.json.decode(await socket.recv(), type=said.Opening)
            waiting: list[bytes] = []
            if isinstance(opening, said.Join):
                session = await self._joined(opening)
            else:
                session = self._found(opening)
                waiting = session.channel.resume(opening.ack)
        except _Refused as refused:
            with suppress(ConnectionClosed):
                await socket.send(msgspec.json.encode(said.Bye(code=refused.code)).decode())
            return
        except (TimeoutError, ConnectionClosed, msgspec.DecodeError, ChannelBroken):
            return
        queue = session.attach()
        session.member.has_socket = True
        queue.put_nowait(msgspec.json.encode(_welcome(session)))
        for frame in waiting or session.channel.resume(0):
            queue.put_nowait(frame)
        await self._both_ways(socket, session, queue)

    async def _both_ways(
        self, socket: ServerConnection, session: Session, queue: asyncio.Queue[bytes | None]
    ) -> None:
        writing = asyncio.create_task(_write(socket, queue))
        try:
            async for raw in socket:
                if session.over:  # what was on its way when somebody came in its place
                    break
                body = session.channel.receive(raw)
                if body is not None:
                    message = msgspec.json.decode(body, type=said.FromClient)
                    await session.room.handle(session.member, message)
                acknowledgement = session.channel.acknowledge()
                if acknowledgement is not None:
                    queue.put_nowait(acknowledgement)
        except (ChannelBroken, msgspec.DecodeError):
            session.tell(said.Bye(code="broken"))
        except ConnectionClosed:
            pass
        finally:
            queue.put_nowait(None)
            with suppress(ConnectionClosed):
                await writing
            ended = session.detach(queue, self._outside.now())
            # Whoever came anew meanwhile has another socket: the end of the former is not theirs.
            if ended and session.member.hears_by(session.tell):
                session.member.has_socket = False

    async def _joined(self, opening: said.Join) -> Session:
        claims = await self._allowed(opening.token)
        session = Session()
        room = self.rooms.get(claims.room)
        if room is None:
            room = self.rooms[claims.room] = Room(claims.room, self._outside)
        session.room = room
        try:
            session.member = await room.join(claims, session.tell)
        except RoomIsFull:
            raise _Refused("full") from None
        self._sessions[session.id] = session
        return session

    async def _allowed(self, token: str) -> Claims:
        """What a token that may be used now says; it is used up."""
        try:
            claims = self._key.read(token, self._outside.clock.now())
            if await self._directory.sent_out([(claims.room, claims.participant)]):
                raise _Refused("refused")
            if not await self._directory.holds(claims.room, self._url):
                raise _Refused("moved")
            if not await self._directory.burn(claims.jti):
                raise _Refused("refused")
        except TokenRefused:
            raise _Refused("refused") from None
        except MediaUnavailable:
            # Nobody can tell whether the token was used: it may not be taken.
            raise _Refused("gone") from None
        return claims

    def _found(self, opening: said.Resume) -> Session:
        session = self._sessions.get(opening.session)
        if session is None or session.over:
            raise _Refused("gone")
        if not hmac.compare_digest(session.secret.encode(), opening.secret.encode()):
            raise _Refused("refused")
        return session

    def forget(self, at: float) -> None:
        """Drop sessions that are over or waited too long, and rooms that are empty."""
        for session in list(self._sessions.values()):
            waited = session.gone_at is not None and at - session.gone_at > GRACE_S
            if session.over or waited:
                session.over = True
                del self._sessions[session.id]
        for room in list(self.rooms.values()):
            if room.empty:
                del self.rooms[room.id]


class _Refused(Exception):
    def __init__(self, code: said.ByeCode) -> None:
        super().__init__(code)
        self.code = code


def _welcome(session: Session) -> said.Welcome:
    return said.Welcome(
        session=session.id,
        secret=session.secret,
        participant=session.member.id,
        publish=tuple(sorted(session.member.grants.publish)),
        ack=session.channel.seen,
    )


async def _write(socket: ServerConnection, queue: asyncio.Queue[bytes | None]) -> None:
    while (frame := await queue.get()) is not None:
        await socket.send(frame.decode())
    await socket.close()
