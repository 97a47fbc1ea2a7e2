"""Which documents a case has, and how each is put together: of a transfer, of a consultation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.imaging.queries import newest_reports
from consult.imaging.readmodel import MeasuredReport
from consult.queries import advice_of_case
from consult.readmodel import Advice
from consult.requests.queries import is_consult
from consult.requests.queries import one as consult
from consult.requests.schemas import ConsultDetail
from consult.requests.store import locked
from consult.rooms.attendance import Attended
from consult.rooms.attendance import of_consult as attended_of
from consult.rooms.chat.queries import whole
from consult.rooms.chat.schemas import RoomMessage
from consult.rooms.stills.queries import of_consult as stills_of
from consult.rooms.stills.schemas import RoomStill
from consult.telephone.queries import of_consult as calls_of
from consult.telephone.schemas import ConsultCall
from kernel.clock import Clock
from kernel.ids import CaseId, PregnancyId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.paper import afterwards, newborn, papers_of_travel, transfer
from referral.paper.errors import IdentityClosed, NothingToPrint
from referral.paper.issue import held as held_transfer
from referral.paper.model import TITLES, Document, PaperKind
from referral.queries.case import referral
from referral.queries.dossier import dossier
from referral.readmodel.dossier import Dossier
from referral.readmodel.whole import Referral
from registry.pregnancies.access import Purpose
from registry.pregnancies.queries import open_pregnancy
from registry.pregnancies.schemas import PregnancyOut
from server.paper.consult_form import consult_form
from server.paper.consultation_form import consultation_form


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that the documents of one case are made from."""

    case: Referral
    dossier: Dossier
    advice: list[Advice]


@dataclass(frozen=True, slots=True)
class ConsultSources:
    """Everything that the form of a consultation is made from."""

    detail: ConsultDetail
    woman: PregnancyOut
    advice: list[Advice]
    attended: list[Attended]
    written: list[RoomMessage]
    calls: list[ConsultCall]
    stills: list[RoomStill]
    measured: list[MeasuredReport]
    demo: bool


async def gather(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, case_id: UUID
) -> Sources | ConsultSources:
    """Read the case as its viewer sees it; logged with the patient.

    Raises:
        NotFound: unknown or foreign.
        IdentityClosed: the viewer may not know who she is.
    """
    if await is_consult(session, case_id):
        return await _consultation(session, clock, viewer, sealer, case_id)
    case = await referral(session, clock, viewer, sealer, case_id)
    if case.pregnancy is None:
        raise IdentityClosed()
    return Sources(
        case,
        await dossier(session, clock, viewer, sealer, case_id),
        await advice_of_case(session, viewer, case_id),
    )


async def _consultation(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, case_id: UUID
) -> ConsultSources:
    detail = await consult(session, clock, viewer, sealer, case_id)
    woman = await open_pregnancy(
        session, clock, viewer, sealer, PregnancyId(detail.consult.pregnancy_id),
        purpose=Purpose.CASE, case_id=CaseId(case_id),
    )  # fmt: skip
    advice = await advice_of_case(session, viewer, case_id)
    attended = await attended_of(session, case_id)
    written = await whole(session, viewer, case_id)
    calls = (await calls_of(session, viewer, sealer, case_id)).calls
    stills = await stills_of(session, viewer, case_id)
    measured = await newest_reports(session, viewer, PregnancyId(detail.consult.pregnancy_id))
    return ConsultSources(
        detail, woman, advice, attended, written, calls, stills, measured, viewer.demo
    )


@asynccontextmanager
async def held(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID
) -> AsyncIterator[None]:
    """The case, locked while a paper of it is issued; `NotFound` if unknown or foreign."""
    if await is_consult(session, case_id):
        await locked(session, case_id)
        yield
        return
    async with held_transfer(session, clock, viewer, case_id):
        yield


def available(sources: Sources | ConsultSources, kind: PaperKind) -> bool:
    """Whether there is something for this document to say."""
    if isinstance(sources, ConsultSources):
        return kind is PaperKind.CONSULT
    case, back = sources.case, sources.case.direction == "back"
    match kind:
        case PaperKind.TRANSFER:
            return not back and case.subject != "newborn"
        case PaperKind.NEWBORN_TRANSFER:
            return not back and (case.subject != "mother" or bool(case.newborns))
        case PaperKind.CONSENT:
            return not back
        case PaperKind.CHECKLIST | PaperKind.HANDOVER:
            return bool(case.legs)
        case PaperKind.CONSULT:
            return any(one.state == "signed" for one in sources.advice)
        case PaperKind.FEEDBACK:
            return case.ending is not None and case.ending.outcome is not None
        case PaperKind.BACK_REFERRAL:
            return case.plan is not None
        case PaperKind.CERTIFICATE:
            return False


def compose(sources: Sources | ConsultSources, kind: PaperKind) -> Document:
    """The document as it stands now.

    Raises:
        NothingToPrint: the case holds nothing for it yet.
    """
    if not available(sources, kind):
        raise NothingToPrint(kind=TITLES[kind])
    if isinstance(sources, ConsultSources):
        return consultation_form(
            sources.detail,
            sources.woman,
            sources.advice,
            sources.attended,
            sources.written,
            sources.calls,
            sources.stills,
            sources.measured,
            demo=sources.demo,
        )
    case, papers = sources.case, sources.dossier
    match kind:
        case PaperKind.TRANSFER:
            return transfer.transfer(case, papers)
        case PaperKind.NEWBORN_TRANSFER:
            return newborn.newborn_transfer(case, papers)
        case PaperKind.CHECKLIST:
            return papers_of_travel.checklist(case, papers)
        case PaperKind.CONSENT:
            return papers_of_travel.consent(case, papers)
        case PaperKind.HANDOVER:
            return papers_of_travel.handover(case, papers)
        case PaperKind.CONSULT:
            return consult_form(case, sources.advice)
        case PaperKind.FEEDBACK:
            return afterwards.feedback(case, papers)
        case PaperKind.BACK_REFERRAL:
            return afterwards.back_referral(case, papers)
        case PaperKind.CERTIFICATE:  # no case's form; see server.paper.certificates
            raise NothingToPrint(kind=TITLES[kind])
