"""What the API takes and says about rooms."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from consult.media.engine import JoinTicket
from consult.rooms.recording.schemas import ConsentText, RoomRecording
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

AdmissionStateName = Literal["waiting", "admitted", "refused", "withdrawn", "ejected"]
RoomRoleName = Literal["requester", "expert", "colleague", "guest"]
WhyEnded = Literal["ended", "empty", "consult_over"]


class AdmissionOut(msgspec.Struct, frozen=True):
    """Somebody who asked to come in; `id` is the participant's in the media room.

    A guest's name says their house, and `facility` is null. `here` while media of theirs is heard;
    `allowed` is what the viewer may do with it.
    """

    id: UUID
    person: PersonRef | None
    facility: FacilityRef | None
    role: RoomRoleName
    state: AdmissionStateName
    asked_at: datetime
    decided_by: PersonRef | None
    decided_at: datetime | None
    here: bool
    joined_at: datetime | None
    """Of the first stay."""
    left_at: datetime | None
    """Of the last stay; null while here."""
    lost: bool
    """Their line is gone; they have not left."""
    mine: bool
    allowed: list[str]


class GuestLink(msgspec.Struct, frozen=True):
    """A guest's link, as hosts see it; `lives` while it can be opened, or opens the room."""

    id: UUID
    person: PersonRef | None
    invited_by: PersonRef | None
    invited_at: datetime
    open_by: datetime
    ends_at: datetime
    opened_at: datetime | None
    revoked_at: datetime | None
    lives: bool
    allowed: list[str]


class RoomOut(msgspec.Struct, frozen=True):
    """A room and everybody who asked to come in, in the order in which they asked."""

    id: UUID
    consult_id: UUID
    opened_by: PersonRef | None
    opened_at: datetime
    ended_at: datetime | None
    ended_by: PersonRef | None
    why_ended: WhyEnded | None
    people: list[AdmissionOut]
    guests: list[GuestLink]
    """Links given to guests; shown to hosts alone."""
    recording: RoomRecording | None
    """The newest one."""
    consent: ConsentText
    """What is agreed to when the room is recorded."""
    allowed: list[str]


class RoomView(msgspec.Struct, frozen=True):
    """The newest room of a consultation, if there was one; `may_open` a new one."""

    room: RoomOut | None
    may_open: bool


class IceServerOut(msgspec.Struct, frozen=True):
    """One relay, in the browser's own words (RTCIceServer)."""

    urls: list[str]
    username: str
    credential: str


class TicketOut(msgspec.Struct, frozen=True):
    """All that a client needs to enter once. Never stored, never logged."""

    participant_id: UUID
    engine: Literal["forward", "janus", "livekit"]
    url: str
    token: str
    ice_servers: list[IceServerOut]
    expires_at: datetime

    @classmethod
    def of(cls, participant_id: UUID, ticket: JoinTicket) -> "TicketOut":
        """A ticket as the API says it."""
        return cls(
            participant_id,
            ticket.engine,  # type: ignore[arg-type]
            ticket.url,
            ticket.token,
            [
                IceServerOut(list(one.urls), one.username, one.credential)
                for one in ticket.ice_servers
            ],
            ticket.expires_at,
        )


class RoomRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers: which consultation's room."""

    consult_id: UUID
