"""Refusals of rooms; texts in messages.toml."""

from typing import ClassVar

from kernel.errors import Refusal


class RoomNotYet(Refusal):
    """Nobody has said yes, or the consultation is over. Fields: state."""

    code: ClassVar[str] = "room.not_yet"


class RoomEnded(Refusal):
    """The room is closed."""

    code: ClassVar[str] = "room.ended"


class NotAdmitted(Refusal):
    """Somebody has to let the viewer in first, or has sent them out. Fields: state."""

    code: ClassVar[str] = "room.not_admitted"
    status: ClassVar[int] = 403


class HostsOnly(Refusal):
    """Those at the asking house, and whoever is on call where the answer was yes."""

    code: ClassVar[str] = "room.hosts_only"
    status: ClassVar[int] = 403


class AdmissionMoved(Refusal):
    """Another host has decided, or the person gave up. Fields: state."""

    code: ClassVar[str] = "room.admission_moved"


class NotOneself(Refusal):
    """Who wants to go leaves; nobody sends themselves out."""

    code: ClassVar[str] = "room.not_oneself"
    status: ClassVar[int] = 422
