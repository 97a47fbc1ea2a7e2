"""Commands on advice around its signature: write, revise, report what became of orders."""

from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from consult import policies
from consult.citing import Tracings, quote, whose
from consult.commands import AdviceContent, NewAdvice, ReportOrder, ReviseAdvice
from consult.errors import AddendumElsewhere, DraftMoved, DraftSigned, NotSigned, ReasonNeeded
from consult.models import AdviceRow, OutcomeRow, RevisionRow
from consult.repository import AdviceRepository
from consult.states import ACTION_FOR, ORDER, AdviceState, OrderState
from duty.escalation import service as duty
from kernel import chain
from kernel.clock import Clock
from kernel.ids import AdviceId, CaseId, new_id
from kernel.viewer import Viewer


async def write_advice(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: UUID,
    order: NewAdvice,
    tracings: Tracings,
) -> AdviceId:
    """Keep a draft; its author alone sees it, or every expert of the case where it is shared.

    Raises:
        NotFound: the case is not open to the viewer, or what is cited is not hers.
        ExpertWrites: the viewer is no expert.
        AddendumElsewhere: there is no such signed advice on this case.
        CitedVoid, NothingCited: see `citing.quote`.
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
        state=AdviceState.DRAFT,
        revision=1,
        shared=order.shared,
        created_at=clock.now(),
    )
    session.add(row)
    await session.flush()  # policies of the revision look for the advice
    await _keep(session, clock, viewer, row, order, tracings)
    # Whoever writes advice is at work: nobody rings them again.
    await duty.joined_case(session, clock, viewer, CaseId(case_id))
    return AdviceId(row.id)


async def revise_advice(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    advice_id: UUID,
    order: ReviseAdvice,
    tracings: Tracings,
) -> AdviceId:
    """Write the draft anew; every earlier wording stays, with whose it was.

    Raises:
        NotFound: unknown, foreign, or somebody else's and not shared.
        ExpertWrites: the viewer is no expert.
        DraftSigned: it is signed already.
        DraftMoved: somebody else changed it since.
    """
    repository = AdviceRepository(session, viewer)
    _must_be_draft(await repository.get(advice_id))
    policies.must_be_expert(viewer)
    row = await repository.locked(advice_id)
    _must_be_draft(row)
    if row.revision != order.revision:
        raise DraftMoved(current=row.revision, given=order.revision)
    row.revision += 1
    if row.author_id == viewer.person_id:
        # A colleague who writes on it cannot hide it from its author, nor from the others.
        row.shared = order.shared
    await _keep(session, clock, viewer, row, order, tracings)
    return AdviceId(row.id)


def _must_be_draft(row: AdviceRow) -> None:
    if row.state != AdviceState.DRAFT:
        raise DraftSigned()


async def _keep(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: AdviceRow,
    order: AdviceContent,
    tracings: Tracings,
) -> None:
    cited = []
    if order.cited:
        pregnancy_id = await whose(session, viewer, row.case_id)
        cited = await quote(session, viewer, tracings, pregnancy_id, order.cited)
    content = {
        "text": order.text,
        "findings": order.findings,
        "recommendation": order.recommendation,
        "orders": msgspec.to_builtins(order.orders),
        "cited": msgspec.to_builtins(cited),
    }
    await session.flush()
    session.add(
        RevisionRow(
            advice_id=row.id, n=row.revision, case_id=row.case_id,
            person_id=viewer.person_id, at=clock.now(), content=content,
        )
    )  # fmt: skip
    await session.flush()
    if row.shared:
        await chain.hint(session, CaseId(row.case_id))


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
        BedsideReports: the author reports an order of their own, or an adviser does.
        ReasonNeeded: not executed without a coded reason, or "other" without words.
    """
    repository = AdviceRepository(session, viewer)
    advice = await repository.get(advice_id)
    if advice.state != AdviceState.SIGNED:
        raise NotSigned()
    at_bedside = await repository.is_at_bedside(advice.case_id)
    policies.must_stand_at_bedside(viewer, advice.author_id, at_bedside=at_bedside)
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
