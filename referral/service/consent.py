"""Consent to the transfer: signed, verbal, or waived in an emergency by the head who may.

No signer and no time: the institution's head may authorise (中国重症患者转运指南 2010, secondary
source). A case is sent with the kind alone, because seconds count; who gave it, who authorised and
why are prompted for until they are known, and a waiver until somebody has signed.
"""

from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, new_id
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.commands.on_papers import RecordConsent
from referral.errors import ConsentIncomplete, ReferenceInvalid
from referral.models import ConsentRow
from referral.papers import Papers
from referral.rules.consent import NAMES_FIELD, lacking
from referral.service.desk import Desk, at_desk
from referral.states import ReferralAction


async def record_consent(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    case_id: UUID,
    order: RecordConsent,
) -> CaseId:
    """Add an act of consent; the newest counts, codes alone go on the chain.

    Raises:
        ConsentIncomplete: this kind needs more.
        ReferenceInvalid: the document is not attached to this case.
    """
    missing = lacking(order.kind, order.given_by, _given(order))
    if missing:
        raise ConsentIncomplete(missing=", ".join(missing))
    act = Act(version=0, event_at=order.at, late_reason=order.late_reason)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        side = desk.move_case(ReferralAction.COMPLETE_RECORD)
        await _document(desk, order.attachment_id)
        row = consent_row(desk, order.kind)
        row.given_by, row.relation = order.given_by, order.relation
        row.attachment_id = order.attachment_id
        row.names_sealed = _sealed(sealer, order)
        session.add(row)
        desk.rows.referral.consent = order.kind
        facts = {
            "consent_id": row.id,
            "kind": row.kind,
            "given_by": row.given_by,
            "relation": row.relation,
            "document": row.attachment_id is not None,
        }
        await desk.write("referral.consent", facts, side=side)
    return desk.case_id


def consent_row(desk: Desk, kind: str) -> ConsentRow:
    """An act of consent as far as the sending of a case knows it."""
    process = desk.viewer.is_process
    return ConsentRow(
        id=new_id(),
        case_id=desk.case_id,
        kind=kind,
        at=desk.at,
        entered_at=desk.moment.entered_at,
        late_reason=desk.moment.late_reason,
        person_id=None if process else desk.viewer.person_id,
        facility_id=None if process else desk.viewer.facility_id,
    )


_NAMES = ("giver_name", "explained_by", "authoriser_name", "authoriser_post", "reason")


def _given(order: RecordConsent) -> frozenset[str]:
    wanted = ("relation", *_NAMES)
    return frozenset(name for name in wanted if getattr(order, name) is not None)


def _sealed(sealer: Sealer, order: RecordConsent) -> bytes | None:
    names = {name: getattr(order, name) for name in _NAMES if getattr(order, name) is not None}
    return sealer.seal(msgspec.json.encode(names).decode(), NAMES_FIELD) if names else None


async def _document(desk: Desk, attachment_id: UUID | None) -> None:
    if attachment_id is None:
        return
    papers = Papers(desk.session, desk.viewer)
    try:
        await papers.attachment(desk.case_id, attachment_id)
    except NotFound as error:
        raise ReferenceInvalid(field="attachment_id") from error
    if await papers.withdrawn(attachment_id):
        raise ReferenceInvalid(field="attachment_id")
