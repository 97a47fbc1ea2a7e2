"""Reads of actions, as the viewer: row-level security cuts what is not theirs."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import FacilityId
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from quality.actions import store
from quality.actions.schemas import QualityAction, RecordActions
from quality.actions.service import keeps
from quality.actions.states import ACTION, Side
from quality.names import Names, read_names
from quality.owed import OwedState
from quality.schemas import PersonOut
from registry.facilities.rules import local_date
from registry.people import queries as people

ASKED = (*CLINICAL_ROLES, Role.MEDICAL_AFFAIRS)
"""Whoever of the house may be asked to do something."""


async def of_record(
    session: AsyncSession, clock: Clock, viewer: Viewer, record_id: UUID
) -> RecordActions:
    """Actions of a return or drill, or `NotFound`."""
    record = await store.record(session, record_id)
    mine = keeps(viewer, record)
    colleagues = []
    if mine:
        known = await people.holding(session, clock.now(), FacilityId(record.facility_id), ASKED)
        colleagues = [PersonOut(one.id, one.name, one.title) for one in known]
    rows = await store.of_record(session, record_id)
    return RecordActions(
        actions=await _shown(session, clock, viewer, rows), may_set=mine, colleagues=colleagues
    )


async def open_ones(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[QualityAction]:
    """Actions of the viewer's houses and regions that are not checked yet, the first due first."""
    return await _shown(session, clock, viewer, await store.open_ones(session))


async def _shown(
    session: AsyncSession, clock: Clock, viewer: Viewer, rows: Sequence[Row[Any]]
) -> list[QualityAction]:
    known = [id_ for one in rows for id_ in (one.owner_id, one.set_by, one.done_by, one.checked_by)]
    names = await read_names(
        session, person_ids=known, facility_ids=[one.facility_id for one in rows]
    )
    today = local_date(clock.now())
    return [_out(viewer, one, names, today) for one in rows]


def _out(viewer: Viewer, row: Row[Any], names: Names, today: date) -> QualityAction:
    state = OwedState(row.state)
    allowed = ACTION.actions(state, Side.HOUSE) if keeps(viewer, row) else []
    return QualityAction(
        id=row.id,
        record_id=row.record_id,
        record=row.record,
        title=row.title,
        facility=names.place(row.facility_id),
        what=row.what,
        owner=names.person(row.owner_id),
        due_on=row.due_on,
        late=state is OwedState.OPEN and row.due_on < today,
        state=row.state,
        set_by=names.person(row.set_by),
        set_at=row.set_at,
        evidence=row.evidence,
        done_by=names.person(row.done_by),
        done_at=row.done_at,
        checked_by=names.person(row.checked_by),
        checked_at=row.checked_at,
        note=row.note,
        version=row.version,
        allowed=[
            str(one) for one in allowed if not (one == "verify" and row.done_by == viewer.person_id)
        ],
    )
