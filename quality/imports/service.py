"""Command: take a file of another system, or say what taking it would come to."""

from datetime import date
from hashlib import sha256

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotAllowed
from kernel.ids import new_id
from kernel.viewer import Viewer
from quality.errors import ImportTooLong
from quality.imports import store
from quality.imports.reading import MOST_ROWS, Read, ReadRow, read
from quality.imports.schemas import MOST_SHOWN, ComplaintOut, DoubtOut, ImportIn, ImportReport
from quality.imports.sheets import Sheet, sheets


async def take(session: AsyncSession, viewer: Viewer, given: ImportIn, today: date) -> ImportReport:
    """Take the good rows of a file; the same file again takes nothing.

    Raises:
        NotAllowed: the viewer does not bring files for that house.
        ImportTooLong: more rows than are taken at once.
    """
    if not await store.may_import(session, given.facility_id):
        raise NotAllowed(reason="imports_of_own_house")
    sheet = sheets()[given.sheet]
    found = read(sheet, given.content, today)
    if found.too_many:
        raise ImportTooLong(most=MOST_ROWS)
    if not given.dry_run:
        await store.queue(session, given.facility_id)
    fresh, replacing = await _news(session, given, found)
    taken = [*fresh, *replacing]
    batch_id = None
    if taken and not given.dry_run:
        batch_id = new_id()
        values = {
            "id": batch_id,
            "sheet": sheet.code,
            "sheet_no": sheet.no,
            "facility": given.facility_id,
            "file_name": given.file_name,
            "digest": sha256(given.content.encode()).digest(),
            "by": viewer.person_id,
            "rows": found.count,
            "taken": len(taken),
            "warnings": len(found.doubts),
        }
        await store.add(session, values)
        await store.add_rows(session, batch_id, sheet.code, given.facility_id, taken)
    report = _report(sheet, found)
    return msgspec.structs.replace(
        report,
        batch_id=batch_id,
        fresh=len(fresh),
        replacing=len(replacing),
        unchanged=len(found.rows) - len(taken),
    )


async def _news(
    session: AsyncSession, given: ImportIn, found: Read
) -> tuple[list[ReadRow], list[ReadRow]]:
    """Rows that are new, and rows that say otherwise than what counts now."""
    keys = {
        one.row_no: store.key_hash(given.facility_id, given.sheet, one.key) for one in found.rows
    }
    held = await store.known(session, given.facility_id, given.sheet, list(keys.values()))
    fresh = [one for one in found.rows if keys[one.row_no] not in held]
    replacing = []
    for one in found.rows:
        before = held.get(keys[one.row_no])
        if before is None:
            continue
        day, content = before
        if day != one.day or msgspec.json.decode(content) != dict(one.content):
            replacing.append(one)
    return fresh, replacing


def _report(sheet: Sheet, found: Read) -> ImportReport:
    said = {one.code: one for one in sheet.check}
    return ImportReport(
        batch_id=None,
        sheet=sheet.code,
        rows=found.count,
        fresh=0,
        replacing=0,
        unchanged=0,
        refused=len({one.row_no for one in found.complaints}),
        missing_headings=found.missing,
        unknown_headings=found.unknown[:MOST_SHOWN],
        complaints=[
            ComplaintOut(one.row_no, one.heading, one.trouble)
            for one in found.complaints[:MOST_SHOWN]
        ],
        doubts=[
            DoubtOut(one.row_no, one.check, said[one.check].severity, said[one.check].says)
            for one in found.doubts[:MOST_SHOWN]
        ],
        doubted=len({one.row_no for one in found.doubts}),
    )
