"""Every "no" of rooms' engines; the texts stand in messages.toml."""

from kernel.errors import Refusal


class MediaUnavailable(Refusal):
    """No media worker can take the room now."""

    code = "media.unavailable"
    status = 503


class RoomFull(Refusal):
    """As many are in the room as it holds. Fields: limit."""

    code = "media.room_full"


class RecordingNotOffered(Refusal):
    """The engine in use does not record."""

    code = "media.recording_not_offered"
    status = 501


class CapNotOffered(Refusal):
    """The engine in use cannot be told how large a picture somebody is sent."""

    code = "media.cap_not_offered"
    status = 501


class TokenRefused(Refusal):
    """Forged, expired, used before, or of somebody who was sent out. Never says which."""

    code = "media.token_refused"
    status = 403


class HookRefused(Refusal):
    """Not signed by our LiveKit server, not for this body, or not now. Never says which."""

    code = "media.hook_refused"
    status = 403
