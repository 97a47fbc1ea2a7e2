"""Who hears of what happens to a consultation: the asker, those invited, her own case."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from consult.echo import also_of
from consult.requests import store
from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId
from kernel.viewer import Viewer


async def tell_asker(session: AsyncSession, clock: Clock, row: Row[Any], kind: str) -> None:
    """A notice for whoever asked and whoever is on duty at the asking house."""
    await duty.notify_people(
        session, clock, case_id=CaseId(row.id), kind=kind, data={"consult_id": row.id},
        facility_id=FacilityId(row.facility_id), person_ids=[PersonId(row.asked_by)],
    )  # fmt: skip


async def tell_invited(session: AsyncSession, clock: Clock, row: Row[Any], kind: str) -> None:
    """A notice for the experts named or answering, and for whoever is on duty at their houses."""
    invited = await store.invitations(session, row.id)
    people = {one.answered_by for one in invited} | {one.person_id for one in invited}
    await duty.notify_people(
        session, clock, case_id=CaseId(row.id), kind=kind, data={"consult_id": row.id},
        facility_ids=[FacilityId(one.facility_id) for one in invited],
        person_ids=[PersonId(one) for one in people if one is not None],
    )  # fmt: skip


async def tell_her_case(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    row: Row[Any],
    kind: str,
    facts: Mapping[str, object],
) -> None:
    """What happens is also a fact of the case that it is about, where there is one."""
    told = {"consult_id": row.id, **facts}
    await also_of(session, clock, viewer, row.of_case_id, kind, told)
