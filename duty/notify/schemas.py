"""What the API says about the inbox and about endpoints."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec


class InboxItem(msgspec.Struct, frozen=True):
    """One item; `data` holds ids and codes."""

    offset: int
    kind: str
    data: msgspec.Raw
    created_at: datetime


class InboxPage(msgspec.Struct, frozen=True):
    """Items in order; `next` is the offset to ask after, null if these were all."""

    items: list[InboxItem]
    next: int | None


EndpointChannel = Literal["webhook", "wecom_robot", "dingtalk_robot"]


class EndpointIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A webhook of a person or, for everybody paged there, of a facility; or the robot of a
    facility's group chat.

    `url`: where to post; of a robot the address that its chat shows, or its key. `secret`: signs
    what is posted; a WeCom robot has none, a DingTalk robot may.
    """

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    url: Annotated[str, msgspec.Meta(min_length=8, max_length=500)]
    secret: Annotated[str, msgspec.Meta(max_length=200)] = ""
    person_id: UUID | None = None
    facility_id: UUID | None = None
    channel: EndpointChannel = "webhook"


class EndpointOut(msgspec.Struct, frozen=True):
    """A registered endpoint; its address and secret are never shown again.

    `owner`: its facility's short name or its person's name. `last_ok_at`: when a message or a test
    was last taken over there. `test`, `test_error`: what became of the test of `tested_at`.
    """

    id: UUID
    channel: str
    label: str
    person_id: UUID | None
    facility_id: UUID | None
    created_at: datetime
    disabled_at: datetime | None
    owner: str | None
    last_ok_at: datetime | None
    tested_at: datetime | None
    test: str | None
    test_error: str | None
