"""Reads of special-population lists. Whatever shows a line writes the access log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import FacilityId, PatientId, PersonId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.casefiles.models import SpecialEntryRow, SpecialListRow
from referral.casefiles.rules.form import SPECIAL_FORM
from referral.casefiles.rules.rulebook import UNVERIFIED
from referral.casefiles.service.special import month_of, opened
from referral.casefiles.special_repository import SpecialRepository
from referral.casefiles.states import ListState
from registry.facilities import queries as facilities
from registry.facilities.schemas import FacilityRef
from registry.people import queries as people
from registry.people.schemas import PersonRef
from registry.pregnancies import access
from registry.pregnancies.access import Purpose


class SpecialLine(msgspec.Struct, kw_only=True):
    """One line, or one version of it."""

    row_id: UUID
    version: int
    categories: list[str]
    fields: dict[str, str]
    removed: bool
    reason: str | None
    at: datetime
    by: PersonRef | None


class SpecialList(msgspec.Struct, kw_only=True):
    """One facility's list of the month; `mine` when the viewer writes it."""

    id: UUID
    facility: FacilityRef | None
    month: str
    state: ListState
    version: int
    mine: bool
    submitted_at: datetime | None
    submitted_by: PersonRef | None
    lines: list[SpecialLine]


class SpecialColumn(msgspec.Struct, kw_only=True):
    """One column of the form."""

    code: str
    zh: str
    en: str
    kind: Literal["short", "long", "number"]


class SpecialChoice(msgspec.Struct, kw_only=True):
    """One category of the form."""

    code: str
    zh: str
    en: str


class SpecialMonth(msgspec.Struct, kw_only=True):
    """Everything that the page shows, with the form and where it comes from."""

    month: str
    writes: bool
    facility: FacilityRef | None
    lists: list[SpecialList]
    columns: list[SpecialColumn]
    categories: list[SpecialChoice]
    form_version: str
    source: str
    confidence: str
    to_be_verified: bool


async def special_month(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    month: str,
    *,
    purpose: Purpose = Purpose.SPECIAL_POPULATION,
) -> SpecialMonth:
    """The month's lists that the viewer keeps or oversees; every woman on them is logged.

    Raises:
        NotFound: the viewer does not hold the permission.
        MonthInvalid: not a month, or one that has not begun.
    """
    repository = SpecialRepository(session, viewer)
    first = month_of(month, clock.now())
    rows = await repository.of_month(first)
    lines = await repository.lines([row.id for row in rows])
    shown = [line for some in lines.values() for line in some]
    await _log(session, clock, viewer, shown, purpose)
    named = {PersonId(line.person_id) for line in shown}
    named |= {PersonId(row.submitted_by) for row in rows if row.submitted_by is not None}
    who = await people.get_many(session, named)
    here = {FacilityId(row.facility_id) for row in rows} | {viewer.facility_id}
    where = await facilities.get_many(session, here)
    writes = await repository.keeps(viewer.facility_id)
    return SpecialMonth(
        month=month,
        writes=writes,
        facility=where.get(viewer.facility_id),
        lists=[_list(sealer, row, lines[row.id], who, where, viewer, writes) for row in rows],
        columns=[
            SpecialColumn(code=one.code, zh=one.zh, en=one.en, kind=one.kind)  # type: ignore[arg-type]
            for one in SPECIAL_FORM.fields
        ],
        categories=[
            SpecialChoice(code=one.code, zh=one.zh, en=one.en) for one in SPECIAL_FORM.categories
        ],
        form_version=SPECIAL_FORM.version,
        source=SPECIAL_FORM.source,
        confidence=SPECIAL_FORM.confidence,
        to_be_verified=SPECIAL_FORM.confidence in UNVERIFIED,
    )


async def special_versions(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, row_id: UUID
) -> list[SpecialLine]:
    """Every version of a line, oldest first; logged.

    Raises:
        NotFound: unknown, foreign, or the viewer does not hold the permission.
    """
    rows = await SpecialRepository(session, viewer).versions(row_id)
    await _log(session, clock, viewer, [rows[-1]], Purpose.SPECIAL_POPULATION)
    who = await people.get_many(session, {PersonId(row.person_id) for row in rows})
    return [_line(sealer, row, who) for row in rows]


async def _log(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    shown: list[SpecialEntryRow],
    purpose: Purpose,
) -> None:
    patients = {PatientId(line.patient_id) for line in shown}
    await access.record(session, clock.now(), viewer, sorted(patients), purpose)


def _list(
    sealer: Sealer,
    row: SpecialListRow,
    lines: list[SpecialEntryRow],
    who: Mapping[PersonId, PersonRef],
    where: Mapping[FacilityId, FacilityRef],
    viewer: Viewer,
    writes: bool,
) -> SpecialList:
    by = row.submitted_by
    return SpecialList(
        id=row.id,
        facility=where.get(FacilityId(row.facility_id)),
        month=f"{row.month:%Y-%m}",
        state=ListState(row.state),
        version=row.version,
        mine=writes and row.facility_id == viewer.facility_id,
        submitted_at=row.submitted_at,
        submitted_by=None if by is None else who.get(PersonId(by)),
        lines=[_line(sealer, line, who) for line in sorted(lines, key=lambda one: one.row_id)],
    )


def _line(sealer: Sealer, row: SpecialEntryRow, who: Mapping[PersonId, PersonRef]) -> SpecialLine:
    said = opened(sealer, row)
    return SpecialLine(
        row_id=row.row_id,
        version=row.no,
        categories=said.categories,
        fields=said.fields,
        removed=row.removed,
        reason=said.reason,
        at=row.at,
        by=who.get(PersonId(row.person_id)),
    )
