"""What the API says about calendar feeds."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec


class NewFeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """My own duties (`group_id` null), or a group's whole roster."""

    group_id: UUID | None = None
    label: Annotated[str, msgspec.Meta(max_length=60)] = ""


class RevokeFeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """End a feed now."""


class Feed(msgspec.Struct, frozen=True):
    """A calendar that a program may fetch; `last_used_at` is told to the hour."""

    id: UUID
    kind: Literal["person", "group"]
    group_id: UUID | None
    group_name: str | None
    facility: str | None
    label: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class FeedIssued(msgspec.Struct, frozen=True):
    """A new feed; `path` is shown once, because the platform keeps only its hash."""

    id: UUID
    feed: Feed
    path: str | None
