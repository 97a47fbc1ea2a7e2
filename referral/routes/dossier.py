"""What a sender adds while experts read, and what changed since."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from litestar import get, patch, post
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter

from kernel.access import ANY, OPT
from kernel.idempotency import once
from kernel.ids import CaseId
from referral.commands.on_papers import (
    Cite,
    FillNewborn,
    GiveTreatment,
    RecordConsent,
    Seen,
    Withdraw,
)
from referral.papers import Target
from referral.queries.catalogue import treatment_kinds
from referral.queries.dossier import dossier
from referral.readmodel.dossier import Dossier, TreatmentCatalogue
from referral.routes.asked import TREATING, Asked, provide_asked
from referral.routes.asking import Done
from referral.rules.treatments import GROUPS, TREATMENTS
from referral.service import cite, consent, identify, newborn, seen, treat
from registry.pregnancies.details import PatientDetails

ASKED = {"asked": Provide(provide_asked)}


async def show(asked: Asked, case_id: UUID) -> Dossier:
    """The dossier as the viewer sees it."""
    return await dossier(asked.session, asked.clock, asked.viewer, asked.sealer, case_id)


async def do(
    asked: Asked, operation: str, body: object, work: Callable[[], Awaitable[CaseId]]
) -> Dossier:
    """Do `work` once under the request's key and show the dossier, as it is now."""

    async def answer() -> Done:
        return Done(case_id=await work())

    done = await once(asked.session, asked.viewer, asked.key, operation, body, Done, answer)
    await asked.session.flush()  # the view reads what the command wrote
    return await show(asked, done.case_id)


@get("/treatments", opt={OPT: ANY}, sync_to_thread=False)
def treatments() -> TreatmentCatalogue:
    """What can be given or done; a proposal, labelled as such."""
    return TreatmentCatalogue(
        version=TREATMENTS.version,
        valid_from=TREATMENTS.valid_from,
        source=TREATMENTS.source,
        confidence=TREATMENTS.confidence,  # type: ignore[arg-type]
        status=TREATMENTS.status,
        groups=list(GROUPS),
        treatments=treatment_kinds(),
    )


@get("/referrals/{case_id:uuid}/dossier", opt={OPT: TREATING}, dependencies=ASKED)
async def get_dossier(case_id: UUID, asked: Asked) -> Dossier:
    """Forms, treatments, consents, attachments, references, and what changed since sending."""
    return await show(asked, case_id)


@post("/referrals/{case_id:uuid}/treatments", opt={OPT: TREATING}, dependencies=ASKED)
async def give_treatment(case_id: UUID, data: GiveTreatment, asked: Asked) -> Dossier:
    """Something was given or done; the first dose also sets its mark on the clock."""
    return await do(
        asked,
        f"give_treatment/{case_id}",
        data,
        lambda: treat.give(asked.session, asked.clock, asked.viewer, case_id, data),
    )


async def _withdraw(asked: Asked, case_id: UUID, target: Target, why: Withdraw) -> Dossier:
    return await do(
        asked,
        f"withdraw/{target.what}/{target.id}",
        why,
        lambda: treat.withdraw(asked.session, asked.clock, asked.viewer, case_id, target, why),
    )


@post(
    "/referrals/{case_id:uuid}/treatments/{treatment_id:uuid}/withdraw",
    opt={OPT: TREATING},
    dependencies=ASKED,
)
async def withdraw_treatment(
    case_id: UUID, treatment_id: UUID, data: Withdraw, asked: Asked
) -> Dossier:
    """Entered by mistake: it stays, struck through."""
    return await _withdraw(asked, case_id, Target("treatment", treatment_id), data)


@post(
    "/referrals/{case_id:uuid}/attachments/{attachment_id:uuid}/withdraw",
    opt={OPT: TREATING},
    dependencies=ASKED,
)
async def withdraw_attachment(
    case_id: UUID, attachment_id: UUID, data: Withdraw, asked: Asked
) -> Dossier:
    """Attached by mistake: it stays, struck through, and is fetched no more."""
    return await _withdraw(asked, case_id, Target("attachment", attachment_id), data)


@post(
    "/referrals/{case_id:uuid}/references/{reference_id:uuid}/withdraw",
    opt={OPT: TREATING},
    dependencies=ASKED,
)
async def withdraw_reference(
    case_id: UUID, reference_id: UUID, data: Withdraw, asked: Asked
) -> Dossier:
    """Cited by mistake."""
    return await _withdraw(asked, case_id, Target("reference", reference_id), data)


@patch("/referrals/{case_id:uuid}/newborns/{baby:int}", opt={OPT: TREATING}, dependencies=ASKED)
async def fill_newborn(
    case_id: UUID,
    baby: Annotated[int, Parameter(ge=1, le=9)],
    data: FillNewborn,
    asked: Asked,
) -> Dossier:
    """A piece of one child's form; twins are two forms of one case."""
    return await do(
        asked,
        f"fill_newborn/{case_id}/{baby}",
        data,
        lambda: newborn.fill_newborn(asked.session, asked.clock, asked.viewer, case_id, baby, data),
    )


@patch("/referrals/{case_id:uuid}/identity", opt={OPT: TREATING}, dependencies=ASKED)
async def complete_identity(case_id: UUID, data: PatientDetails, asked: Asked) -> Dossier:
    """Who she is: residence, relatives, numbers, dates; sealed."""
    return await do(
        asked,
        f"complete_identity/{case_id}",
        data,
        lambda: identify.complete_identity(
            asked.session, asked.clock, asked.viewer, asked.sealer, case_id, data
        ),
    )


@post("/referrals/{case_id:uuid}/consents", opt={OPT: TREATING}, dependencies=ASKED)
async def record_consent(case_id: UUID, data: RecordConsent, asked: Asked) -> Dossier:
    """An act of consent, or the waiver of the head who may."""
    return await do(
        asked,
        f"record_consent/{case_id}",
        data,
        lambda: consent.record_consent(
            asked.session, asked.clock, asked.viewer, asked.sealer, case_id, data
        ),
    )


@post("/referrals/{case_id:uuid}/references", opt={OPT: TREATING}, dependencies=ASKED)
async def add_reference(case_id: UUID, data: Cite, asked: Asked) -> Dossier:
    """Cite seconds of a tracing, or an attached picture."""
    return await do(
        asked,
        f"add_reference/{case_id}",
        data,
        lambda: cite.cite(asked.session, asked.clock, asked.viewer, case_id, data),
    )


@post("/referrals/{case_id:uuid}/seen", opt={OPT: TREATING}, dependencies=ASKED)
async def mark_seen(case_id: UUID, data: Seen, asked: Asked) -> Dossier:
    """What changed up to this moment has been read."""
    return await do(
        asked,
        f"mark_seen/{case_id}",
        data,
        lambda: seen.mark_seen(asked.session, asked.clock, asked.viewer, case_id, data),
    )


HANDLERS: list[BaseRouteHandler] = [
    treatments,
    get_dossier,
    give_treatment,
    withdraw_treatment,
    withdraw_attachment,
    withdraw_reference,
    fill_newborn,
    complete_identity,
    record_consent,
    add_reference,
    mark_seen,
]
