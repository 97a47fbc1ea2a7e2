"""SQL of change requests. Row-level security opens them to their parties and the overseers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes.errors import ChangeOpen
from duty.changes.rules import Stint
from duty.changes.states import ChangeState, Side
from duty.rosters.oncall import Shift
from kernel.clock import Clock
from kernel.database import constraint_of
from kernel.ids import ChangeId, FacilityId, PersonId, ShiftId, SlotId

_INSERT = text(
    """
    INSERT INTO change_request
      (id, kind, state, facility_id, rule_id, requested_by, requested_at, reason, note,
       shift_id, slot_id, holder_id, during, party_ids, expires_at, taken_option,
       approve_by, remind_at)
    VALUES (:id, :kind, :state, :facility_id, :rule_id, :requested_by, :requested_at, :reason,
       :note, :shift_id, :slot_id, :holder_id, tstzrange(:start, :end), :party_ids, :expires_at,
       :taken_option, :approve_by, :remind_at)
    """
)
_INSERT_OPTION = text(
    "INSERT INTO change_option (request_id, no, person_id, shift_id, slot_id, during)"
    " VALUES (:request_id, :no, :person_id, :shift_id, :slot_id,"
    "  CASE WHEN CAST(:shift_id AS uuid) IS NOT NULL THEN tstzrange(:start, :end) END)"
)
_INSERT_EVENT = text(
    "INSERT INTO change_event (request_id, rev, action, state, side, person_id, note, at)"
    " VALUES (:request_id, :rev, :action, :state, :side, :person_id, :note, :at)"
)
_COLUMNS = (
    "id, kind, state, rev, facility_id, rule_id, requested_by, requested_at, reason, note,"
    ' shift_id, slot_id, holder_id, lower(during) AS start, upper(during) AS "end",'
    " party_ids, expires_at, taken_option, decided_by, decided_at, approve_by, remind_at,"
    " reminded_at, alarmed_at"
)
_LOCK = text(
    f"SELECT {_COLUMNS}, clock_timestamp() AS now FROM change_request"  # noqa: S608
    " WHERE id = :id FOR UPDATE"
)
_GET = text(
    f"SELECT {_COLUMNS}, clock_timestamp() AS now FROM change_request"  # noqa: S608
    " WHERE id = :id"
)
_OPTIONS = text(
    'SELECT no, person_id, shift_id, slot_id, lower(during) AS start, upper(during) AS "end",'
    " answer, answered_at FROM change_option WHERE request_id = :id ORDER BY no"
)
_MOVE = text(
    "UPDATE change_request SET state = :state, rev = rev + 1,"
    "  taken_option = coalesce(:option, taken_option),"
    "  decided_by = coalesce(:decided_by, decided_by),"
    "  decided_at = coalesce(:decided_at, decided_at)"
    " WHERE id = :id AND rev = :rev RETURNING rev"
)
_TOUCH = text("UPDATE change_request SET rev = rev + 1 WHERE id = :id AND rev = :rev RETURNING rev")
_ANSWER = text(
    "UPDATE change_option SET answer = :answer, answered_at = :at"
    " WHERE request_id = :id AND no = ANY(:numbers) AND answer = 'waiting'"
)
_SHIFT = text(
    'SELECT id, slot_id, person_id, lower(during) AS start, upper(during) AS "end",'
    " recorded_at, superseded_at FROM shift WHERE id = :id"
)
_NOW = text("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class OptionRow:
    """A colleague who was asked; `shift_id` None: nothing is given in return."""

    no: int
    person_id: PersonId
    shift_id: ShiftId | None
    slot_id: SlotId | None
    start: datetime | None
    end: datetime | None
    answer: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A request; `now` is the database's clock when it was read."""

    id: ChangeId
    kind: str
    state: ChangeState
    rev: int
    facility_id: FacilityId
    rule_id: UUID
    requested_by: PersonId
    requested_at: datetime
    reason: str
    note: str | None
    shift_id: ShiftId
    slot_id: SlotId
    holder_id: PersonId
    start: datetime
    end: datetime
    party_ids: tuple[PersonId, ...]
    expires_at: datetime | None
    taken_option: int | None
    decided_by: PersonId | None
    decided_at: datetime | None
    approve_by: datetime | None
    remind_at: datetime | None
    reminded_at: datetime | None
    alarmed_at: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True)
class NewChange:
    """A request about to be written."""

    id: ChangeId
    kind: str
    state: ChangeState
    facility_id: FacilityId
    rule_id: UUID
    requested_by: PersonId
    requested_at: datetime
    reason: str
    note: str | None
    given: Stint
    options: Sequence[tuple[PersonId, Stint | None]]
    expires_at: datetime | None = None
    taken_option: int | None = None
    approve_by: datetime | None = None
    remind_at: datetime | None = None

    @property
    def party_ids(self) -> list[PersonId]:
        """Whom it concerns: they may read it."""
        asked = [person_id for person_id, _ in self.options]
        return list(dict.fromkeys([self.given.shift.person_id, self.requested_by, *asked]))


async def moment(session: AsyncSession, clock: Clock) -> datetime:
    """Now: the database's clock, or the simulated one."""
    if clock.simulated:
        return clock.now()
    now: datetime = (await session.execute(_NOW)).scalar_one()
    return now


async def shift(session: AsyncSession, shift_id: ShiftId) -> Shift | None:
    """One shift, standing or superseded."""
    row = (await session.execute(_SHIFT, {"id": shift_id})).one_or_none()
    if row is None:
        return None
    return Shift(
        ShiftId(row.id),
        SlotId(row.slot_id),
        PersonId(row.person_id),
        row.start,
        row.end,
        row.recorded_at,
        row.superseded_at,
    )


async def insert(session: AsyncSession, change: NewChange, action: str) -> None:
    """Write a request, whom it asks, and its first event.

    Raises:
        ChangeOpen: another request about the same shift is not over.
    """
    names = (
        "id kind facility_id rule_id requested_by requested_at reason note expires_at"
        " taken_option approve_by remind_at party_ids"
    )
    values = {name: getattr(change, name) for name in names.split()}
    try:
        await session.execute(
            _INSERT,
            values
            | {
                "state": str(change.state),
                "shift_id": change.given.shift.id,
                "slot_id": change.given.slot_id,
                "holder_id": change.given.shift.person_id,
                "start": change.given.start,
                "end": change.given.end,
            },
        )
    except IntegrityError as error:
        if constraint_of(error) == "uq_change_request_open":
            raise ChangeOpen() from error
        raise
    for no, (person_id, back) in enumerate(change.options, 1):
        await session.execute(
            _INSERT_OPTION,
            {
                "request_id": change.id,
                "no": no,
                "person_id": person_id,
                "shift_id": None if back is None else back.shift.id,
                "slot_id": None if back is None else back.slot_id,
                "start": None if back is None else back.start,
                "end": None if back is None else back.end,
            },
        )
    await record(
        session,
        change.id,
        1,
        action,
        change.state,
        side=str(Side.REQUESTER),
        person_id=change.requested_by,
        at=change.requested_at,
    )


async def record(
    session: AsyncSession,
    change_id: ChangeId,
    rev: int,
    action: str,
    state: ChangeState,
    *,
    side: str,
    person_id: PersonId | None,
    at: datetime,
    note: str | None = None,
) -> None:
    """Append what happened to a request."""
    await session.execute(
        _INSERT_EVENT,
        {
            "request_id": change_id,
            "rev": rev,
            "action": action,
            "state": str(state),
            "side": side,
            "person_id": person_id,
            "note": note,
            "at": at,
        },
    )


async def lock(session: AsyncSession, change_id: ChangeId) -> ChangeRow | None:
    """Take the request: whoever holds it decides what becomes of it. None: not for this viewer."""
    row = (await session.execute(_LOCK, {"id": change_id})).one_or_none()
    return None if row is None else _change(row)


async def get(session: AsyncSession, change_id: ChangeId) -> ChangeRow | None:
    """The request, if this session may see it."""
    row = (await session.execute(_GET, {"id": change_id})).one_or_none()
    return None if row is None else _change(row)


async def options(session: AsyncSession, change_id: ChangeId) -> list[OptionRow]:
    """Whom it asks, in the order of asking."""
    return [OptionRow(*row) for row in await session.execute(_OPTIONS, {"id": change_id})]


async def move(
    session: AsyncSession,
    row: ChangeRow,
    state: ChangeState,
    *,
    rev: int | None = None,
    option: int | None = None,
    decided_by: PersonId | None = None,
    decided_at: datetime | None = None,
) -> int:
    """Write the new state; returns the new version of the row, which the caller holds locked."""
    moved = await session.execute(
        _MOVE,
        {
            "id": row.id,
            "rev": row.rev if rev is None else rev,
            "state": str(state),
            "option": option,
            "decided_by": decided_by,
            "decided_at": decided_at,
        },
    )
    return int(moved.scalar_one())


async def touch(session: AsyncSession, row: ChangeRow) -> int:
    """A new version without a new state."""
    return int((await session.execute(_TOUCH, {"id": row.id, "rev": row.rev})).scalar_one())


async def answer(
    session: AsyncSession, change_id: ChangeId, numbers: Sequence[int], answer: str, at: datetime
) -> None:
    """Write a colleague's word beside the options that were theirs."""
    await session.execute(
        _ANSWER, {"id": change_id, "numbers": list(numbers), "answer": answer, "at": at}
    )


def change_row(row: Row[Any]) -> ChangeRow:
    """A row of `COLUMNS` and `now`."""
    return _change(row)


def _change(row: Row[Any]) -> ChangeRow:
    values = dict(row._mapping)
    values["state"] = ChangeState(values["state"])
    values["party_ids"] = tuple(values["party_ids"])
    return ChangeRow(**values)
