"""What a plan says: its entries, and the 32 bytes that an approval stands for."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

from duty.rosters.rules import Period, remainders
from kernel.ids import FacilityId, GroupId, PersonId, SlotId, new_id

Kind = Literal["regular", "temporary"]
"""`temporary` replaces everything in its span (春节值班); `regular` fills what is free."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft shift."""

    id: UUID
    slot_id: SlotId
    person_id: PersonId
    period: Period
    origin: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it is recorded, without its entries; `returned`: why a draft was sent back."""

    id: UUID
    plan_no: int
    facility_id: FacilityId
    group_id: GroupId
    kind: Kind
    name: str
    period: Period
    state: str
    version: int
    content_hash: bytes | None
    drafted_by: PersonId | None
    submitted_by: PersonId | None
    approved_by: PersonId | None
    recorded_at: datetime
    returned: str | None = None


def digest(plan: Plan, entries: Sequence[Entry]) -> bytes:
    """The same content gives the same bytes, whatever the order and the ids of the rows."""
    said = {
        "plan": str(plan.id),
        "group": str(plan.group_id),
        "kind": plan.kind,
        "during": _said(plan.period),
        "entries": sorted(
            [str(one.slot_id), str(one.person_id), *_said(one.period)] for one in entries
        ),
    }
    return sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).digest()


def put(entries: Sequence[Entry], new: Entry) -> list[Entry]:
    """`new` takes its time at its place; whoever was there keeps what is left, before and after."""
    kept = []
    for old in entries:
        if old.slot_id != new.slot_id:
            kept.append(old)
            continue
        left = remainders(old.period, new.period)
        if left == [old.period]:
            kept.append(old)
        else:
            kept += [
                Entry(UUID(str(new_id())), old.slot_id, old.person_id, rest, old.origin)
                for rest in left
            ]
    return [*kept, new]


def _said(period: Period) -> list[str]:
    return [moment.astimezone(UTC).isoformat() for moment in period]
