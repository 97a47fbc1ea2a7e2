"""The access log: who opened which patient, when and why."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import cast

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import CaseId, PatientId
from kernel.viewer import Viewer
from registry.pregnancies.models import AccessEntry

_LOG = cast(Table, AccessEntry.__table__)


class Purpose(StrEnum):
    """Why a patient's identity was opened."""

    SEARCH = "search"
    OPEN = "open"
    REGISTER = "register"
    CASE = "case"
    SPECIAL_POPULATION = "special_population"
    SPECIAL_EXPORT = "special_export"


async def record(
    session: AsyncSession,
    at: datetime,
    viewer: Viewer,
    patients: Iterable[PatientId],
    purpose: Purpose,
    case_id: CaseId | None = None,
) -> None:
    """Write one line per patient, in the transaction that opens her."""
    rows = [
        {
            "at": at,
            "account_id": viewer.account_id,
            "person_id": viewer.person_id,
            "session_id": viewer.session_id,
            "facility_id": viewer.facility_id,
            "patient_id": patient_id,
            "purpose": str(purpose),
            "case_id": case_id,
        }
        for patient_id in patients
    ]
    if rows:
        # A plain insert: writers may not read the log, so RETURNING would be refused.
        await session.execute(_LOG.insert().inline(), rows)
