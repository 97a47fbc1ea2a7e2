"""Proofs that a client shows a worker: join tokens, resume secrets and TURN passwords.

A join token is base64url(JSON) "." base64url(HMAC-SHA-256 of that text): short, checked without
asking anybody, and it names nobody but opaque ids. It opens one connection: its `jti` is burnt
where it is used. TURN passwords follow coturn's REST scheme (draft-uberti-behave-turn-rest-00):
username "expiry:name", password base64(HMAC-SHA-1(secret, username)).
"""

from __future__ import annotations

import hmac
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha1, sha256
from typing import Final
from uuid import UUID

import msgspec

from consult.media.engine import TICKET_TTL, Grants, IceServer, Participant, Role, Source
from consult.media.errors import TokenRefused
from kernel.sealing import subkey

TURN_TTL: Final = timedelta(minutes=10)
LONGEST: Final = 2048


class Claims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a join token says. Times are whole seconds since 1970."""

    room: UUID
    participant: UUID
    role: Role
    publish: tuple[Source, ...]
    limit: int
    exp: int
    jti: UUID

    @property
    def grants(self) -> Grants:
        """What its bearer may send."""
        return Grants(frozenset(self.publish))


class TokenKey:
    """Signs and reads join tokens under a key of their own."""

    def __init__(self, master: bytes) -> None:
        self._key = subkey(master, "media-join")

    def sign(
        self,
        room_id: UUID,
        participant: Participant,
        grants: Grants,
        *,
        limit: int,
        jti: UUID,
        at: datetime,
    ) -> str:
        """A token valid `TICKET_TTL` from `at`."""
        claims = Claims(
            room=room_id,
            participant=participant.id,
            role=participant.role,
            publish=tuple(sorted(grants.publish)),
            limit=limit,
            exp=int((at + TICKET_TTL).timestamp()),
            jti=jti,
        )
        body = urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=")
        return f"{body.decode()}.{self._mark(body)}"

    def read(self, token: str, at: datetime) -> Claims:
        """What a token says, if we said it and it is still valid.

        Raises:
            TokenRefused: forged, garbled, or expired at `at`.
        """
        body, dot, mark = token.partition(".")
        if not dot or len(token) > LONGEST or not token.isascii():
            raise TokenRefused()
        if not hmac.compare_digest(self._mark(body.encode()), mark):
            raise TokenRefused()
        claims = msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Claims)
        if not at.timestamp() < claims.exp <= (at + 2 * TICKET_TTL).timestamp():
            raise TokenRefused()
        return claims

    def _mark(self, body: bytes) -> str:
        digest = hmac.new(self._key, body, sha256).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


def turn_servers(
    urls: Sequence[str], secret: str, participant_id: UUID, at: datetime
) -> tuple[IceServer, ...]:
    """The relays for one participant; without relays an empty tuple, never somebody else's.

    Args:
        urls: turn:, turns: and stun: addresses of our own servers.
        secret: coturn's `static-auth-secret`.
        participant_id: stands in the username, so that the relay's log can be joined to the room.
        at: the password is valid `TURN_TTL` from here.
    """
    plain = tuple(url for url in urls if url.startswith(("stun:", "stuns:")))
    relays = tuple(url for url in urls if url.startswith(("turn:", "turns:")))
    servers = [IceServer(plain)] if plain else []
    if relays and secret:
        username = f"{int((at + TURN_TTL).timestamp())}:{participant_id}"
        digest = hmac.new(secret.encode(), username.encode(), sha1).digest()
        servers.append(IceServer(relays, username, b64encode(digest).decode()))
    return tuple(servers)
