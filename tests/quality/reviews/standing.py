"""A review and a measure as they stand, for tests that ask who may see or touch them."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import new_id

_REVIEW = text(
    "INSERT INTO case_review (id, of_case_id, kind, level, facility_id, region_id, happened_at,"
    "  state, proposed_at, due_at, rules, simulated, demo)"
    " SELECT :id, :case_id, 'near_miss', 'facility', f.id, f.region_id, :at, 'proposed', :at,"
    "  :due_at, 'test', false, false FROM facility f WHERE f.id = :facility_id"
)
_MEASURE = text(
    "INSERT INTO review_measure (id, review_id, words, owner_id, due_on, state, added_by, added_at)"
    " VALUES (:id, :review_id, '培训', :owner_id, :due_on, 'open', :owner_id, :at)"
)


async def proposed(
    session: AsyncSession, case_id: UUID, facility_id: UUID, owner_id: UUID, at: datetime
) -> dict[str, str]:
    """A near-miss review that a house is to hold, and something that somebody owes."""
    review_id, measure_id = new_id(), new_id()
    due = at + timedelta(days=30)
    values = {"id": review_id, "case_id": case_id, "facility_id": facility_id}
    await session.execute(_REVIEW, values | {"at": at, "due_at": due})
    owed = {"id": measure_id, "review_id": review_id, "owner_id": owner_id, "at": at}
    await session.execute(_MEASURE, owed | {"due_on": due.date()})
    return {"case_review_id": str(review_id), "measure_id": str(measure_id)}
