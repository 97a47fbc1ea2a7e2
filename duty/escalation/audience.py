"""Who else must know what becomes of a page: the sender's side, and the desk that minds gaps."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.ladder import LOOP_TIERS
from duty.escalation.repository import PageRow
from duty.rosters import presence, repository
from duty.rosters.oncall import DutyTier
from kernel.ids import FacilityId, PersonId


async def sender_side(session: AsyncSession, page: PageRow, at: datetime) -> set[PersonId]:
    """Who watches the reach states live: whoever pressed the button, and at that facility those
    who signed on and 总值班."""
    people = set() if page.created_by is None else {page.created_by}
    if page.from_facility_id is not None:
        people |= await presence.signed_on(session, [page.from_facility_id])
        people |= await _holding(session, [page.from_facility_id], at, {DutyTier.GENERAL_DUTY})
    return people


async def desk(session: AsyncSession, facility_id: FacilityId, at: datetime) -> set[PersonId]:
    """Who is told when nobody fills a step: group lead and 总值班 of the paged facility."""
    return await _holding(session, [facility_id], at, LOOP_TIERS)


async def at_post(
    session: AsyncSession, facility_ids: Collection[FacilityId], at: datetime
) -> set[PersonId]:
    """Everybody on call or signed on at these facilities: who gets a notice to a facility."""
    everybody = await _holding(session, facility_ids, at, set(DutyTier))
    return everybody | await presence.signed_on(session, facility_ids)


async def _holding(
    session: AsyncSession,
    facility_ids: Collection[FacilityId],
    at: datetime,
    tiers: "set[DutyTier] | frozenset[DutyTier]",
) -> set[PersonId]:
    return {
        answer.person_id
        for answer in await repository.rosters(session, facility_ids, at)
        if answer.person_id is not None and answer.slot.tier in tiers
    }
