"""One file into her record: read in a box, compared with the case, sealed, and on the chain.

No transaction is open while bytes travel or are read: the viewer's right is asked first, and the
rows are written at the end. The same file again is the same instance; another file under its UID
is refused, and that it was tried stays visible.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.archive import Archive
from consult.imaging.comparing import WAITS, Header, Likeness, Woman, likeness
from consult.imaging.errors import UidTaken
from consult.imaging.models import ClashRow, InstanceRow, StudyRow
from consult.imaging.parse import Box, Summary
from consult.imaging.parse.box import zero_preamble
from consult.imaging.repository import ScanRepository
from consult.imaging.states import StudyState
from consult.repository import AdviceRepository
from kernel import chain
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import NotFound
from kernel.ids import CaseId, PregnancyId, new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from registry.pregnancies.repository import PregnancyRepository, Record
from registry.pregnancies.rules import NAME_FIELD

HEADER_FIELD: Final = "scan_header"
NOT_KEPT: Final = ("patient_name", "patient_id", "patient_birth", "patient_sex")


@dataclass(frozen=True, slots=True)
class Desk:
    """What scans are taken in with."""

    database: Database
    clock: Clock
    sealer: Sealer
    archive: Archive
    box: Box


@dataclass(frozen=True, slots=True)
class _Scan:
    """One file as it will be kept."""

    summary: Summary
    header: Header
    likeness: Likeness
    deidentified: bool
    digest: bytes
    size: int


async def take(
    desk: Desk,
    viewer: Viewer,
    case_id: UUID,
    read: Callable[[], Awaitable[bytes]],
    *,
    deidentify: bool,
) -> tuple[UUID, bool]:
    """Take in what `read` gives; the instance, and whether it is new.

    Raises:
        NotFound: the case is not open to the viewer, before anything is read.
        Refusal: one of `imaging.*`: it cannot be kept.
        UidTaken: another file of hers has the same UID.
    """
    async with desk.database.session(viewer) as session:
        hers = await woman_of(session, viewer, case_id)
        her = woman(desk.sealer, hers)
    pregnancy_id = PregnancyId(hers[0].id)
    scan = await _read(desk, pregnancy_id, her, await read(), deidentify=deidentify)
    async with desk.database.session(viewer) as session:
        repository = ScanRepository(session, viewer)
        await repository.queue(pregnancy_id)
        known = await repository.same_uid(pregnancy_id, scan.summary.sop_uid)
        if known is None:
            study = await _study(session, desk, viewer, pregnancy_id, case_id, scan)
            return await _keep(session, desk.clock, viewer, study, case_id, scan), True
        clashes = known.sha256 != scan.digest
        if clashes:
            await _remember(session, desk.clock, viewer, known, case_id, scan)
    # Only now: a refusal inside would have undone the record of the attempt.
    if clashes:
        raise UidTaken()
    return known.id, False


async def woman_of(session: AsyncSession, viewer: Viewer, case_id: UUID) -> Record:
    """Whose case it is.

    Raises:
        NotFound: the case is not open to the viewer, or does not say.
    """
    await AdviceRepository(session, viewer).must_see(case_id)
    hers = await PregnancyRepository(session, viewer).of_cases([CaseId(case_id)])
    if CaseId(case_id) not in hers:
        raise NotFound()
    return hers[CaseId(case_id)]


def woman(sealer: Sealer, hers: Record) -> Woman:
    """What a file can be compared with."""
    patient = hers[1]
    name = sealer.open(patient.name_sealed, NAME_FIELD)
    return Woman(name, patient.birth_date if patient.birth_date_exact else None)


def header_of(summary: Summary) -> Header:
    """Who a file says it is of."""
    return Header(
        summary.patient_name, summary.patient_id, summary.patient_birth, summary.patient_sex
    )


async def _read(
    desk: Desk, pregnancy_id: PregnancyId, her: Woman, content: bytes, *, deidentify: bool
) -> _Scan:
    summary = await desk.box.summary(content)
    header = header_of(summary)
    if deidentify:
        # The same salt for all of hers: what was one study stays one, and again is the same.
        salt = desk.sealer.blind_index(str(pregnancy_id), "scan_uid")
        kept = await desk.box.deidentified(content, salt)
        summary = await desk.box.summary(kept)
    else:
        kept = zero_preamble(content)
    digest = await asyncio.to_thread(desk.archive.put, summary.sop_uid, kept)
    return _Scan(summary, header, likeness(header, her), deidentify, digest, len(kept))


async def _study(
    session: AsyncSession,
    desk: Desk,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    case_id: UUID,
    scan: _Scan,
) -> StudyRow:
    said = msgspec.json.encode(scan.header)
    mark = desk.sealer.blind_index(said.decode(), HEADER_FIELD)
    repository = ScanRepository(session, viewer)
    standing = await repository.standing(pregnancy_id, scan.summary.study_uid, mark)
    if standing is not None:
        return standing
    held = scan.likeness in WAITS
    row = StudyRow(
        id=new_id(),
        case_id=case_id,
        pregnancy_id=pregnancy_id,
        study_uid=scan.summary.study_uid,
        header_mark=mark,
        header_sealed=desk.sealer.seal_bytes(said, HEADER_FIELD) if held else None,
        identity=scan.likeness,
        state=StudyState.HELD if held else StudyState.FILED,
        deidentified=scan.deidentified,
        study_at=scan.summary.study_at,
        description=scan.summary.study_description,
        at=desk.clock.now(),
        person_id=viewer.person_id,
        facility_id=viewer.facility_id,
    )
    session.add(row)
    await session.flush()  # the policy of the instance looks for its study
    return row


async def _keep(
    session: AsyncSession, clock: Clock, viewer: Viewer, study: StudyRow, case_id: UUID, scan: _Scan
) -> UUID:
    about = msgspec.to_builtins(scan.summary)
    row = InstanceRow(
        id=new_id(),
        study_id=study.id,
        pregnancy_id=study.pregnancy_id,
        sop_uid=scan.summary.sop_uid,
        sha256=scan.digest,
        size_bytes=scan.size,
        summary={name: value for name, value in about.items() if name not in NOT_KEPT},
        at=clock.now(),
        person_id=viewer.person_id,
        facility_id=viewer.facility_id,
    )
    session.add(row)
    await session.flush()
    facts: dict[str, object] = {
        "study_id": study.id,
        "instance_id": row.id,
        "modality": scan.summary.modality,
        "sha256": scan.digest.hex(),
        "size_bytes": scan.size,
        "identity": study.identity,
        "deidentified": study.deidentified,
    }
    await chain.append(session, clock, CaseId(case_id), "scan.added", viewer=viewer, payload=facts)
    return row.id


async def _remember(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    known: InstanceRow,
    case_id: UUID,
    scan: _Scan,
) -> None:
    tried = insert(ClashRow).values(
        instance_id=known.id, sha256=scan.digest, study_id=known.study_id,
        pregnancy_id=known.pregnancy_id, at=clock.now(), person_id=viewer.person_id,
        facility_id=viewer.facility_id,
    )  # fmt: skip
    once = tried.on_conflict_do_nothing().returning(ClashRow.instance_id)
    if (await session.execute(once)).one_or_none() is None:
        return
    facts: dict[str, object] = {"instance_id": known.id, "sha256": scan.digest.hex()}
    await chain.append(
        session, clock, CaseId(case_id), "scan.refused", viewer=viewer, payload=facts
    )
