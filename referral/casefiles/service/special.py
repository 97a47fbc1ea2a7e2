"""The special-population list (重点人群月度名册): one permission, sealed, read on record only.

A line is added for a registered woman, so that what the registry knows is not typed again and every
reading of it can be logged. Lines are never changed: a change is a further version.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound, VersionStale
from kernel.ids import FacilityId, PersonId, PregnancyId, new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.casefiles.commands import (
    AddSpecial,
    ChangeSpecial,
    RemoveSpecial,
    ReopenSpecial,
    SpecialCell,
    SpecialChosen,
    SubmitSpecial,
)
from referral.casefiles.errors import FieldUnknown, MonthInvalid
from referral.casefiles.models import SpecialActRow, SpecialEntryRow, SpecialListRow
from referral.casefiles.repository import FileRepository
from referral.casefiles.rules.form import SPECIAL_FORM
from referral.casefiles.special_repository import SpecialRepository
from referral.casefiles.states import SPECIAL_LIST, ListAction, ListState
from registry.facilities.rules import local_date
from registry.people import queries as people
from registry.pregnancies import queries as pregnancies
from registry.pregnancies.access import Purpose
from registry.pregnancies.schemas import PregnancyOut

SEALED_FIELD = "special_population.row"
REASON_FIELD = "special_population.reason"


class Line(msgspec.Struct, kw_only=True):
    """What is sealed."""

    categories: list[str]
    fields: dict[str, str]
    reason: str | None = None


def month_of(text: str, now: datetime) -> date:
    """The first day of a month written `2026-11`.

    Raises:
        MonthInvalid: not a month, or one that has not begun.
    """
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise MonthInvalid() from error
    if len(text) != 7 or not date(2020, 1, 1) <= first <= local_date(now):
        raise MonthInvalid()
    return first


async def add_special(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, order: AddSpecial
) -> UUID:
    """Put a registered woman on the month's list; what is known of her is filled in.

    Raises:
        NotFound: no permission here, or the pregnancy is not open to the viewer.
        MonthInvalid: not a month, or one that has not begun.
        FieldUnknown: no such field or category.
        IllegalTransition: the list was handed in.
    """
    repository = SpecialRepository(session, viewer)
    facility, now = viewer.facility_id, clock.now()
    if not await repository.keeps(facility):
        raise NotFound()
    month = month_of(order.month, now)
    categories, given = _checked(order.categories, order.cells)
    pregnancy_id = PregnancyId(order.pregnancy_id)
    woman = await pregnancies.open_pregnancy(
        session, clock, viewer, sealer, pregnancy_id, purpose=Purpose.SPECIAL_POPULATION
    )
    row = await _list(session, viewer, repository, facility, month, now)
    _move(row, ListAction.CHANGE)
    known = await _known(session, viewer, woman)
    line = Line(categories=categories, fields=known | given)
    _write(session, sealer, viewer, now, row, new_id(), 1, woman.patient_id, line)
    await session.flush()  # constraints refuse here, while the command can still be named
    return row.id


async def _list(
    session: AsyncSession,
    viewer: Viewer,
    repository: SpecialRepository,
    facility: FacilityId,
    month: date,
    now: datetime,
) -> SpecialListRow:
    row = await repository.own(facility, month)
    if row is not None:
        return row
    row = SpecialListRow(
        id=new_id(),
        facility_id=facility,
        month=month,
        state=ListState.DRAFT,
        version=1,
        created_at=now,
        created_by=viewer.person_id,
    )
    session.add(row)
    await session.flush()  # policies of its lines look for the list
    return row


def _checked(
    chosen: Sequence[SpecialChosen], cells: Sequence[SpecialCell]
) -> tuple[list[str], dict[str, str]]:
    categories = list(dict.fromkeys(one.code for one in chosen))
    fields = {cell.code: cell.value for cell in cells}
    known = {one.code for one in SPECIAL_FORM.categories}
    columns = {one.code for one in SPECIAL_FORM.fields}
    unknown = [*(set(categories) - known), *(fields.keys() - columns)]
    if unknown:
        raise FieldUnknown(field=unknown[0])
    return categories, fields


async def _known(session: AsyncSession, viewer: Viewer, woman: PregnancyOut) -> dict[str, str]:
    """Fields that the registry and her case file fill in."""
    found = {"name": woman.name}
    if woman.age is not None:
        found["age"] = str(woman.age)
    if woman.gestation_days is not None:
        found["gestation"] = f"{woman.gestation_days // 7}+{woman.gestation_days % 7}"
    if woman.phone is not None:
        found["phone"] = woman.phone
    file = await FileRepository(session, viewer).open_of(woman.id)
    responsible = PersonId(viewer.person_id if file is None else file.owner_id)
    named = await people.get_many(session, [responsible])
    if responsible in named:
        found["responsible"] = named[responsible].name
    return found


def _write(
    session: AsyncSession,
    sealer: Sealer,
    viewer: Viewer,
    now: datetime,
    row: SpecialListRow,
    row_id: UUID,
    no: int,
    patient_id: UUID,
    line: Line,
    *,
    removed: bool = False,
) -> None:
    text = msgspec.json.encode(line).decode()
    session.add(
        SpecialEntryRow(
            list_id=row.id,
            row_id=row_id,
            no=no,
            patient_id=patient_id,
            sealed=sealer.seal(text, SEALED_FIELD),
            removed=removed,
            at=now,
            person_id=viewer.person_id,
        )
    )


def opened(sealer: Sealer, row: SpecialEntryRow) -> Line:
    """What a version says."""
    return msgspec.json.decode(sealer.open(row.sealed, SEALED_FIELD), type=Line)


def _move(row: SpecialListRow, action: ListAction) -> None:
    row.state = SPECIAL_LIST.edge(ListState(row.state), action).to


async def _line(
    repository: SpecialRepository, row_id: UUID, given: int
) -> tuple[SpecialListRow, SpecialEntryRow]:
    """The list, locked, and the newest version of one of its lines.

    Raises:
        NotFound: unknown, foreign, only overseen, or removed.
        VersionStale: the line has a newer version.
    """
    newest = (await repository.versions(row_id))[-1]
    row = await repository.locked(newest.list_id)
    newest = (await repository.versions(row_id))[-1]
    if newest.removed:
        raise NotFound()
    if newest.no != given:
        raise VersionStale(current=newest.no, given=given)
    return row, newest


async def change_special(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    row_id: UUID,
    order: ChangeSpecial,
) -> UUID:
    """A further version of a line."""
    repository = SpecialRepository(session, viewer)
    row, newest = await _line(repository, row_id, order.version)
    _move(row, ListAction.CHANGE)
    categories, given = _checked(order.categories, order.cells)
    line = Line(categories=categories, fields=given)
    now, no = clock.now(), newest.no + 1
    _write(session, sealer, viewer, now, row, row_id, no, newest.patient_id, line)
    await session.flush()
    return row.id


async def remove_special(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    row_id: UUID,
    order: RemoveSpecial,
) -> UUID:
    """Take a line off the list; its versions stay readable, the reason with them."""
    repository = SpecialRepository(session, viewer)
    row, newest = await _line(repository, row_id, order.version)
    _move(row, ListAction.CHANGE)
    line = opened(sealer, newest)
    line.reason = order.reason
    now, no = clock.now(), newest.no + 1
    _write(session, sealer, viewer, now, row, row_id, no, newest.patient_id, line, removed=True)
    await session.flush()
    return row.id


async def submit_special(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    list_id: UUID,
    order: SubmitSpecial,
) -> UUID:
    """Hand the month in: whoever oversees the region reads it from now on."""
    row = await SpecialRepository(session, viewer).locked(list_id)
    _check_version(row, order.version)
    _move(row, ListAction.SUBMIT)
    row.submitted_at, row.submitted_by = clock.now(), viewer.person_id
    _act(session, clock, viewer, row, "submit", None)
    row.version += 1
    await session.flush()
    return row.id


async def reopen_special(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    list_id: UUID,
    order: ReopenSpecial,
) -> UUID:
    """Take the month back to correct it."""
    row = await SpecialRepository(session, viewer).locked(list_id)
    _check_version(row, order.version)
    _move(row, ListAction.REOPEN)
    row.submitted_at, row.submitted_by = None, None
    _act(session, clock, viewer, row, "reopen", sealer.seal(order.reason, REASON_FIELD))
    row.version += 1
    await session.flush()
    return row.id


def _check_version(row: SpecialListRow, given: int) -> None:
    if row.version != given:
        raise VersionStale(current=row.version, given=given)


def _act(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: SpecialListRow,
    action: str,
    reason: bytes | None,
) -> None:
    session.add(
        SpecialActRow(
            id=new_id(),
            list_id=row.id,
            action=action,
            reason_sealed=reason,
            at=clock.now(),
            person_id=viewer.person_id,
        )
    )
