"""The newborn's form, one per child: filled in pieces, each piece kept."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.errors import BadInput
from kernel.ids import CaseId, FacilityId, PregnancyId, new_id
from kernel.viewer import Viewer
from referral.commands.fields import Act
from referral.commands.on_papers import FillNewborn
from referral.errors import Incomplete
from referral.models import NewbornFormRow
from referral.papers import Papers
from referral.service.desk import Desk, at_desk
from referral.states import ReferralAction
from registry.pregnancies import service as registry
from registry.pregnancies.repository import PregnancyRepository
from registry.pregnancies.schemas import NewNewborn


async def fill_newborn(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: UUID,
    baby: int,
    order: FillNewborn,
) -> CaseId:
    """Add to one child's form; once birth and sex are known the child is registered, too.

    Raises:
        Incomplete: nothing is given.
        BadInput: a moment lies in the future.
    """
    given = {name: value for name, value in msgspec.to_builtins(order).items() if value is not None}
    if not given:
        raise Incomplete(missing="newborn")
    now = clock.now()
    for field in ("born_at", "last_feed_at"):
        moment = getattr(order, field)
        if moment is not None and moment > now:
            raise BadInput(field=field, reason="晚于现在 / is in the future")
    act = Act(version=0)
    async with at_desk(
        session, clock, viewer, case_id, act, check_version=False, bump=False
    ) as desk:
        side = desk.move_case(ReferralAction.COMPLETE_RECORD)
        process = viewer.is_process
        session.add(
            NewbornFormRow(
                id=new_id(),
                case_id=desk.case_id,
                baby=baby,
                at=desk.at,
                entered_at=desk.moment.entered_at,
                person_id=None if process else viewer.person_id,
                facility_id=None if process else viewer.facility_id,
                data=given,
            )
        )
        await session.flush()  # the fold below reads it
        await _register(desk, baby)
        facts = {"baby": baby, "fields": sorted(given)}
        await desk.write("referral.newborn_form", facts, side=side)
    return desk.case_id


async def _register(desk: Desk, baby: int) -> None:
    """A child whose birth and sex are known has a row of its own, made once."""
    pregnancy_id = PregnancyId(desk.rows.referral.pregnancy_id)
    repository = PregnancyRepository(desk.session, desk.viewer)
    born = (await repository.newborns([pregnancy_id])).get(pregnancy_id, [])
    if any(child.birth_order == baby for child in born):
        return
    known: dict[str, Any] = {}
    for row in await Papers(desk.session, desk.viewer).newborn_forms(desk.case_id):
        if row.baby == baby:
            known |= row.data
    if "born_at" not in known or "sex" not in known:
        return
    names = NewNewborn.__struct_fields__
    fields = {name: value for name, value in known.items() if name in names}
    child = msgspec.convert({**fields, "birth_order": baby}, NewNewborn)
    here = desk.viewer.facility_id
    theirs = here if here in desk.viewer.facility_ids else desk.rows.referral.origin_id
    await registry.add_newborn(
        desk.session,
        desk.clock,
        desk.viewer,
        pregnancy_id,
        child,
        facility_id=FacilityId(theirs),
    )
