"""Reads: what files may hold, and which were taken."""

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.confidence import unverified
from quality.imports import store
from quality.imports.schemas import BatchOut, ColumnOut, Imports, LogicCheck, SheetOut
from quality.imports.sheets import Sheet, sheets
from quality.names import read_names


async def taken(session: AsyncSession) -> Imports:
    """Kinds of files, and the newest files that the viewer may see."""
    rows = await store.batches(session)
    names = await read_names(
        session,
        person_ids=[row.added_by for row in rows],
        facility_ids=[row.facility_id for row in rows],
    )
    return Imports(
        sheets=[_sheet(one) for one in sheets().values()],
        batches=[
            BatchOut(
                id=row.id,
                sheet=row.sheet,
                facility=names.place(row.facility_id),
                file_name=row.file_name,
                added_by=names.person(row.added_by),
                added_at=row.added_at,
                rows=row.rows,
                taken=row.taken,
                warnings=row.warnings,
            )
            for row in rows
        ],
    )


def _sheet(one: Sheet) -> SheetOut:
    return SheetOut(
        code=one.code,
        no=one.no,
        name=one.name,
        confidence=one.confidence,
        to_be_verified=unverified(one.confidence),
        columns=[
            ColumnOut(
                column.heading,
                column.kind,
                column.optional,
                column.kept,
                column.low,
                column.high,
                list(column.words),
            )
            for column in one.columns
        ],
        checks=[
            LogicCheck(
                check.code,
                check.severity,
                check.says,
                check.source,
                check.confidence,
                unverified(check.confidence),
            )
            for check in one.check
        ],
    )
