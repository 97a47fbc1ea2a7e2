"""One synthetic examination in the record of the woman who is guided in place."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text

from consult.imaging.repository import ScanRepository
from consult.imaging.taking import Desk, take, woman_of
from kernel.ids import PregnancyId
from kernel.viewer import Viewer
from registry.pregnancies.rules import NAME_FIELD
from server.demo.cast import Cast
from server.demo.ultrasound import Subject, examination

log = structlog.get_logger()

DOCTOR = "lj001.doctor"
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
