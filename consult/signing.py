"""Signatures: the author's, which locks; then other experts', who agree or dissent."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from consult import policies
from consult.commands import Countersign
from consult.errors import DissentSaysWhy, DraftMoved, NotSigned, OwnAdvice, StandTaken
from consult.models import AdviceRow, OrderRow, SignatureRow
from consult.repository import AdviceRepository
from consult.states import ADVICE, AdviceAction, AdviceState, OrderState
from duty.escalation import service as duty
from kernel import chain
from kernel.chain import canonical
from kernel.chain.history import history
from kernel.clock import Clock
from kernel.ids import AdviceId, CaseId, FacilityId, new_id
from kernel.viewer import Viewer

GUIDANCE = "guidance.session"
FORM = 2
"""What is signed: since form 2 the whole content of the revision; before, text and orders."""


def canonical_text(row: AdviceRow, content: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: RFC 8785 of everything the advice says and who says it."""
    return canonical.encode(
        {
            "advice_id": row.id,
            "case_id": row.case_id,
            "author_id": row.author_id,
            "facility_id": row.facility_id,
            "addendum_to": row.addendum_to,
            "revision": row.revision,
            "content": dict(content),
            "signed_at": row.signed_at,
        }
    )


async def sign_advice(
    session: AsyncSession, clock: Clock, viewer: Viewer, advice_id: UUID, revision: int
) -> AdviceId:
    """Sign and lock; the hash of the text goes on the chain. The caller has checked the password.

    ``revision`` is the wording that the author read: nobody signs what a colleague wrote since.

    Raises:
        NotFound: unknown, foreign or somebody else's draft.
        NotTheAuthor: somebody else wrote it.
        DraftMoved: somebody changed it since it was read.
    """
    repository = AdviceRepository(session, viewer)
    policies.must_be_author(viewer, (await repository.get(advice_id)).author_id)
    row = await repository.locked(advice_id)
    if row.revision != revision:
        raise DraftMoved(current=row.revision, given=revision)
    content = (await repository.contents([row]))[row.id].content
    row.state = ADVICE.edge(AdviceState(row.state), AdviceAction.SIGN).to
    row.signed_at = clock.now()
    row.digest = sha256(canonical_text(row, content)).digest()
    session.add_all(
        OrderRow(
            advice_id=row.id, n=n, case_id=row.case_id, text=item["text"], state=OrderState.PENDING
        )
        for n, item in enumerate(content["orders"], start=1)
    )
    await session.flush()
    case_id = CaseId(row.case_id)
    facts: dict[str, object] = {
        "advice_id": row.id,
        "facility_id": row.facility_id,
        "sha256": row.digest.hex(),
        "form": FORM,
        "orders": len(content["orders"]),
        "cited": len(content["cited"]),
        "addendum_to": row.addendum_to,
    }
    if content["recommendation"] is not None:
        facts["recommendation"] = content["recommendation"]
    await chain.append(session, clock, case_id, "advice.signed", viewer=viewer, payload=facts)
    await _count_session(session, clock, viewer, repository, row)
    await _tell_origin(session, clock, repository, row, "advice.signed")
    return AdviceId(row.id)


async def countersign(
    session: AsyncSession, clock: Clock, viewer: Viewer, advice_id: UUID, order: Countersign
) -> AdviceId:
    """Agree with signed advice or dissent from it; the caller has checked the password.

    What is signed names the advice by id and hash. Both stand beside the advice; neither changes
    it, and dissent stops nothing: the treating house decides.

    Raises:
        NotFound: unknown or foreign.
        ExpertWrites: the viewer is no expert.
        NotSigned: the advice is a draft.
        OwnAdvice: the viewer wrote it.
        StandTaken: the viewer has done so before.
        DissentSaysWhy: dissent without words.
    """
    repository = AdviceRepository(session, viewer)
    row = await repository.get(advice_id)
    policies.must_be_expert(viewer)
    if row.state != AdviceState.SIGNED or row.digest is None:
        raise NotSigned()
    if row.author_id == viewer.person_id:
        raise OwnAdvice()
    words = order.words.strip()
    if order.stand == "dissents" and not words:
        raise DissentSaysWhy()
    at, case_id = clock.now(), CaseId(row.case_id)
    signed = {
        "advice_id": row.id,
        "advice_sha256": row.digest.hex(),
        "person_id": viewer.person_id,
        "facility_id": viewer.facility_id,
        "stand": order.stand,
        "words": words,
        "signed_at": at,
    }
    digest = sha256(canonical.encode(signed)).digest()
    stand = insert(SignatureRow).values(
        id=new_id(), advice_id=row.id, case_id=row.case_id, person_id=viewer.person_id,
        facility_id=viewer.facility_id, stand=order.stand, words=words, signed_at=at,
        digest=digest,
    )  # fmt: skip
    once = stand.on_conflict_do_nothing().returning(SignatureRow.id)
    if (await session.execute(once)).one_or_none() is None:
        raise StandTaken()
    facts: dict[str, object] = {
        "advice_id": row.id,
        "advice_sha256": row.digest.hex(),
        "facility_id": viewer.facility_id,
        "stand": order.stand,
        "sha256": digest.hex(),
    }
    kind = "advice.agreed" if order.stand == "agrees" else "advice.dissented"
    await chain.append(session, clock, case_id, kind, viewer=viewer, payload=facts)
    if order.stand == "dissents":
        await _tell_origin(session, clock, repository, row, kind)
    return AdviceId(row.id)


async def _tell_origin(
    session: AsyncSession, clock: Clock, repository: AdviceRepository, row: AdviceRow, kind: str
) -> None:
    origin = await repository.origin(row.case_id)
    if origin is not None:
        await duty.notify_people(
            session,
            clock,
            case_id=CaseId(row.case_id),
            kind=kind,
            data={"advice_id": row.id},
            facility_id=FacilityId(origin),
        )


async def _count_session(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    repository: AdviceRepository,
    row: AdviceRow,
) -> None:
    """One guidance session per case and centre, however often it advises (indicator 15)."""
    institution = await repository.origin(row.case_id)
    if institution is None or institution == row.facility_id:
        return
    case_id = CaseId(row.case_id)
    events = await history(session, case_id)
    counted = any(
        event.row.kind == GUIDANCE and event.payload.get("centre_facility") == str(row.facility_id)
        for event in events
    )
    if not counted:
        facts: dict[str, object] = {
            "centre_facility": row.facility_id,
            "institution_facility": institution,
            "way": "advice",
        }
        await chain.append(session, clock, case_id, GUIDANCE, viewer=viewer, payload=facts)
