"""LiveKit's tokens and RoomService: JWT (HS256) and Twirp, the JSON form of it.

See https://docs.livekit.io/home/get-started/authentication/ and livekit_room.proto of
github.com/livekit/protocol: field names are the proto's, enumerations are their names.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import httpx
import msgspec

from consult.media.engine import TICKET_TTL, Source
from consult.media.errors import MediaUnavailable

SKEW: Final = timedelta(seconds=30)
"""Between LiveKit's clock and ours."""
OUR_OWN: Final = timedelta(minutes=1)
"""Life of a token that we show ourselves."""
SOURCES: Final[Mapping[Source, str]] = {
    Source.MICROPHONE: "microphone",
    Source.CAMERA: "camera",
    Source.SCREEN: "screen_share",
    Source.ULTRASOUND: "screen_share",
}
"""LiveKit knows no ultrasound: a scan is a shared screen whose track is named `ultrasound`."""


class NotThere(Exception):
    """LiveKit knows no such room, participant or track."""


class Claims(msgspec.Struct, frozen=True):
    """What is read of a token that LiveKit signed. Times are whole seconds since 1970."""

    iss: str
    exp: int
    nbf: int = 0
    sha256: str = ""


class _Head(msgspec.Struct, frozen=True):
    alg: str


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of a LiveKit server and its secret."""

    name: str
    secret: str = field(repr=False)

    def token(self, at: datetime, ttl: timedelta, video: Mapping[str, Any], identity: str) -> str:
        """A token that grants `video` to `identity` from `at` for `ttl`."""
        claims = {
            "iss": self.name,
            "sub": identity,
            "nbf": int(at.timestamp()),
            "exp": int((at + ttl).timestamp()),
            "video": video,
        }
        parts = [{"alg": "HS256", "typ": "JWT"}, claims]
        signed = b".".join(_base64(json.dumps(part).encode()) for part in parts)
        return b".".join((signed, self._mark(signed))).decode()

    def read(self, token: str, at: datetime) -> Claims | None:
        """What a token says that was signed under this key and is valid at `at`."""
        signed, _, mark = token.rpartition(".")
        if not hmac.compare_digest(self._mark(signed.encode()), mark.encode()):
            return None
        try:
            head, body = map(_unbase64, signed.split("."))
            algorithm = msgspec.json.decode(head, type=_Head).alg
            claims = msgspec.json.decode(body, type=Claims)
        except ValueError:
            return None
        now, skew = at.timestamp(), SKEW.total_seconds()
        valid = claims.nbf - skew <= now < claims.exp + skew
        return claims if valid and algorithm == "HS256" and claims.iss == self.name else None

    def join(self, at: datetime, room: str, identity: str, publish: frozenset[Source]) -> str:
        """What a participant shows: may enter this room, and send these sources."""
        sources = sorted({SOURCES[source] for source in publish})
        video = {
            "room": room,
            "roomJoin": True,
            "canSubscribe": True,
            "canPublish": bool(sources),
            "canPublishSources": sources,
        }
        return self.token(at, TICKET_TTL, video, identity)

    def _mark(self, signed: bytes) -> bytes:
        return _base64(hmac.new(self.secret.encode(), signed, sha256).digest())


class RoomService:
    """Calls of livekit.RoomService.

    Args:
        client: whose `base_url` is the server's HTTP address.
    """

    def __init__(self, client: httpx.AsyncClient, key: Key) -> None:
        self._client = client
        self._key = key

    async def call(
        self, at: datetime, method: str, room: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """One call about one room.

        Raises:
            NotThere: it is about something that is not there.
            MediaUnavailable: no answer, or one that only an operator can mend.
        """
        video = {"room": room, "roomAdmin": True, "roomCreate": True, "roomList": True}
        token = self._key.token(at, OUR_OWN, video, "yunshang")
        try:
            answer = await self._client.post(
                f"/twirp/livekit.RoomService/{method}",
                json=dict(body),
                headers={"Authorization": f"Bearer {token}"},
            )
        except httpx.HTTPError as error:
            raise MediaUnavailable() from error
        if answer.status_code == httpx.codes.NOT_FOUND and _code(answer) == "not_found":
            raise NotThere
        if answer.is_error:
            raise MediaUnavailable()
        found: dict[str, Any] = answer.json()
        return found


def _code(answer: httpx.Response) -> str:
    """Twirp's word for an error; a proxy's page has none."""
    try:
        return str(answer.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""


def _base64(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def _unbase64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
