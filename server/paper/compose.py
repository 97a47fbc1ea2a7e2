"""Which documents a case has, and how each is put together."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.queries import advice_of_case
from consult.readmodel import Advice
from kernel.clock import Clock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.paper import afterwards, newborn, papers_of_travel, transfer
from referral.paper.errors import IdentityClosed, NothingToPrint
from referral.paper.model import TITLES, Document, PaperKind
from referral.queries.case import referral
from referral.queries.dossier import dossier
from referral.readmodel.dossier import Dossier
from referral.readmodel.whole import Referral
from server.paper.consult_form import consult_form


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that the documents of one case are made from."""

    case: Referral
    dossier: Dossier
    advice: list[Advice]


async def gather(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, case_id: UUID
) -> Sources:
    """Read the case as its viewer sees it; logged with the patient.

    Raises:
        NotFound: unknown or foreign.
        IdentityClosed: the viewer may not know who she is.
    """
    case = await referral(session, clock, viewer, sealer, case_id)
    if case.pregnancy is None:
        raise IdentityClosed()
    return Sources(
        case,
        await dossier(session, clock, viewer, sealer, case_id),
        await advice_of_case(session, viewer, case_id),
    )


def available(sources: Sources, kind: PaperKind) -> bool:
    """Whether there is something for this document to say."""
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


def compose(sources: Sources, kind: PaperKind) -> Document:
    """The document as it stands now.

    Raises:
        NothingToPrint: the case holds nothing for it yet.
    """
    if not available(sources, kind):
        raise NothingToPrint(kind=TITLES[kind])
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
