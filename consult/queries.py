"""Reads of advice."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from consult import policies
from consult.citing import Quoted
from consult.models import AdviceRow, OrderRow, OutcomeRow, RevisionRow, SignatureRow
from consult.names import Names, names
from consult.readmodel import Advice, AdviceOrder, AdviceRevision, AdviceStand
from consult.repository import AdviceRepository
from kernel.viewer import Role, Viewer


async def advice_of_case(session: AsyncSession, viewer: Viewer, case_id: UUID) -> list[Advice]:
    """All advice of a case that the viewer may see, oldest first.

    Raises:
        NotFound: the case is not open to the viewer.
    """
    repository = AdviceRepository(session, viewer)
    await repository.must_see(case_id)
    rows = await repository.of_case(case_id)
    if not rows:
        return []
    ids = [row.id for row in rows]
    contents = await repository.contents(rows)
    orders = await repository.orders(ids)
    outcomes = await repository.outcomes(ids)
    stands = await repository.signatures(ids)
    known = await names(
        session,
        [
            *(row.author_id for row in rows),
            *(one.person_id for one in contents.values()),
            *(one.person_id for one in outcomes),
            *(one.person_id for one in stands),
        ],
        [*(row.facility_id for row in rows), *(one.facility_id for one in stands)],
    )
    at_bedside = await repository.is_at_bedside(case_id)
    last = {(outcome.advice_id, outcome.n): outcome for outcome in outcomes}
    return [
        _advice(
            row,
            contents[row.id],
            [
                _order(one, last.get((one.advice_id, one.n)), known)
                for one in orders
                if one.advice_id == row.id
            ],
            [one for one in stands if one.advice_id == row.id],
            known,
            viewer,
            at_bedside=at_bedside,
        )
        for row in rows
    ]


async def advice(session: AsyncSession, viewer: Viewer, advice_id: UUID) -> Advice:
    """One piece of advice, or `NotFound`."""
    row = await AdviceRepository(session, viewer).get(advice_id)
    of_case = await advice_of_case(session, viewer, row.case_id)
    return next(found for found in of_case if found.id == advice_id)


async def revisions(session: AsyncSession, viewer: Viewer, advice_id: UUID) -> list[AdviceRevision]:
    """Every wording of one opinion that the viewer may read, oldest first, or `NotFound`."""
    repository = AdviceRepository(session, viewer)
    await repository.get(advice_id)
    rows = await repository.revisions(advice_id)
    known = await names(session, [row.person_id for row in rows], [])
    return [
        AdviceRevision(
            n=row.n,
            at=row.at,
            by=known.person(row.person_id),
            text=row.content["text"],
            findings=row.content["findings"],
            recommendation=row.content["recommendation"],
            orders=[item["text"] for item in row.content["orders"]],
            cited=_cited(row.content),
        )
        for row in rows
    ]


def _cited(content: dict[str, Any]) -> list[Quoted]:
    return msgspec.convert(content["cited"], list[Quoted])


def _order(row: OrderRow, outcome: OutcomeRow | None, known: Names) -> AdviceOrder:
    return AdviceOrder(
        n=row.n,
        text=row.text,
        state=row.state,  # type: ignore[arg-type]
        code=row.code,  # type: ignore[arg-type]
        reason=row.reason,
        at=None if outcome is None else outcome.at,
        by=None if outcome is None else known.person(outcome.person_id),
    )


def _drafted(content: dict[str, Any]) -> list[AdviceOrder]:
    return [
        AdviceOrder(
            n=n, text=item["text"], state="pending", code=None, reason=None, at=None, by=None
        )
        for n, item in enumerate(content["orders"], start=1)
    ]


def _stand(row: SignatureRow, known: Names) -> AdviceStand:
    return AdviceStand(
        stand=row.stand,  # type: ignore[arg-type]
        words=row.words,
        by=known.person(row.person_id),
        facility=known.house(row.facility_id),
        at=row.signed_at,
        sha256=bytes(row.digest).hex(),
    )


def _advice(
    row: AdviceRow,
    said: RevisionRow,
    orders: list[AdviceOrder],
    stands: Sequence[SignatureRow],
    known: Names,
    viewer: Viewer,
    *,
    at_bedside: bool,
) -> Advice:
    content, signed = said.content, row.state == "signed"
    mine = row.author_id == viewer.person_id
    taken = any(one.person_id == viewer.person_id for one in stands)
    return Advice(
        id=row.id,
        case_id=row.case_id,
        text=content["text"],
        findings=content["findings"],
        recommendation=content["recommendation"],
        cited=_cited(content),
        orders=orders if signed else _drafted(content),
        revision=row.revision,
        shared=row.shared,
        revised_by=known.person(said.person_id),
        revised_at=said.at,
        stands=[_stand(one, known) for one in stands],
        may_revise=policies.may_revise(viewer, row.state, row.author_id, shared=row.shared),
        may_countersign=signed and not mine and not taken and viewer.has(Role.EXPERT),
        state=row.state,  # type: ignore[arg-type]
        author=known.person(row.author_id),
        facility=known.house(row.facility_id),
        addendum_to=row.addendum_to,
        created_at=row.created_at,
        signed_at=row.signed_at,
        digest=None if row.digest is None else row.digest.hex(),
        may_sign=mine and not signed,
        may_report=signed and policies.may_report(viewer, row.author_id, at_bedside=at_bedside),
    )
