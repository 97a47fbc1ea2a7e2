"""Groups and their places: what a roster consists of, and how that changes."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import recording, repository, service
from duty.rosters.errors import GroupCodeTaken
from duty.rosters.policies import may_edit
from duty.rosters.recording import Recording
from duty.rosters.repository import SlotRow, SlotTerms
from kernel.clock import Clock
from kernel.database import constraint_of
from kernel.errors import NotFound
from kernel.ids import FacilityId, GroupId, SlotId, new_id
from kernel.viewer import Viewer

FAR = timedelta(days=3650)

_GROUPS = text(
    "SELECT id, code, name FROM expert_group WHERE facility_id = :facility_id ORDER BY code"
)
_FACILITY = text("SELECT facility_id FROM expert_group WHERE id = :id")
_RENAME = text("UPDATE expert_group SET name = :name WHERE id = :id")
_CHANGE = text(
    "UPDATE slot SET min_title = :min_title, required = :required, exclusive = :exclusive,"
    " qualification = :qualification WHERE id = :id"
)
_RETIRE = text("UPDATE slot SET retired_at = :at WHERE id = :id AND retired_at IS NULL")
_SAY = text(
    "INSERT INTO slot_change (id, slot_id, before, after, changed_by, changed_at)"
    " VALUES (:id, :slot_id, CAST(:before AS jsonb), CAST(:after AS jsonb), :by, :at)"
)


async def facility_of(session: AsyncSession, group_id: GroupId) -> FacilityId:
    """Whose group it is, or `NotFound`."""
    found = (await session.execute(_FACILITY, {"id": group_id})).scalar_one_or_none()
    if found is None:
        raise NotFound()
    return FacilityId(found)


async def named(session: AsyncSession, facility_id: FacilityId) -> list[tuple[UUID, str, str]]:
    """(id, code, name) of a facility's groups, those without places too."""
    rows = await session.execute(_GROUPS, {"facility_id": facility_id})
    return [(row.id, row.code, row.name) for row in rows]


async def found(
    session: AsyncSession, viewer: Viewer, *, facility_id: FacilityId, code: str, name: str
) -> GroupId:
    """Found a group.

    Raises:
        GroupCodeTaken: the facility has one with this code.
    """
    try:
        return await service.create_group(
            session, viewer, facility_id=facility_id, code=code, name=name
        )
    except IntegrityError as error:
        if constraint_of(error) == "expert_group_facility_id_code_key":
            raise GroupCodeTaken(group=code) from error
        raise


async def rename(session: AsyncSession, viewer: Viewer, group_id: GroupId, name: str) -> None:
    """Give a group another name."""
    may_edit(viewer, await facility_of(session, group_id))
    await session.execute(_RENAME, {"id": group_id, "name": name})


async def change_slot(
    session: AsyncSession, clock: Clock, viewer: Viewer, slot_id: SlotId, terms: SlotTerms
) -> None:
    """Ask something else of a place from now on; what was asked before is kept.

    Shifts that stand keep what they were recorded with.
    """
    row = await _editable(session, viewer, slot_id)
    at = await service.moment(session, clock)
    await session.execute(_CHANGE, {"id": slot_id, **asdict(terms)})
    await _say(session, viewer, row, asdict(terms), at)


async def retire_slot(session: AsyncSession, clock: Clock, viewer: Viewer, slot_id: SlotId) -> None:
    """The place is filled no longer: shifts from now on are taken out, the past stays."""
    row = await _editable(session, viewer, slot_id)
    await recording.queue_up(session, [row])
    at = await service.moment(session, clock)
    by = None if viewer.is_process else viewer.person_id
    await recording.clear(session, [(row, (at, at + FAR))], Recording("split", by, at))
    await session.execute(_RETIRE, {"id": slot_id, "at": at})
    await _say(session, viewer, row, {"retired_at": at.isoformat()}, at)


async def _editable(session: AsyncSession, viewer: Viewer, slot_id: SlotId) -> SlotRow:
    row = await repository.slot(session, slot_id)
    if row is None:
        raise NotFound()
    may_edit(viewer, row.facility_id)
    return row


async def _say(
    session: AsyncSession, viewer: Viewer, row: SlotRow, after: dict[str, object], at: datetime
) -> None:
    before = SlotTerms(row.min_title, row.slot.required, row.exclusive, row.qualification)
    await session.execute(
        _SAY,
        {
            "id": new_id(),
            "slot_id": row.slot.id,
            "before": json.dumps(asdict(before)),
            "after": json.dumps(after),
            "by": None if viewer.is_process else viewer.person_id,
            "at": at,
        },
    )
