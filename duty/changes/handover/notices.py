"""Who is told of a handover: ids and codes in the inboxes of those whom it concerns."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.handover import repository
from duty.changes.notices import heads_at
from duty.notify import inbox
from kernel import outbox
from kernel.clock import Clock
from kernel.ids import HandoverId

TOPIC = "duty.handover"
"""Outbox topic: a handover is near, waits, is late, or has ended."""


async def announce(session: AsyncSession, handover_id: HandoverId, what: str) -> None:
    """Say that something happened, when (and only when) this transaction commits."""
    payload = {"handover_id": str(handover_id), "what": what}
    await outbox.enqueue(session, TOPIC, payload, key=f"{handover_id}:{what}")


async def tell(session: AsyncSession, clock: Clock, payload: Mapping[str, Any]) -> None:
    """Put a notice into the inboxes of those whom the news concerns (as a process)."""
    row = await repository.get(session, HandoverId(UUID(payload["handover_id"])))
    if row is None or clock.simulated:
        return
    what = payload["what"]
    people = {row.incoming_id, row.outgoing_id}
    if what == "waiting":
        people = {row.incoming_id}
    if what == "late":
        people |= await heads_at(session, row.facility_id, row.now)
    data: dict[str, object] = {
        "code": f"duty.handover_{what}",
        "duty_handover_id": row.id,
        "facility_id": row.facility_id,
    }
    await inbox.post(session, people, "notice", None, data)
