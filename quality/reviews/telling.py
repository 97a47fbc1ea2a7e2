"""Who hears of a review: whoever convenes it, the panel, whoever owes a measure. Ids only."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.chain import append
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId
from kernel.viewer import Role, Viewer
from registry.people import queries as people

PROPOSED: Final = "case_review.proposed"
OPENED: Final = "case_review.opened"
DISMISSED: Final = "case_review.dismissed"
PREPARED: Final = "case_review.pack_prepared"
PANEL: Final = "case_review.panel_set"
RECUSED: Final = "case_review.recused"
HELD: Final = "case_review.held"
VOTED: Final = "case_review.voted"
FOUND: Final = "case_review.finding_added"
CONCLUDED: Final = "case_review.concluded"
MEASURE: Final = "case_review.measure_added"
MEASURE_MOVED: Final = "case_review.measure_moved"
CLOSED: Final = "case_review.closed"
REMINDED: Final = "case_review.reminded"


async def say(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    review_id: UUID,
    kind: str,
    facts: dict[str, object],
) -> None:
    """One event on the review's own chain: that it happened, never what was written."""
    await append(
        session, clock, CaseId(review_id), kind,
        viewer=viewer, payload=facts, auto=viewer.is_process,
    )  # fmt: skip


async def tell(
    session: AsyncSession,
    clock: Clock,
    review_id: UUID,
    kind: str,
    person_ids: Collection[UUID],
    **data: object,
) -> None:
    """A notice for these people."""
    await duty.notify_people(
        session, clock, case_id=CaseId(review_id), kind=kind, data={"review_id": review_id, **data},
        person_ids=[PersonId(one) for one in person_ids],
    )  # fmt: skip


async def conveners(session: AsyncSession, clock: Clock, facility_id: UUID) -> set[UUID]:
    """The coordinators who work at that house."""
    found = await people.holding(session, clock.now(), FacilityId(facility_id), [Role.COORDINATOR])
    return {one.id for one in found}
