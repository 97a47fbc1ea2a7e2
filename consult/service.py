"""Commands on advice: write, sign, report. Signed advice is never changed, only added to."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult import policies
from consult.commands import NewAdvice, ReportOrder
from consult.errors import AddendumElsewhere, NotSigned, ReasonNeeded
from consult.models import AdviceRow, OrderRow, OutcomeRow
from consult.repository import AdviceRepository
from consult.states import (
    ACTION_FOR,
    ADVICE,
    ORDER,
    AdviceAction,
    AdviceState,
    OrderState,
)
from duty.escalation import service as duty
from kernel import chain
from kernel.chain import canonical
from kernel.chain.history import history
from kernel.clock import Clock
from kernel.ids import AdviceId, CaseId, FacilityId, new_id
from kernel.viewer import Viewer

GUIDANCE = "guidance.session"


async def write_advice(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: NewAdvice
) -> AdviceId:
    """Keep a draft that only its author sees.

    Raises:
        NotFound: the case is not open to the viewer.
        ExpertWrites: the viewer is no expert.
        AddendumElsewhere: there is no such signed advice on this case.
    """
    repository = AdviceRepository(session, viewer)
    await repository.must_see(case_id)
    policies.must_be_expert(viewer)
    if order.addendum_to is not None:
        signed = [row.id for row in await repository.of_case(case_id) if row.state == "signed"]
        if order.addendum_to not in signed:
            raise AddendumElsewhere()
    row = AdviceRow(
        id=new_id(),
        case_id=case_id,
        author_id=viewer.person_id,
        facility_id=viewer.facility_id,
        addendum_to=order.addendum_to,
        text=order.text,
        state=AdviceState.DRAFT,
        created_at=clock.now(),
    )
    session.add(row)
    await session.flush()  # policies of the orders look for the advice
    for n, item in enumerate(order.orders, start=1):
        session.add(
            OrderRow(
                advice_id=row.id, n=n, case_id=case_id, text=item.text, state=OrderState.PENDING
            )
        )
    await session.flush()
    # Whoever writes advice is at work: nobody rings them again.
    await duty.joined_case(session, clock, viewer, CaseId(case_id))
    return AdviceId(row.id)


def canonical_text(row: AdviceRow, orders: Sequence[OrderRow]) -> bytes:
    """The bytes that are signed: RFC 8785 of everything the advice says and who says it."""
    return canonical.encode(
        {
            "advice_id": row.id,
            "case_id": row.case_id,
            "author_id": row.author_id,
            "facility_id": row.facility_id,
            "addendum_to": row.addendum_to,
            "text": row.text,
            "orders": [{"n": order.n, "text": order.text} for order in orders],
            "signed_at": row.signed_at,
        }
    )


async def sign_advice(
    session: AsyncSession, clock: Clock, viewer: Viewer, advice_id: UUID
) -> AdviceId:
    """Sign and lock; the hash of the text goes on the chain. The caller has checked the password.

    Raises:
        NotFound: unknown, foreign or somebody else's draft.
        NotTheAuthor: somebody else wrote it.
    """
    repository = AdviceRepository(session, viewer)
    policies.must_be_author(viewer, (await repository.get(advice_id)).author_id)
    row = await repository.locked_own(advice_id)
    orders = await repository.orders([row.id])
    row.state = ADVICE.edge(AdviceState(row.state), AdviceAction.SIGN).to
    row.signed_at = clock.now()
    row.digest = sha256(canonical_text(row, orders)).digest()
    await session.flush()
    case_id = CaseId(row.case_id)
    facts: dict[str, object] = {
        "advice_id": row.id,
        "facility_id": row.facility_id,
        "sha256": row.digest.hex(),
        "orders": len(orders),
        "addendum_to": row.addendum_to,
    }
    await chain.append(session, clock, case_id, "advice.signed", viewer=viewer, payload=facts)
    await _count_session(session, clock, viewer, repository, row)
    origin = await repository.origin(row.case_id)
    if origin is not None:
        await duty.notify_people(
            session,
            clock,
            case_id=case_id,
            kind="advice.signed",
            data={"advice_id": row.id},
            facility_id=FacilityId(origin),
        )
    return AdviceId(row.id)


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


async def report_order(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    advice_id: UUID,
    n: int,
    order: ReportOrder,
) -> AdviceId:
    """Read back, executed, or not executed and why.

    Raises:
        NotFound: unknown or foreign.
        NotSigned: the advice is a draft.
        BedsideReports: the author reports an order of their own.
        ReasonNeeded: not executed without a coded reason, or "other" without words.
    """
    repository = AdviceRepository(session, viewer)
    advice = await repository.get(advice_id)
    if advice.state != AdviceState.SIGNED:
        raise NotSigned()
    policies.must_stand_at_bedside(viewer, advice.author_id)
    row = await repository.locked_order(advice_id, n)
    if order.state == "not_executed" and (
        order.code is None or (order.code == "other" and not order.reason)
    ):
        raise ReasonNeeded()
    row.state = ORDER.edge(OrderState(row.state), ACTION_FOR[OrderState(order.state)]).to
    row.code, row.reason = order.code or row.code, order.reason or row.reason
    session.add(
        OutcomeRow(
            id=new_id(),
            advice_id=advice_id,
            n=n,
            case_id=row.case_id,
            state=order.state,
            code=order.code,
            reason=order.reason,
            at=clock.now(),
            person_id=viewer.person_id,
            facility_id=viewer.facility_id,
        )
    )
    facts: dict[str, object] = {"advice_id": advice_id, "n": n, "state": order.state}
    if order.code is not None:
        facts["code"] = order.code
    case_id = CaseId(row.case_id)
    await chain.append(session, clock, case_id, "order.outcome", viewer=viewer, payload=facts)
    return AdviceId(advice_id)
