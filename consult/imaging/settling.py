"""A person's word on a study: it is hers, or it does not belong here."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.models import StudyRow
from consult.imaging.repository import ScanRepository
from consult.imaging.states import STUDY, StudyAction, StudyState
from kernel import chain
from kernel.clock import Clock
from kernel.ids import CaseId
from kernel.viewer import Viewer


async def confirm(session: AsyncSession, clock: Clock, viewer: Viewer, study_id: UUID) -> UUID:
    """The names were compared: the study is hers.

    Raises:
        NotFound: unknown or foreign, or brought to a case that is closed to the viewer.
        IllegalTransition: it does not wait.
    """
    row = await _moved(session, viewer, clock, study_id, StudyAction.CONFIRM)
    await _tell(session, clock, viewer, row, "scan.confirmed")
    return row.id


async def withdraw(
    session: AsyncSession, clock: Clock, viewer: Viewer, study_id: UUID, reason: str
) -> UUID:
    """The study does not belong here: rows and bytes stay, nothing of it is shown.

    Raises:
        NotFound: unknown or foreign, or brought to a case that is closed to the viewer.
        IllegalTransition: it is out already.
    """
    row = await _moved(session, viewer, clock, study_id, StudyAction.WITHDRAW)
    row.reason = reason
    await _tell(session, clock, viewer, row, "scan.withdrawn")
    return row.id


async def _moved(
    session: AsyncSession, viewer: Viewer, clock: Clock, study_id: UUID, action: StudyAction
) -> StudyRow:
    row = await ScanRepository(session, viewer).study(study_id, lock=True)
    row.state = STUDY.edge(StudyState(row.state), action).to
    row.settled_at, row.settled_by = clock.now(), viewer.person_id
    row.header_sealed = None  # it was kept for a person to compare
    return row


async def _tell(
    session: AsyncSession, clock: Clock, viewer: Viewer, row: StudyRow, kind: str
) -> None:
    await session.flush()
    facts: dict[str, object] = {"study_id": row.id, "identity": row.identity}
    await chain.append(session, clock, CaseId(row.case_id), kind, viewer=viewer, payload=facts)
