"""What an opinion rests on: quoted when it is written, so that the signature covers what was seen.

Tracings belong to another domain; whoever puts the server together says how their seconds are read.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from consult.commands import Cite, CiteObservation, CiteScan, CiteStill, CiteTracing
from consult.errors import CitedVoid, NothingCited
from consult.imaging.citing import ScanRef, citable_scans, cited_frame
from consult.rooms.stills.citing import StillRef, citable_stills, cited_still
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId, PregnancyId
from kernel.viewer import Viewer
from registry.observations.catalogue import CATALOGUE, Word
from registry.observations.models import ObservationRow
from registry.observations.repository import ObservationRepository
from registry.pregnancies.repository import PregnancyRepository

FLAGS = {"yes": Word(zh="是", en="yes"), "no": Word(zh="否", en="no")}
LOOK_BACK = timedelta(days=3)
MOST_READINGS = 80
MOST_S = 3 * 3600
"""Longest stretch of a tracing that one citation names."""


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """One citation with what it showed.

    `sha256` is of the frames of a tracing's seconds, or of a scan's or a still's whole file; `uids`
    are that scan's study, series and instance, `marks_sha256` is of what stood on the still.
    """

    kind: Literal["observation", "tracing", "scan", "still"]
    id: UUID
    zh: str
    en: str
    at: datetime
    until: datetime | None = None
    from_seq: int | None = None
    to_seq: int | None = None
    frame: int | None = None
    uids: list[str] = []
    sha256: str | None = None
    marks_sha256: str | None = None
    note: str = ""


class Seconds(msgspec.Struct, frozen=True):
    """Stored seconds of a tracing: where, from when to when, and the hash of their frames."""

    bed: str
    at: datetime
    until: datetime
    sha256: str


class TracingRef(msgspec.Struct, frozen=True):
    """A tracing of hers; second n lies n - 1 seconds after `started_at`."""

    id: UUID
    bed: str
    started_at: datetime
    last_seq: int


class Citable(msgspec.Struct, frozen=True):
    """What an opinion may rest on, the newest first."""

    readings: list[Quoted]
    tracings: list[TracingRef]
    scans: list[ScanRef]
    stills: list[StillRef]


@runtime_checkable
class Tracings(Protocol):
    """How tracings are found and read."""

    async def of(
        self, session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId
    ) -> list[TracingRef]:
        """Hers, as far as the viewer may see them."""

    async def seconds(
        self,
        session: AsyncSession,
        viewer: Viewer,
        pregnancy_id: PregnancyId,
        recording_id: UUID,
        first: int,
        last: int,
    ) -> Seconds | None:
        """Seconds `first` to `last`; None if none is stored. `NotFound`: not one of hers."""


async def citable(
    session: AsyncSession, clock: Clock, viewer: Viewer, tracings: Tracings, case_id: UUID
) -> Citable:
    """Readings of the last three days, tracings, scans and stills of the case's woman.

    Raises:
        NotFound: the case is not open to the viewer, or does not say whose it is.
    """
    pregnancy_id, at = await whose(session, viewer, case_id), clock.now()
    rows = await ObservationRepository(session, viewer).series(
        pregnancy_id, None, at - LOOK_BACK, at + timedelta(minutes=5), drill=False
    )
    readings = [_reading(row, "") for row, void, _ in rows if void is None]
    return Citable(
        readings[:MOST_READINGS],
        await tracings.of(session, viewer, pregnancy_id),
        await citable_scans(session, viewer, pregnancy_id),
        await citable_stills(session, pregnancy_id),
    )


async def whose(session: AsyncSession, viewer: Viewer, case_id: UUID) -> PregnancyId:
    """The pregnancy that the case is about, or `NotFound`."""
    hers = await PregnancyRepository(session, viewer).of_cases([CaseId(case_id)])
    if CaseId(case_id) not in hers:
        raise NotFound()
    return PregnancyId(hers[CaseId(case_id)][0].id)


async def quote(
    session: AsyncSession,
    viewer: Viewer,
    tracings: Tracings,
    pregnancy_id: PregnancyId,
    cited: Sequence[Cite],
) -> list[Quoted]:
    """Every citation with what it shows now.

    Raises:
        NotFound: unknown, foreign, or another woman's.
        CitedVoid: the reading was marked as entered in error.
        NothingCited: none of the seconds is stored.
        StillHeld, TakenOut, NoPixels, NoSuchFrame: no frame of a scan that is hers.
        BadInput: the seconds end before they begin, or are longer than three hours.
    """
    readings = ObservationRepository(session, viewer)
    found = []
    for one in cited:
        if isinstance(one, CiteObservation):
            row, void = await readings.one(pregnancy_id, one.observation_id)
            if void is not None:
                raise CitedVoid()
            found.append(_reading(row, one.note))
        elif isinstance(one, CiteScan):
            found.append(await _frame(session, viewer, pregnancy_id, one))
        elif isinstance(one, CiteStill):
            found.append(await _still(session, pregnancy_id, one))
        else:
            found.append(await _seconds(session, viewer, tracings, pregnancy_id, one))
    return found


def _reading(row: ObservationRow, note: str) -> Quoted:
    item = CATALOGUE.codes[row.code]
    if row.value_num is None:
        word = item.words.get(row.value_code or "", FLAGS.get(row.value_code or ""))
        zh, en = (word.zh, word.en) if word else ("", "")
    else:
        zh = en = f"{row.value_num:.{item.decimals}f} {CATALOGUE.shown(item.unit)}".strip()
    return Quoted(
        kind="observation", id=row.id, zh=f"{item.zh} {zh}", en=f"{item.en} {en}",
        at=row.taken_at, note=note,
    )  # fmt: skip


async def _seconds(
    session: AsyncSession,
    viewer: Viewer,
    tracings: Tracings,
    pregnancy_id: PregnancyId,
    one: CiteTracing,
) -> Quoted:
    if not one.from_seq <= one.to_seq < one.from_seq + MOST_S:
        raise BadInput(field="to_seq", reason="range")
    seen = await tracings.seconds(
        session, viewer, pregnancy_id, one.recording_id, one.from_seq, one.to_seq
    )
    if seen is None:
        raise NothingCited(from_seq=one.from_seq, to_seq=one.to_seq)
    return Quoted(
        kind="tracing", id=one.recording_id, zh=f"胎心监护 {seen.bed}", en=f"CTG {seen.bed}",
        at=seen.at, until=seen.until, from_seq=one.from_seq, to_seq=one.to_seq,
        sha256=seen.sha256, note=one.note,
    )  # fmt: skip


async def _frame(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId, one: CiteScan
) -> Quoted:
    seen = await cited_frame(session, viewer, pregnancy_id, one.instance_id, one.frame)
    return Quoted(
        kind="scan", id=one.instance_id, zh=seen.zh, en=seen.en, at=seen.at, frame=one.frame,
        uids=seen.uids, sha256=seen.sha256, note=one.note,
    )  # fmt: skip


async def _still(session: AsyncSession, pregnancy_id: PregnancyId, one: CiteStill) -> Quoted:
    seen = await cited_still(session, pregnancy_id, one.still_id)
    return Quoted(
        kind="still", id=one.still_id, zh=seen.zh, en=seen.en, at=seen.at, sha256=seen.sha256,
        marks_sha256=seen.marks_sha256, note=one.note,
    )  # fmt: skip
