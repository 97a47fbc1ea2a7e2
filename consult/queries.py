"""Reads of advice."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult import policies
from consult.models import AdviceRow, OrderRow, OutcomeRow
from consult.readmodel import Advice, AdviceOrder
from consult.repository import AdviceRepository
from kernel.ids import FacilityId, PersonId
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.facilities.schemas import FacilityRef
from registry.people import queries as people
from registry.people.schemas import PersonRef


async def advice_of_case(session: AsyncSession, viewer: Viewer, case_id: UUID) -> list[Advice]:
    """All advice of a case that the viewer may see, oldest first.

    Raises:
        NotFound: the case is not open to the viewer.
    """
    repository = AdviceRepository(session, viewer)
    await repository.must_see(case_id)
    rows = await repository.of_case(case_id)
    ids = [row.id for row in rows]
    orders = await repository.orders(ids)
    outcomes = await repository.outcomes(ids)
    named = {PersonId(row.author_id) for row in rows}
    named |= {PersonId(outcome.person_id) for outcome in outcomes}
    who = await people.get_many(session, named)
    where = await facilities.get_many(session, {FacilityId(row.facility_id) for row in rows})
    last = {(outcome.advice_id, outcome.n): outcome for outcome in outcomes}
    return [
        _advice(
            row,
            [_order(o, last.get((o.advice_id, o.n)), who) for o in orders if o.advice_id == row.id],
            who,
            where,
            viewer,
        )
        for row in rows
    ]


async def advice(session: AsyncSession, viewer: Viewer, advice_id: UUID) -> Advice:
    """One piece of advice, or `NotFound`."""
    row = await AdviceRepository(session, viewer).get(advice_id)
    of_case = await advice_of_case(session, viewer, row.case_id)
    return next(found for found in of_case if found.id == advice_id)


def _order(
    row: OrderRow, outcome: OutcomeRow | None, who: dict[PersonId, PersonRef]
) -> AdviceOrder:
    return AdviceOrder(
        n=row.n,
        text=row.text,
        state=row.state,  # type: ignore[arg-type]
        code=row.code,  # type: ignore[arg-type]
        reason=row.reason,
        at=None if outcome is None else outcome.at,
        by=None if outcome is None else who.get(PersonId(outcome.person_id)),
    )


def _advice(
    row: AdviceRow,
    orders: list[AdviceOrder],
    who: dict[PersonId, PersonRef],
    where: dict[FacilityId, FacilityRef],
    viewer: Viewer,
) -> Advice:
    mine = row.author_id == viewer.person_id
    return Advice(
        id=row.id,
        case_id=row.case_id,
        text=row.text,
        orders=orders,
        state=row.state,  # type: ignore[arg-type]
        author=who.get(PersonId(row.author_id)),
        facility=where.get(FacilityId(row.facility_id)),
        addendum_to=row.addendum_to,
        created_at=row.created_at,
        signed_at=row.signed_at,
        digest=None if row.digest is None else row.digest.hex(),
        may_sign=mine and row.state == "draft",
        may_report=row.state == "signed" and policies.may_report(viewer, row.author_id),
    )
