"""A message as the adapters get it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from duty.notify.channels.channel import Outgoing
from kernel.ids import PageId

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


def outgoing(**changes: Any) -> Outgoing:
    """A page in earnest to a mobile number; `changes` override fields."""
    message = Outgoing(
        id=uuid4(),
        page_id=PageId(uuid4()),
        attempt=1,
        address="19900001234",
        secret="",
        event="referral.offered",
        level="critical",
        title="YL-20261126-0001",
        callback="19900005678",
        paged_at=NOW,
        link="https://yunshang.example.cn/duty",
    )
    return replace(message, **changes)
