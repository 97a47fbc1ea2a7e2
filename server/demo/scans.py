"""Synthetic examinations: in the record of the woman who is guided in place, and from a machine."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text

from consult.imaging.receiving.arriving import PROCESS, arrive
from consult.imaging.receiving.models import MachineRow
from consult.imaging.receiving.repository import MachineRepository
from consult.imaging.repository import ScanRepository
from consult.imaging.taking import Desk, take, woman_of
from kernel.ids import PregnancyId, new_id
from kernel.viewer import Viewer
from registry.pregnancies.rules import NAME_FIELD
from server.demo.cast import Cast
from server.demo.ultrasound import Subject, examination

log = structlog.get_logger()

DOCTOR = "lj001.doctor"
MACHINE = "CAICHAO-1"
_GUIDED = text(
    "SELECT id FROM referral WHERE condition = 'eclampsia' AND NOT drill"
    " ORDER BY sent_at DESC LIMIT 1"
)


async def tell_scans(desk: Desk, now: datetime) -> int:
    """Bring the examination once; how many files there were."""
    async with desk.database.session(Viewer.system("demo")) as session:
        doctor = (await Cast.load(session)).viewers[DOCTOR]
    async with desk.database.session(doctor) as session:
        case_id = (await session.execute(_GUIDED)).scalar_one()
        pregnancy, patient = await woman_of(session, doctor, case_id)
        if await ScanRepository(session, doctor).of(PregnancyId(pregnancy.id)):
            return 0
        name = desk.sealer.open(patient.name_sealed, NAME_FIELD)
    birthday = patient.birth_date if patient.birth_date_exact else None
    born = "" if birthday is None else birthday.strftime("%Y%m%d")
    root = f"2.25.{case_id.int}"
    files = examination(Subject(f"={name}", born, now - timedelta(minutes=50), root))
    for content in files:
        await take(desk, doctor, case_id, _giving(content), deidentify=False)
    log.info("demo.scans", files=len(files))
    return len(files)


def _giving(content: bytes) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return content

    return read


async def tell_arrival(desk: Desk, now: datetime) -> int:
    """An examination that the county's machine sent and nobody brought yet, once; so many files."""
    async with desk.database.session(PROCESS) as session:
        if await MachineRepository(session, PROCESS).may_send():
            return 0
        doctor = (await Cast.load(session)).viewers[DOCTOR]
        machine = MachineRow(
            id=new_id(), ae_title=MACHINE, name="彩超一号", facility_id=doctor.facility_id,
            networks=["127.0.0.1/32"], created_at=now, created_by=doctor.person_id,
        )  # fmt: skip
        session.add(machine)
    files = examination(Subject("YANSHI^LAIYUAN", "", now - timedelta(minutes=20), "2.25.991"))
    for content in files:
        await arrive(desk, machine.id, content)
    return len(files)
