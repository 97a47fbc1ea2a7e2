"""How a peer speaks to Janus: one handle to publish, one to be sent the others."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

from consult.media.engine import JoinTicket
from consult.media.errors import MediaUnavailable
from consult.media.janus.api import Answer, Handle, JanusRefused, Session, open_session
from tests.consult.media.peers.peer import Peer


class JanusSignalling:
    """Publishes, subscribes to whoever else publishes, one change after the other."""

    def __init__(self) -> None:
        self._session: Session
        self._subscriber: Handle | None = None
        self._peer: Peer
        self._room = ""
        self._private: int = 0
        self._people: set[str] = set()
        self._came: asyncio.Queue[list[str]] = asyncio.Queue()
        self._following: asyncio.Task[None] | None = None

    async def enter(self, peer: Peer, ticket: JoinTicket) -> str:
        """Join and publish; any refusal is "refused", as with our own worker."""
        self._peer = peer
        self._session = await open_session(ticket.url)
        self._room, me, word = ticket.token.split(".")
        publisher = await self._session.attach()
        publisher.heard = self._heard
        try:
            joined = await publisher.request(
                request="join", ptype="publisher", room=self._room, id=me, token=word
            )
        except JanusRefused:
            await self._session.close()
            return "refused"
        self._private = joined.data["private_id"]
        self._people.add(me)
        text, sources = await peer.offer()
        described = [{"mid": mid, "description": source} for mid, source in sources.items()]
        answer = await publisher.request(("offer", text), request="publish", descriptions=described)
        assert answer.sdp is not None
        await peer.publish.accept(answer.sdp)
        self._following = asyncio.create_task(self._follows(word))
        self._publishers(joined.data)
        return "welcome"

    async def leave(self) -> None:
        """Say it and close."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        with suppress(MediaUnavailable):
            await self._session.ask({"janus": "destroy"})
        await self._session.close()

    def _heard(self, event: Answer) -> None:
        self._publishers(event.data)
        gone = event.data.get("leaving") or event.data.get("kicked")
        if gone == "ok" or event.data.get("reason") == "kicked":
            self._peer.bye = "ejected"
        elif event.data.get("videoroom") == "destroyed":
            self._peer.bye = "closed"
        elif gone:
            self._people.discard(gone)
        self._tell()

    def _publishers(self, data: dict[str, Any]) -> None:
        came = [one["id"] for one in data.get("publishers", [])]
        if came:
            self._people |= set(came)
            self._came.put_nowait(came)
        self._tell()

    def _tell(self) -> None:
        self._peer.people = frozenset(UUID(one) for one in self._people)

    async def _follows(self, word: str) -> None:
        while True:
            streams = [{"feed": one} for one in await self._came.get()]
            if self._subscriber is None:
                self._subscriber = await self._session.attach()
                offer = await self._subscriber.request(
                    request="join",
                    ptype="subscriber",
                    room=self._room,
                    streams=streams,
                    private_id=self._private,
                    token=word,
                )
            else:
                offer = await self._subscriber.request(request="subscribe", streams=streams)
            if offer.sdp is not None:
                answer = await self._peer.subscribe.answer_to(offer.sdp)
                await self._subscriber.request(("answer", answer), request="start")
