"""Who hears of what happens to a guidance session: the other end."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.guidance.states import End
from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId


def house_of(row: Row[Any], end: End) -> FacilityId:
    """The house at that end."""
    return FacilityId(row.centre_id if end is End.CENTRE else row.institution_id)


def other(end: End) -> End:
    """The end that is not this one."""
    return End.INSTITUTION if end is End.CENTRE else End.CENTRE


async def tell(
    session: AsyncSession,
    clock: Clock,
    row: Row[Any],
    end: End,
    kind: str,
    people: Collection[UUID] = (),
) -> None:
    """A notice for whoever is on duty at that end, and for `people`."""
    await duty.notify_people(
        session, clock, case_id=CaseId(row.id), kind=kind, data={"guidance_id": row.id},
        facility_id=house_of(row, end), person_ids=[PersonId(one) for one in people],
    )  # fmt: skip
