"""Who is told of a change: a row in the outbox, then the inboxes of those whom it concerns.

Notices say ids and codes; names and reasons are read behind the login.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import repository, rulebook
from duty.changes.repository import ChangeRow
from duty.notify import inbox
from duty.rosters import repository as rosters
from duty.rosters.oncall import DutyTier
from kernel import outbox
from kernel.clock import Clock
from kernel.ids import ChangeId, FacilityId, PersonId
from kernel.viewer import Role
from registry.people import queries as people

TOPIC = "duty.change"
"""Outbox topic: something happened to a change of the roster."""


async def announce(session: AsyncSession, change_id: ChangeId, what: str, rev: int) -> None:
    """Say that something happened, when (and only when) this transaction commits."""
    payload = {"change_id": str(change_id), "what": what}
    await outbox.enqueue(session, TOPIC, payload, key=f"{change_id}:{rev}:{what}")


async def tell(session: AsyncSession, clock: Clock, payload: Mapping[str, Any]) -> None:
    """Put a notice into the inboxes of those whom the news concerns (as a process)."""
    row = await repository.get(session, ChangeId(UUID(payload["change_id"])))
    if row is None or clock.simulated:
        return
    what = payload["what"]
    data: dict[str, object] = {
        "code": f"duty.change_{what}",
        "change_id": row.id,
        "kind": row.kind,
        "facility_id": row.facility_id,
    }
    await inbox.post(session, await _concerned(session, row, what), "notice", None, data)


async def approvers(session: AsyncSession, row: ChangeRow) -> set[PersonId]:
    """Who may approve it by its own rule: nobody who is part of it."""
    rule = await rulebook.load(session, row.rule_id)
    offices = [Role(one) for one in sorted(rule.approvers)]
    found = await people.holding(session, row.now, row.facility_id, offices)
    return {PersonId(one.id) for one in found} - set(row.party_ids)


async def colleagues(session: AsyncSession, row: ChangeRow) -> set[PersonId]:
    """Who is on call now beside the place, and the lead and 总值班 of the facility."""
    roster = await rosters.roster(session, row.facility_id, row.now)
    group = next((one.slot.group_id for one in roster if one.slot.id == row.slot_id), None)
    heads = (DutyTier.LEAD, DutyTier.GENERAL_DUTY)
    return {
        one.person_id
        for one in roster
        if one.person_id is not None and (one.slot.group_id == group or one.slot.tier in heads)
    }


async def heads_at(session: AsyncSession, facility_id: FacilityId, at: datetime) -> set[PersonId]:
    """Group lead and 总值班 on call at a moment."""
    roster = await rosters.roster(session, facility_id, at)
    wanted = (DutyTier.LEAD, DutyTier.GENERAL_DUTY)
    return {
        one.person_id for one in roster if one.person_id is not None and one.slot.tier in wanted
    }


async def _concerned(session: AsyncSession, row: ChangeRow, what: str) -> set[PersonId]:
    asked = set(row.party_ids) - {row.requested_by}
    if what == "requested":
        return asked
    if what == "refused":
        return {row.requested_by, row.holder_id}
    if what == "agreed":
        return set(row.party_ids) | await approvers(session, row)
    if what in ("taken_over", "assigned"):
        everybody = await colleagues(session, row) | await approvers(session, row)
        return (everybody | set(row.party_ids)) - {row.requested_by}
    if what in ("unapproved", "overdue"):
        return await approvers(session, row) | await heads_at(session, row.facility_id, row.now)
    return set(row.party_ids)
