"""New versions of a house's own policies. None is ever changed or deleted."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import policy
from duty.escalation.errors import PolicyBelowFloor
from duty.escalation.ladder import At, Policy, Step
from duty.escalation.ladder import Mode as LadderMode
from duty.escalation.policybook import floor
from duty.escalation.policybook.rights import must_write
from duty.escalation.policybook.schemas import NewPolicy
from duty.rosters.oncall import DutyTier
from kernel.viewer import Viewer

_BEFORE = text(
    "SELECT id FROM policy_version WHERE facility_id = :facility_id AND event = :event"
    "   AND condition = :condition AND colour = :colour AND level = :level"
    " ORDER BY valid_from DESC, id DESC LIMIT 1"
)


async def write(session: AsyncSession, viewer: Viewer, order: NewPolicy) -> UUID:
    """Add a version for the viewer's own facility; pages sent from now on follow it.

    Pages that are climbing keep the version they were sent under.

    Raises:
        NotAllowed: the viewer writes no ladders, or not here.
        PolicyBelowFloor: it could end in silence, or come too late.
    """
    facility_id = viewer.facility_id
    must_write(viewer, facility_id)
    found = floor.breaches(_ladder(order), order.level)
    if found:
        raise PolicyBelowFloor(
            reason=found[0].code, step=found[0].at, all=[f"{one.code}@{one.at}" for one in found]
        )
    key = {
        "event": order.event,
        "condition": order.condition,
        "colour": order.colour,
        "level": order.level,
    }
    before = await session.execute(_BEFORE, {"facility_id": facility_id, **key})
    written = await policy.install(
        session,
        event=order.event,
        condition=order.condition,
        colour=order.colour,
        level=order.level,
        facility_id=facility_id,
        steps=[
            {
                "delay_s": step.delay_s,
                "tiers": list(step.tiers),
                "specialties": list(step.specialties),
            }
            | ({"at": step.at} if step.at == "upper" else {})
            for step in order.steps
        ],
        repeat_s=order.repeat_s,
        mode=order.mode,
        quorum={need.specialty: need.count for need in order.quorum},
        join_within_s=order.join_within_s,
        source=order.source,
        confidence=order.confidence,
        supersedes_id=before.scalar_one_or_none(),
        recorded_by=viewer.person_id,
    )
    assert written is not None  # noqa: S101  (it supersedes the newest: it is new)
    return written


def _ladder(order: NewPolicy) -> Policy:
    return Policy(
        tuple(
            Step(
                step.delay_s,
                frozenset(DutyTier(tier) for tier in step.tiers),
                frozenset(step.specialties),
                At(step.at),
            )
            for step in order.steps
        ),
        order.repeat_s,
        LadderMode(order.mode),
        {need.specialty: need.count for need in order.quorum},
        order.join_within_s,
    )
