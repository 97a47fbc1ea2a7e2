"""How a peer speaks to our own worker."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from consult.media.engine import JoinTicket, Layer, Source
from consult.media.forward.channel import PROTOCOL, Channel
from tests.consult.media.peers.peer import Peer


class ForwardSignalling:
    """One socket; a peer does not resume."""

    def __init__(self) -> None:
        self._channel = Channel()
        self._socket: ClientConnection
        self._reading: asyncio.Task[None] | None = None

    async def enter(self, peer: Peer, ticket: JoinTicket) -> str:
        """Join and publish."""
        self._socket = await connect(ticket.url, subprotocols=[Subprotocol(PROTOCOL)])
        await self._socket.send(json.dumps({"type": "join", "token": ticket.token}))
        first = json.loads(await self._socket.recv())
        if first["type"] == "bye":
            await self._socket.close()
            return str(first["code"])
        self._reading = asyncio.create_task(self._reads(peer))
        if not peer.listens:
            text, sources = await peer.offer()
            await self._say(type="publish", n=1, sdp=text, sources=sources)
        return "welcome"

    async def leave(self) -> None:
        """Say it and close."""
        with suppress(ConnectionClosed):
            await self._say(type="leave")
        if self._reading is not None:
            self._reading.cancel()
        await self._socket.close()

    async def _shown_large(self, people: list[dict[str, Any]]) -> None:
        """Who sends layers wants everybody's large one."""
        for one in people:
            if any(each["source"] == Source.CAMERA for each in one["sources"]):
                await self._say(
                    type="show", participant=one["id"], source=Source.CAMERA, layer=Layer.HIGH
                )

    async def _say(self, **body: Any) -> None:
        await self._socket.send(self._channel.send(json.dumps(body).encode()).decode())

    async def _reads(self, peer: Peer) -> None:
        with suppress(ConnectionClosed):
            async for raw in self._socket:
                body = self._channel.receive(raw)
                if body is not None:
                    await self._heard(peer, json.loads(body))
                acknowledgement = self._channel.acknowledge()
                if acknowledgement is not None:
                    await self._socket.send(acknowledgement.decode())

    async def _heard(self, peer: Peer, body: dict[str, Any]) -> None:
        match body:
            case {"type": "answer", "sdp": text}:
                await peer.publish.accept(text)
            case {"type": "offer", "n": number, "sdp": text}:
                answer = await peer.subscribe.answer_to(text)
                await self._say(type="answer", n=number, sdp=answer)
            case {"type": "people", "people": people}:
                peer.people = frozenset(UUID(one["id"]) for one in people)
                if peer.layered:
                    await self._shown_large(people)
            case {"type": "recording"}:
                peer.recording = body
            case {"type": "bye", "code": code}:
                peer.bye = code
