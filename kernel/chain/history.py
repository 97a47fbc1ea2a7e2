"""Reading a case's events, each with what it said first and what it says after correction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import canonical
from kernel.chain.append import AMEND
from kernel.chain.hashing import EventRow, milestone_at
from kernel.ids import CaseId

COLUMNS = (
    "case_id, seq, kind, source, auto, actor, facility, payload, occurred_at, device_at,"
    " clock_offset_ms, rtt_ms, recv_at, prev, hash"
)
_EVENTS = text(f"SELECT {COLUMNS} FROM case_event WHERE case_id = :case_id ORDER BY seq")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Amendment:
    """One correction of an event."""

    seq: int
    reason: str
    actor: UUID | None
    second_person: UUID
    changes: dict[str, object]
    occurred_at: datetime | None
    recv_at: datetime


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as written (`row`, `original`) and as corrected (`payload`, `at`)."""

    row: EventRow
    original: dict[str, object]
    payload: dict[str, object]
    occurred_at: datetime | None
    amendments: tuple[Amendment, ...]

    @property
    def at(self) -> datetime:
        """When the fact counts as having happened, corrections applied."""
        return milestone_at(self.occurred_at, self.row.recv_at)

    @property
    def original_at(self) -> datetime:
        """When it counted as having happened before any correction."""
        return milestone_at(self.row.occurred_at, self.row.recv_at)

    @property
    def late(self) -> bool:
        """A person entered it after the fact; a demo's made-up time is not that."""
        return self.occurred_at is not None and self.row.source != "simulated"


async def history(session: AsyncSession, case_id: CaseId) -> list[EventView]:
    """The case's events in order, as far as the session's viewer may see the case.

    Amendments stand among the events and also with the event that they correct.
    """
    rows = await session.execute(_EVENTS, {"case_id": case_id})
    return with_amendments([EventRow(*row) for row in rows])


def with_amendments(rows: list[EventRow]) -> list[EventView]:
    """Attach amendments to their events; the newest value of each field counts."""
    amendments: dict[int, list[Amendment]] = {}
    for row in rows:
        if row.kind == AMEND:
            target, amendment = _amendment(row)
            amendments.setdefault(target, []).append(amendment)
    return [_view(row, tuple(amendments.get(row.seq, ()))) for row in rows]


def _amendment(row: EventRow) -> tuple[int, Amendment]:
    body = canonical.decode(row.payload)
    moment = body.get("occurred_at")
    changes = body["set"]
    assert isinstance(changes, dict)  # noqa: S101  (written by `amend` only)
    return int(str(body["seq"])), Amendment(
        seq=row.seq,
        reason=str(body["reason"]),
        actor=row.actor,
        second_person=UUID(str(body["second_person"])),
        changes=changes,
        occurred_at=None if moment is None else datetime.fromisoformat(str(moment)),
        recv_at=row.recv_at,
    )


def _view(row: EventRow, amendments: tuple[Amendment, ...]) -> EventView:
    original = canonical.decode(row.payload)
    payload, occurred_at = dict(original), row.occurred_at
    for amendment in amendments:
        payload |= amendment.changes
        occurred_at = amendment.occurred_at or occurred_at
    return EventView(row, original, payload, occurred_at, amendments)
