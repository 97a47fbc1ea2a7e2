"""The year comes into PostgreSQL: COPY into the platform's own tables, then their statistics."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

import asyncpg

from tests.bench.indicators.afterwards import COLUMNS, afterwards
from tests.bench.indicators.held import COLUMNS as HELD_COLUMNS
from tests.bench.indicators.held import (
    GRADE_COLUMNS,
    PREGNANCY_COLUMNS,
    Lines,
    held,
    registrations,
)
from tests.bench.indicators.province import Province
from tests.bench.indicators.rows import (
    BATCH_COLUMNS,
    FILE_COLUMNS,
    REPORT_COLUMNS,
    ROW_COLUMNS,
    File,
    case_files,
    files,
)
from tests.bench.indicators.stories import (
    EVENT_COLUMNS,
    PARTY_COLUMNS,
    ZEROS,
    Story,
    stories,
)
from tests.bench.indicators.yearly import yearly_files

AT_ONCE: Final = 4000
SEED: Final = 20261127
HEAD_COLUMNS: Final = ("case_id", "seq", "hash", "opened_at")


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens in the year."""

    deliveries: int
    cases: int

    @property
    def files(self) -> int:
        """A woman in twenty has a high-risk file."""
        return self.deliveries // 20


async def load(
    url: str, province: Province, size: Size, start: datetime, by: UUID, ends: Sequence[date]
) -> int:
    """Write the year as the cluster's superuser; how many events it has.

    `ends`: last days of the years that returns are of.

    Triggers are off: foreign keys hold by the way the rows are made, and facts are built later.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica")
        severe: list[Story] = []
        told = stories(province, start, size.cases, SEED)
        events = await _stories(connection, told, severe)
        for table, rows in afterwards(severe, by, SEED).rows.items():
            await _copy(connection, table, COLUMNS[table], rows)
        for sheet in ("front_pages", "birth_cards"):
            await _files(
                connection, files(province, sheet, start.date(), size.deliveries, by, SEED)
            )
        await _files(connection, yearly_files(province, size.deliveries, ends, by, SEED))
        made = case_files(province, start.date(), size.files, by, SEED)
        while some := list(islice(made, AT_ONCE)):
            await _copy(connection, "case_file", FILE_COLUMNS, [one.file for one in some])
            await _copy(
                connection, "case_file_report", REPORT_COLUMNS, [one.report for one in some]
            )
            await _copy(connection, "case_party", PARTY_COLUMNS, [one.party for one in some])
            await _registered(connection, [(one.woman, one.grade) for one in some])
        women = registrations(province, start.date(), size.deliveries, by, SEED)
        while part := list(islice(women, AT_ONCE)):
            await _registered(connection, part)
        for table, lines in held(province, start, by, SEED).items():
            await _copy(connection, table, HELD_COLUMNS[table], lines)
        await connection.execute("VACUUM ANALYZE")
        return events
    finally:
        await connection.close()


async def _registered(connection: Any, some: Sequence[Lines]) -> None:
    await _copy(connection, "pregnancy", PREGNANCY_COLUMNS, [woman for woman, _ in some])
    await _copy(connection, "risk_grade", GRADE_COLUMNS, [grade for _, grade in some])


async def _files(connection: Any, found: Iterator[File]) -> None:
    while part := list(islice(found, AT_ONCE // 40)):
        await _copy(connection, "import_batch", BATCH_COLUMNS, [one.head for one in part])
        lines = [line for one in part for line in one.rows]
        await _copy(connection, "imported_row", ROW_COLUMNS, lines)


async def _stories(connection: Any, told: Iterator[Story], severe: list[Story]) -> int:
    """How many events; stories with a severe outcome are added to `severe`."""
    events = 0
    while some := list(islice(told, AT_ONCE)):
        heads = [
            f"{one.id}\t{len(one.events)}\t{ZEROS}\t{one.events[0].split(chr(9))[9]}\n"
            for one in some
        ]
        await _copy(connection, "case_head", HEAD_COLUMNS, heads)
        lines = [line for one in some for line in one.events]
        await _copy(connection, "case_event", EVENT_COLUMNS, lines)
        parties = [line for one in some for line in one.parties]
        await _copy(connection, "case_party", PARTY_COLUMNS, parties)
        events += len(lines)
        severe += [one for one in some if one.severe]
    return events


async def _copy(connection: Any, table: str, columns: Sequence[str], lines: Sequence[str]) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield "".join(lines).encode()

    await connection.copy_to_table(table, source=source(), columns=columns)
