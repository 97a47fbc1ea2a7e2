"""Who is told of a plan's way: a row in the outbox, then inboxes. Nobody is paged for a plan."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify import inbox
from duty.rosters.plans import repository as store
from duty.rosters.plans.content import Plan
from duty.rosters.plans.states import PlanAction, PlanState
from kernel import outbox
from kernel.clock import Clock
from kernel.ids import PersonId
from kernel.viewer import Role
from registry.people import queries as people

TOPIC = "duty.plan"
"""Outbox topic: a plan went on."""

SAID = {
    str(PlanAction.SUBMIT): "submitted",
    str(PlanAction.RETURN): "returned",
    str(PlanAction.APPROVE): "approved",
}
"""What somebody waits for: 医务科 for plans to approve, whoever drafted for the answer."""


async def announce(session: AsyncSession, plan: Plan, action: PlanAction) -> None:
    """Say so when (and only when) this transaction commits; `plan` as it was before the step."""
    if str(action) not in SAID:
        return
    payload = {"plan_id": str(plan.id), "what": SAID[str(action)]}
    await outbox.enqueue(session, TOPIC, payload, key=f"{plan.id}:{plan.version}:{action}")


async def tell(session: AsyncSession, clock: Clock, payload: Mapping[str, Any]) -> None:
    """Put a notice into the inboxes of those who wait for it (as a process)."""
    plan = await store.get(session, UUID(payload["plan_id"]))
    what = payload["what"]
    if plan is None or (what == "submitted" and plan.state != PlanState.SUBMITTED):
        return  # it waits for nobody any more
    data: dict[str, object] = {
        "code": f"duty.plan_{what}",
        "plan_id": plan.id,
        "facility_id": plan.facility_id,
    }
    await inbox.post(session, await _concerned(session, clock, plan, what), "notice", None, data)


async def _concerned(session: AsyncSession, clock: Clock, plan: Plan, what: str) -> set[PersonId]:
    """Never who took the step: they know."""
    events = await store.events(session, plan.id)
    took = next((one.person_id for one in reversed(events) if SAID.get(one.action) == what), None)
    if what == "submitted":
        offices = [Role.MEDICAL_AFFAIRS]
        found = await people.holding(session, clock.now(), plan.facility_id, offices)
        return {PersonId(one.id) for one in found} - {took}
    asked = {one.person_id for one in events if one.action in ("draft", "submit")}
    return {one for one in asked if one is not None} - {took}
