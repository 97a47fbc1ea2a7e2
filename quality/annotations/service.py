"""Write a note beside a chart, take one back, read those of the months shown."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import new_id
from kernel.viewer import Viewer
from quality.annotations import store
from quality.annotations.errors import NoteMonth, NoteScope, NoteText, NoteWithdrawn
from quality.annotations.schemas import ChartNote, ChartNotes, NoteMade, NotePlace, WriteNote
from quality.indicators import version_of
from quality.names import Names, read_names
from quality.repository import Scope
from quality.schemas import Indicators
from registry.facilities.rules import local_date

BREAKS: Final = frozenset({"Cc", "Zl", "Zp"})
"""Unicode categories that one line of text has not: control characters, breaks."""


async def notes(session: AsyncSession, scope: Scope, code: str) -> ChartNotes:
    """Notes of the months that the period touches, and for whom the viewer may write.

    Raises:
        IndicatorUnknown: no such indicator is in force.
    """
    await version_of(session, scope, code)
    return ChartNotes(
        notes=[one for _, one in await _of(session, scope, [code])],
        places=[
            NotePlace(kind=row.kind, id=row.id, name=row.name)
            for row in await store.places(session, scope)
        ],
    )


async def of_file(
    session: AsyncSession, scope: Scope, found: Indicators
) -> Mapping[str, Sequence[ChartNote]]:
    """What stands beside the charts of a file's indicators, as each chart numbers it, by code."""
    codes = [one.definition.code for one in found.indicators]
    by_code = defaultdict[str, list[ChartNote]](list)
    for code, one in await _of(session, scope, codes):
        by_code[code].append(one)
    return by_code


async def _of(
    session: AsyncSession, scope: Scope, codes: Sequence[str]
) -> Sequence[tuple[str, ChartNote]]:
    rows = await store.of(session, codes, scope)
    names = await read_names(session, person_ids=[row.written_by for row in rows])
    return [(row.code, _note(row, names)) for row in rows]


def _note(row: Row[Any], names: Names) -> ChartNote:
    return ChartNote(
        id=row.id,
        month=f"{row.month:%Y-%m}",
        text=row.said,
        place=NotePlace(
            kind="region" if row.facility_id is None else "facility",
            id=row.facility_id or row.region_id,
            name=row.place,
        ),
        written_by=names.person(row.written_by),
        written_at=row.written_at,
        may_withdraw=row.may_withdraw,
    )


async def write(
    session: AsyncSession, clock: Clock, viewer: Viewer, code: str, said: WriteNote
) -> NoteMade:
    """Say something of a month that has begun.

    Raises:
        IndicatorUnknown: no such indicator is in force now.
        BadInput: neither a house nor a region, or both.
        NoteScope: it is not the viewer's to write for.
        NoteMonth: the month has not begun.
        NoteText: nothing readable, or more than one line.
    """
    now = clock.now()
    await version_of(session, Scope(now - timedelta(days=1), now), code)
    if (said.facility_id is None) == (said.region_id is None):
        reason = "机构与地区须且只须填一个 / give a house or a region, not both"
        raise BadInput(field="facility_id", reason=reason)
    words, month = said.text.strip(), said.month.replace(day=1)
    if not words or any(unicodedata.category(letter) in BREAKS for letter in words):
        raise NoteText()
    if month > local_date(now):
        raise NoteMonth(month=f"{month:%Y-%m}")
    if not await store.may_write(session, said.facility_id, said.region_id):
        raise NoteScope()
    id_ = new_id()
    values = {
        "id": id_,
        "code": code,
        "facility": said.facility_id,
        "region": said.region_id,
        "month": month,
        "said": words,
        "by": viewer.person_id,
        "at": now,
    }
    await store.add(session, values)
    return NoteMade(id_)


async def withdraw(
    session: AsyncSession, clock: Clock, viewer: Viewer, code: str, note_id: UUID
) -> None:
    """Take a note back: it is kept and no longer shown.

    Raises:
        NotFound: no such note, or none that the viewer reads.
        NoteScope: somebody else wrote it, for a place that is not the viewer's.
        NoteWithdrawn: it is taken back already.
    """
    row = await store.one(session, code, note_id)
    if row is None:
        raise NotFound()
    if not row.may_withdraw:
        raise NoteScope()
    if row.withdrawn_at is not None or not await store.withdraw(
        session, note_id, viewer.person_id, clock.now()
    ):
        raise NoteWithdrawn()
