"""What a LiveKit server says of itself: webhooks, checked.

See https://docs.livekit.io/home/server/webhooks/: a POST of JSON (`application/webhook+json`) whose
Authorization is a token under the API key; its claim `sha256` is base64 of the body's SHA-256.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec

from consult.media.errors import HookRefused
from consult.media.livekit.rooms import Key

LONGEST: Final = 2048
"""Characters of a token."""


class _Room(msgspec.Struct):
    name: str = ""


class _Event(msgspec.Struct):
    room: _Room | None = None


def room_of(key: Key, token: str, body: bytes, at: datetime) -> UUID | None:
    """The room that an event is about; None of what is about no room of ours.

    Args:
        key: that the server signs its webhooks with.
        token: the Authorization header as it came.
        body: the very bytes that were sent.
        at: when it came.

    Raises:
        HookRefused: of another key, not for this body, or not at this time.
    """
    claims = key.read(token, at) if len(token) <= LONGEST else None
    mark = b64encode(sha256(body).digest()).decode()
    if claims is None or not hmac.compare_digest(claims.sha256.encode(), mark.encode()):
        raise HookRefused()
    try:
        room = msgspec.json.decode(body, type=_Event).room
        return UUID(room.name) if room else None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        # Signed, so LiveKit's own; a server may carry rooms of others.
        return None
