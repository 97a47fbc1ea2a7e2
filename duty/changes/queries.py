"""Reads of changes, as far as the viewer may see them."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import partners, policies, repository, rulebook
from duty.changes.partners import Placed
from duty.changes.repository import ChangeRow, OptionRow
from duty.changes.rules import ChangeRule
from duty.changes.schemas import (
    ChangeRuleOut,
    RosterChange,
    RosterChangeEvent,
    RosterChangeOption,
    RosterShift,
    SwapPerson,
)
from duty.changes.states import ChangeAction, table_of
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import ChangeId, PersonId, ShiftId
from kernel.viewer import Viewer
from registry.people import queries as people
from registry.people.schemas import PersonRef

MOST = 100

_RECENT = text(
    "SELECT id FROM change_request WHERE :person_id = ANY(party_ids)"
    " ORDER BY state IN ('proposed', 'agreed', 'in_force') DESC, requested_at DESC LIMIT :most"
)
_WAITING = text(
    "SELECT id FROM change_request WHERE NOT (:person_id = ANY(party_ids))"
    " ORDER BY state IN ('agreed', 'in_force') DESC, state = 'proposed' DESC,"
    "  requested_at DESC LIMIT :most"
)
_EVENTS = text(
    "SELECT request_id, action, state, side, person_id, note, at FROM change_event"
    " WHERE request_id = ANY(:ids) ORDER BY request_id, rev, at"
)


async def mine(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[RosterChange]:
    """What the viewer asked for, and what they were asked; open ones first."""
    return await _list(session, clock, viewer, _RECENT)


async def overseen(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[RosterChange]:
    """Changes of others at the viewer's facility; those that wait for an approval first."""
    return await _list(session, clock, viewer, _WAITING)


async def one(
    session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId
) -> RosterChange:
    """One change.

    Raises:
        NotFound: unknown, or not for this viewer.
    """
    found = await _changes(session, clock, viewer, [change_id])
    if not found:
        raise NotFound()
    return found[0]


async def _list(
    session: AsyncSession, clock: Clock, viewer: Viewer, which: Any
) -> list[RosterChange]:
    rows = await session.execute(which, {"person_id": viewer.person_id, "most": MOST})
    return await _changes(session, clock, viewer, [ChangeId(row.id) for row in rows])


async def _changes(
    session: AsyncSession, clock: Clock, viewer: Viewer, ids: Sequence[ChangeId]
) -> list[RosterChange]:
    found = [await repository.get(session, id_) for id_ in ids]
    rows = [row for row in found if row is not None]
    asked = {row.id: await repository.options(session, row.id) for row in rows}
    events = (await session.execute(_EVENTS, {"ids": list(ids)})).all() if ids else []
    told = _Told(viewer, clock, asked, events)
    await told.read(session, rows)
    return [told.change(row) for row in rows]


class _Told:
    """Puts names and places to the rows."""

    def __init__(
        self,
        viewer: Viewer,
        clock: Clock,
        options: dict[ChangeId, list[OptionRow]],
        events: Sequence[Row[Any]],
    ) -> None:
        self._viewer = viewer
        self._clock = clock
        self._options = options
        self._events = events
        self._people: dict[PersonId, PersonRef] = {}
        self._shifts: dict[ShiftId, Placed] = {}
        self._rules: dict[UUID, ChangeRule] = {}

    async def read(self, session: AsyncSession, rows: Sequence[ChangeRow]) -> None:
        """Everything the rows mention."""
        asked = [one for row in rows for one in self._options[row.id]]
        ids = {person_id for row in rows for person_id in row.party_ids}
        ids |= {row.decided_by for row in rows if row.decided_by is not None}
        ids |= {PersonId(one.person_id) for one in self._events if one.person_id is not None}
        self._people = await people.get_many(session, ids)
        shifts = [row.shift_id for row in rows]
        shifts += [one.shift_id for one in asked if one.shift_id is not None]
        self._shifts = await partners.placed(session, shifts)
        for rule_id in {row.rule_id for row in rows}:
            self._rules[rule_id] = await rulebook.load(session, rule_id)

    def change(self, row: ChangeRow) -> RosterChange:
        """One row in words."""
        now = self._clock.now() if self._clock.simulated else row.now
        rule = self._rules[row.rule_id]
        waits = row.approve_by is not None and str(row.state) == "in_force"
        return RosterChange(
            id=row.id,
            kind=row.kind,
            state=str(row.state),
            rev=row.rev,
            requested_by=self._person(row.requested_by),
            requested_at=row.requested_at,
            holder=self._person(row.holder_id),
            reason=row.reason,
            note=row.note,
            shift=self._shifts[row.shift_id].out((row.start, row.end)),
            options=[self._option(one) for one in self._options[row.id]],
            taken_option=row.taken_option,
            expires_at=row.expires_at,
            approve_by=row.approve_by,
            overdue=waits and row.approve_by is not None and row.approve_by < now,
            decided_by=None if row.decided_by is None else self._person(row.decided_by),
            decided_at=row.decided_at,
            actions=[str(action) for action in self._actions(row)],
            rule=ChangeRuleOut(sorted(rule.preauthorised), rule.source, rule.confidence),
            events=[
                RosterChangeEvent(
                    event.action,
                    event.state,
                    event.side,
                    None if event.person_id is None else self._person(event.person_id),
                    event.note,
                    event.at,
                )
                for event in self._events
                if event.request_id == row.id
            ],
        )

    def _actions(self, row: ChangeRow) -> Iterable[ChangeAction]:
        """What the table and the policies allow the viewer now."""
        options = self._options[row.id]
        sides = policies.sides(self._viewer, row, options, self._rules[row.rule_id])
        table = table_of(row.kind)
        return [
            action
            for action in table.actions(row.state)
            if table.edge(row.state, action).actors & sides
        ]

    def _option(self, one: OptionRow) -> RosterChangeOption:
        shift: RosterShift | None = None
        if one.shift_id is not None and one.start is not None and one.end is not None:
            shift = self._shifts[one.shift_id].out((one.start, one.end))
        return RosterChangeOption(
            one.no, self._person(one.person_id), shift, one.answer, one.answered_at
        )

    def _person(self, person_id: PersonId) -> SwapPerson:
        return partners.person(self._people[PersonId(person_id)])
