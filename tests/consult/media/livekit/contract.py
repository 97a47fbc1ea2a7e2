"""LiveKit's RoomService as its documentation words it: tokens checked, rooms kept, Twirp's errors.

Written from livekit_room.proto, not from our engine: it says no to whatever the contract does not
have. No media flows here; people appear when a test lets them in with their token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Litestar, Request, Response, post

KEY, SECRET = "tests", "a secret of thirty-two characters"
FIELDS: Final = {
    "CreateRoom": {"name", "max_participants"},
    "ListParticipants": {"room"},
    "RemoveParticipant": {"room", "identity"},
    "MutePublishedTrack": {"room", "identity", "track_sid", "muted"},
    "DeleteRoom": {"room"},
}
TRACKS: Final = {
    "microphone": ("AUDIO", "MICROPHONE"),
    "camera": ("VIDEO", "CAMERA"),
    "ultrasound": ("VIDEO", "SCREEN_SHARE"),
}


class Twirp(Exception):
    """An error in Twirp's words."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def opened(token: str) -> dict[str, Any]:
    """The claims of a token that is ours and valid now."""
    head, body, mark = token.split(".")
    signed = f"{head}.{body}".encode()
    right = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    if _read(head) != {"alg": "HS256", "typ": "JWT"} or not hmac.compare_digest(
        base64.urlsafe_b64decode(mark + "=="), right
    ):
        raise Twirp(401, "unauthenticated")
    claims = _read(body)
    if claims["iss"] != KEY or not claims["nbf"] <= time.time() + 1 < claims["exp"]:
        raise Twirp(401, "unauthenticated")
    return claims


def webhook(
    room: str, *, secret: str = SECRET, key: str = KEY, age_s: int = 0, of: bytes | None = None
) -> tuple[bytes, dict[str, str]]:
    """What a server posts when somebody joined: body and headers.

    Args:
        room: its name.
        secret: that it signs with.
        key: whose secret that is.
        age_s: seconds since it was signed; it is valid for 300.
        of: the body that was signed, if it is another one.
    """
    event = {"event": "participant_joined", "room": {"sid": "RM_1", "name": room}, "id": "EV_1"}
    body = json.dumps(
        event | {"participant": {"identity": "x"}, "createdAt": "1764300000"}
    ).encode()
    digest = hashlib.sha256(body if of is None else of).digest()
    now = int(time.time()) - age_s
    claims = {"iss": key, "nbf": now, "exp": now + 300, "sha256": base64.b64encode(digest).decode()}
    parts = [_write({"alg": "HS256", "typ": "JWT"}), _write(claims)]
    signed = ".".join(parts)
    mark = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    token = f"{signed}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"
    return body, {"authorization": token, "content-type": "application/webhook+json"}


def _write(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _read(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return found


@dataclass(slots=True)
class LiveKit:
    """The server."""

    rooms: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    broken: bool = False
    told: dict[str, Callable[[str], None]] = field(default_factory=dict)
    """By identity: what a client is told when its stay is ended by somebody else."""

    def enter(self, token: str, *tracks: str, state: str = "ACTIVE") -> str:
        """Somebody connects with a token and publishes; who they are."""
        claims = opened(token)
        video = claims["video"]
        if not video.get("roomJoin"):
            raise Twirp(403, "permission_denied")
        identity: str = claims["sub"]
        people = self.rooms.get(video["room"])
        if people is None:
            raise Twirp(404, "not_found")
        published = []
        for name in tracks:
            kind, source = TRACKS[name]
            if source.lower() not in video["canPublishSources"]:
                raise Twirp(403, "permission_denied")
            track = {"sid": f"TR_{identity}_{name}", "type": kind, "source": source}
            published.append(track | {"name": name, "muted": False})
        person = {"sid": f"PA_{identity}", "identity": identity, "state": state}
        people[identity] = person | {"tracks": published}
        return identity

    def go(self, identity: str) -> None:
        """Somebody leaves."""
        self.told.pop(identity, None)
        for people in self.rooms.values():
            people.pop(identity, None)

    def _end(self, identity: str, why: str) -> None:
        if identity in self.told:
            self.told.pop(identity)(why)

    def app(self) -> Litestar:
        """Its HTTP side."""

        @post("/twirp/livekit.RoomService/{method:str}", status_code=200)
        async def call(method: str, request: Request[Any, Any, Any]) -> Response[Any]:
            try:
                if self.broken:
                    raise Twirp(503, "unavailable")
                token = request.headers.get("authorization", "").removeprefix("Bearer ")
                answer = self.answer(method, await request.json(), opened(token)["video"])
            except Twirp as error:
                return Response({"code": error.code, "msg": ""}, status_code=error.status)
            return Response(answer, status_code=200)

        return Litestar([call])

    def answer(self, method: str, body: dict[str, Any], video: dict[str, Any]) -> dict[str, Any]:
        """What a call gives."""
        if method not in FIELDS or not body.keys() <= FIELDS[method]:
            raise Twirp(400, "malformed")
        if method in ("CreateRoom", "DeleteRoom"):
            allowed = video.get("roomCreate")
        else:
            allowed = video.get("roomAdmin") and video.get("room") == body["room"]
        if not allowed:
            raise Twirp(403, "permission_denied")
        if method == "CreateRoom":
            self.rooms.setdefault(body["name"], {})
            self.limits[body["name"]] = body["max_participants"]
            return {"name": body["name"], "max_participants": body["max_participants"]}
        people = self.rooms.get(body["room"])
        if people is None:
            raise Twirp(404, "not_found")
        return self._about(method, body, people)

    def _about(
        self, method: str, body: dict[str, Any], people: dict[str, dict[str, Any]]
    ) -> dict[str, Any]:
        if method == "ListParticipants":
            return {"participants": list(people.values())}
        if method == "DeleteRoom":
            for identity in self.rooms.pop(body["room"]):
                self._end(identity, "closed")
            return {}
        person = people.get(body["identity"])
        if person is None:
            raise Twirp(404, "not_found")
        if method == "RemoveParticipant":
            del people[body["identity"]]
            self._end(body["identity"], "ejected")
            return {}
        for track in person["tracks"]:
            if track["sid"] == body["track_sid"]:
                track["muted"] = body["muted"]
                return {"track": track}
        raise Twirp(404, "not_found")
