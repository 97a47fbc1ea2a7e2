"""Commands on bindings and wristbands."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import chain
from kernel.clock import Clock
from kernel.errors import NotAllowed, VersionStale
from kernel.ids import CaseId, PregnancyId, RecordingId, new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from realtime.bindings.rules import LABELS, Means, labels_valid, own_code
from realtime.errors import CaseOfAnother, LabelsInvalid, ReasonNeeded, WristbandUnknown
from realtime.models import Binding, Recording, Wristband
from realtime.repository import RecordingRepository
from registry.pregnancies.repository import PregnancyRepository

BOUND = "ctg.bound"
"""Event in the case's chain: a tracing was bound to its woman."""
UNBOUND = "ctg.unbound"
"""Event in the case's chain: a tracing that was bound to it is not hers, or another case's."""

_SEES_CASE = text("SELECT app_sees_case(:case)")


async def bind(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    recording_id: RecordingId,
    *,
    pregnancy_id: PregnancyId,
    case_id: CaseId | None,
    version: int,
    means: Means = "list",
    reason: str = "",
    labels: Sequence[str] | None = None,
) -> None:
    """Say whose tracing it is. Earlier bindings stay in the history, each with its reason.

    Raises:
        NotFound: the recording, the pregnancy or the case is not open to the viewer.
        VersionStale: somebody has bound it since the viewer looked.
        CaseOfAnother: the case belongs to another pregnancy.
        LabelsInvalid: the three channels did not get three different names.
        ReasonNeeded: another binding or naming stands, and nothing says why it was wrong.
    """
    recording = await _current(session, viewer, recording_id, version)
    await _check_woman(session, viewer, pregnancy_id, case_id)
    if labels is not None and not labels_valid(labels):
        raise LabelsInvalid()
    named = list(labels) if labels is not None else recording.labels
    if _contradicts(recording, pregnancy_id, named) and not reason.strip():
        raise ReasonNeeded()
    before = recording.case_id
    recording.pregnancy_id, recording.case_id, recording.labels = pregnancy_id, case_id, named
    recording.bound_by, recording.bound_at = viewer.person_id, clock.now()
    await _keep(session, clock, viewer, recording, means=means, reason=reason)
    if before is not None and before != case_id:
        await _chain(session, clock, viewer, CaseId(before), UNBOUND, recording)
    if case_id is not None:
        await _chain(session, clock, viewer, case_id, BOUND, recording)


async def unbind(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    recording_id: RecordingId,
    *,
    version: int,
    reason: str,
) -> None:
    """Take a binding back: the tracing is nobody's and lies with the unbound ones.

    Raises:
        NotFound: the recording is not open to the viewer.
        NotAllowed: another house's recording; it would vanish from the viewer's own sight.
        VersionStale: somebody has bound it since the viewer looked.
        ReasonNeeded: nothing says why.
    """
    recording = await _current(session, viewer, recording_id, version)
    if recording.facility_id not in viewer.facility_ids:
        raise NotAllowed(reason="facility")
    if not reason.strip():
        raise ReasonNeeded()
    before = recording.case_id
    recording.pregnancy_id = recording.case_id = recording.labels = None
    recording.bound_by = recording.bound_at = None
    await _keep(session, clock, viewer, recording, means="list", reason=reason)
    if before is not None:
        await _chain(session, clock, viewer, CaseId(before), UNBOUND, recording)


async def find_wristband(
    session: AsyncSession, viewer: Viewer, sealer: Sealer, code: str
) -> PregnancyId:
    """Whose wristband of the viewer's house it is; our own printed code names her itself.

    Raises:
        WristbandUnknown: nobody's yet, or of a pregnancy that is over.
        NotFound: our own code, of a woman who is not open to the viewer.
    """
    hers: UUID | None = own_code(code)
    if hers is None:
        wanted = select(Wristband.pregnancy_id).where(
            Wristband.facility_id == viewer.facility_id,
            Wristband.code_index == _index(viewer, sealer, code),
        )
        newest = wanted.order_by(Wristband.recorded_at.desc(), Wristband.id.desc()).limit(1)
        hers = await session.scalar(newest)
    if hers is None:
        raise WristbandUnknown()
    pregnancy, _ = await PregnancyRepository(session, viewer).pregnancy(PregnancyId(hers))
    if pregnancy.ended_at is not None and own_code(code) is None:
        raise WristbandUnknown()
    return PregnancyId(hers)


async def give_wristband(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    code: str,
    pregnancy_id: PregnancyId,
) -> None:
    """From now on this wristband of the viewer's house is hers; of its code a hash is kept.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
        NotAllowed: the viewer treats in no house.
    """
    if viewer.facility_id not in viewer.facility_ids:
        raise NotAllowed(reason="facility")
    await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    session.add(
        Wristband(
            id=new_id(),
            facility_id=viewer.facility_id,
            code_index=_index(viewer, sealer, code),
            pregnancy_id=pregnancy_id,
            recorded_by=viewer.person_id,
            recorded_at=clock.now(),
        )
    )
    await session.flush()  # policies refuse here


def _index(viewer: Viewer, sealer: Sealer, code: str) -> bytes:
    # Two houses may print the same number: the house is part of what is hashed.
    return sealer.blind_index(f"{viewer.facility_id} {code.strip()}", "ctg_wristband")


async def _current(
    session: AsyncSession, viewer: Viewer, recording_id: RecordingId, version: int
) -> Recording:
    recording = await RecordingRepository(session, viewer).for_change(recording_id)
    if recording.version != version:
        raise VersionStale(current=recording.version, given=version)
    return recording


async def _check_woman(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId, case_id: CaseId | None
) -> None:
    pregnancies = PregnancyRepository(session, viewer)
    await pregnancies.pregnancy(pregnancy_id)
    if case_id is not None:
        record = (await pregnancies.of_cases([case_id])).get(case_id)
        if record is None or record[0].id != pregnancy_id:
            raise CaseOfAnother()


def _contradicts(recording: Recording, pregnancy_id: UUID, labels: Sequence[str] | None) -> bool:
    """Whether somebody had said otherwise: whose it is, or which fetus is which."""
    if recording.pregnancy_id is None:
        return False
    renamed = list(labels or LABELS) != list(recording.labels or LABELS)
    return renamed or recording.pregnancy_id != pregnancy_id


async def _keep(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    recording: Recording,
    *,
    means: Means,
    reason: str,
) -> None:
    recording.version += 1
    session.add(
        Binding(
            id=new_id(),
            recording_id=recording.id,
            version=recording.version,
            pregnancy_id=recording.pregnancy_id,
            case_id=recording.case_id,
            means=means,
            reason=reason.strip(),
            labels=recording.labels,
            bound_by=viewer.person_id,
            bound_at=clock.now(),
        )
    )
    await session.flush()  # a constraint speaks here, not after the event is chained


async def _chain(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: CaseId,
    kind: str,
    recording: Recording,
) -> None:
    # Whoever corrects a binding may not be party to the case it was bound to wrongly: then the
    # recording's own history alone tells it.
    if kind == UNBOUND and not await session.scalar(_SEES_CASE, {"case": case_id}):
        return
    payload = {"recording_id": str(recording.id), "version": recording.version}
    await chain.append(session, clock, case_id, kind, viewer=viewer, payload=payload)
