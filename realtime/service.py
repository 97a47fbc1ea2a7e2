"""Commands on recordings and devices."""

from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncSession

from kernel import chain
from kernel.clock import Clock
from kernel.errors import VersionStale
from kernel.ids import CaseId, DeviceId, FacilityId, PregnancyId, RecordingId, new_id
from kernel.viewer import Viewer
from realtime.errors import CaseOfAnother
from realtime.models import Binding, Device
from realtime.repository import RecordingRepository
from registry.pregnancies.repository import PregnancyRepository

BOUND = "ctg.bound"
"""Event in the case's chain: a tracing was bound to its woman."""


async def bind(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    recording_id: RecordingId,
    *,
    pregnancy_id: PregnancyId,
    case_id: CaseId | None,
    version: int,
) -> None:
    """Say whose tracing it is. Earlier bindings stay in the history.

    Raises:
        NotFound: the recording, the pregnancy or the case is not open to the viewer.
        VersionStale: somebody has bound it since the viewer looked.
        CaseOfAnother: the case belongs to another pregnancy.
    """
    recording = await RecordingRepository(session, viewer).for_change(recording_id)
    if recording.version != version:
        raise VersionStale(current=recording.version, given=version)
    pregnancies = PregnancyRepository(session, viewer)
    await pregnancies.pregnancy(pregnancy_id)
    if case_id is not None:
        record = (await pregnancies.of_cases([case_id])).get(case_id)
        if record is None or record[0].id != pregnancy_id:
            raise CaseOfAnother()
    at = clock.now()
    recording.pregnancy_id, recording.case_id = pregnancy_id, case_id
    recording.bound_by, recording.bound_at = viewer.person_id, at
    recording.version = version + 1
    session.add(
        Binding(
            id=new_id(),
            recording_id=recording_id,
            version=recording.version,
            pregnancy_id=pregnancy_id,
            case_id=case_id,
            bound_by=viewer.person_id,
            bound_at=at,
        )
    )
    await session.flush()  # a constraint speaks here, not after the event is chained
    if case_id is not None:
        payload = {"recording_id": str(recording_id), "version": recording.version}
        await chain.append(session, clock, case_id, BOUND, viewer=viewer, payload=payload)


async def register_device(
    session: AsyncSession,
    *,
    serial: str,
    kind: str,
    facility_id: FacilityId,
    token: str | None = None,
    name: str = "",
    unit: str = "",
) -> DeviceId:
    """Make a device known (system role); only the hash of its token is kept."""
    device_id = DeviceId(new_id())
    session.add(
        Device(
            id=device_id,
            serial=serial,
            name=name,
            kind=kind,
            facility_id=facility_id,
            unit=unit,
            token_hash=None if token is None else sha256(token.encode()).digest(),
        )
    )
    await session.flush()  # a serial number that is taken is refused here
    return device_id
