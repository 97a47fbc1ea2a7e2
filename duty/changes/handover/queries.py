"""Reads of handovers: mine, and those of my facility."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import rulebook
from duty.changes.handover import repository, service
from duty.changes.handover.cases import OpenCase, OpenCases
from duty.changes.handover.repository import HandoverRow
from duty.changes.handover.schemas import DutyHandover, DutyHandoverCase, DutyHandoverNote
from duty.changes.handover.states import HANDOVER, HandoverState, Side
from duty.changes.partners import person
from duty.changes.policies import works_at
from duty.changes.rules import ChangeRule
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import HandoverId, PersonId
from kernel.viewer import Viewer
from registry.people import queries as people
from registry.people.schemas import PersonRef

RECENT = timedelta(days=2)
_SIDES = (Side.INCOMING, Side.OUTGOING, Side.HEAD)


async def around(
    session: AsyncSession, clock: Clock, viewer: Viewer, open_cases: OpenCases
) -> list[DutyHandover]:
    """Handovers at the viewer's facilities: open ones first, the viewer's own before others."""
    since = clock.now() - RECENT
    houses = viewer.facility_ids | {viewer.facility_id}
    rows = await repository.around(session, houses, viewer.person_id, since)
    return await _out(session, clock, viewer, open_cases, rows)


async def one(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    open_cases: OpenCases,
    handover_id: HandoverId,
) -> DutyHandover:
    """One handover.

    Raises:
        NotFound: unknown, or at another facility.
    """
    row = await repository.get(session, handover_id)
    if row is None or not (
        works_at(viewer, row.facility_id) or viewer.person_id in (row.incoming_id, row.outgoing_id)
    ):
        raise NotFound()
    (found,) = await _out(session, clock, viewer, open_cases, [row])
    return found


async def _out(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    open_cases: OpenCases,
    rows: Sequence[HandoverRow],
) -> list[DutyHandover]:
    ids = [row.id for row in rows]
    notes = await repository.notes(session, ids)
    kept = await repository.kept_cases(session, ids)
    now_open: list[OpenCase] = []
    if any(row.state == HandoverState.OPEN for row in rows):
        now_open = await service.cases_now(session, viewer, open_cases)
    who = {row.incoming_id for row in rows} | {row.outgoing_id for row in rows}
    who |= {row.ended_by for row in rows if row.ended_by is not None}
    who |= {PersonId(note.person_id) for note in notes}
    known = await people.get_many(session, who)
    rules = {id_: await rulebook.load(session, id_) for id_ in {row.rule_id for row in rows}}
    found = []
    for row in rows:
        now = clock.now() if clock.simulated else row.now
        mine = await service.sides(session, viewer, row, now)
        cases = now_open if row.state == HandoverState.OPEN else kept.get(row.id, [])
        said = [note for note in notes if note.handover_id == row.id]
        found.append(_handover(row, known, cases, said, mine, rules[row.rule_id], now))
    return found


def _handover(
    row: HandoverRow,
    known: dict[PersonId, PersonRef],
    cases: Sequence[OpenCase],
    notes: Sequence[Row[Any]],
    sides: frozenset[Side],
    rule: ChangeRule,
    now: datetime,
) -> DutyHandover:
    waits = row.state == HandoverState.OPEN
    return DutyHandover(
        id=row.id,
        group=row.group_name,
        specialty=row.specialty,
        tier=row.tier,
        at=row.at,
        outgoing=person(known[row.outgoing_id]),
        incoming=person(known[row.incoming_id]),
        state=str(row.state),
        holds=waits and row.at <= now,
        side=next((str(side) for side in _SIDES if side in sides), "other"),
        overdue=waits and row.alarm_at <= now,
        alarm_at=row.alarm_at,
        cases=[
            DutyHandoverCase(
                one.case_id, one.number, one.state, one.acuity, one.opened_at, one.pages
            )
            for one in cases
        ],
        notes=[
            DutyHandoverNote(person(known[note.person_id]), note.case_id, note.text, note.at)
            for note in notes
        ],
        ended_by=None if row.ended_by is None else person(known[row.ended_by]),
        ended_at=row.ended_at,
        end_note=row.end_note,
        actions=[
            str(action)
            for action in HANDOVER.actions(row.state)
            if row.at <= now and HANDOVER.edge(row.state, action).actors & sides
        ],
        confidence=rule.confidence,
    )
