"""New versions of a house's or a region's policies, and withdrawals. No row is ever changed or
deleted."""

import json
from typing import TypedDict
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import policy
from duty.escalation.errors import PolicyBelowFloor, PolicyNotInForce, PolicyShipped
from duty.escalation.ladder import At, Policy, Step
from duty.escalation.ladder import Mode as LadderMode
from duty.escalation.policybook import floor, queries
from duty.escalation.policybook.rights import must_write
from duty.escalation.policybook.schemas import NewPolicy, PolicyStep
from duty.rosters import regions
from duty.rosters.oncall import DutyTier
from kernel.ids import FacilityId, RegionId
from kernel.viewer import Viewer

_BEFORE = text(
    "SELECT id FROM policy_version WHERE facility_id IS NOT DISTINCT FROM :facility_id"
    "   AND region_id IS NOT DISTINCT FROM :region_id AND event = :event"
    "   AND condition = :condition AND colour = :colour AND level = :level"
    " ORDER BY valid_from DESC, id DESC LIMIT 1"
)


async def write(session: AsyncSession, viewer: Viewer, order: NewPolicy) -> UUID:
    """Add a version for the viewer's own facility, or for a region of theirs; pages sent from now
    on follow it.

    Pages that are climbing keep the version they were sent under.

    Raises:
        NotAllowed: the viewer writes no ladders, or not here.
        PolicyBelowFloor: it could end in silence, or come too late.
    """
    region_id = None if order.region_id is None else RegionId(order.region_id)
    if region_id is None:
        must_write(viewer, viewer.facility_id)
    else:
        await regions.must_decide(session, viewer, region_id)
    found = floor.breaches(_ladder(order), order.level)
    if found:
        raise PolicyBelowFloor(
            reason=found[0].code, step=found[0].at, all=[f"{one.code}@{one.at}" for one in found]
        )
    place: _Place = {
        "facility_id": viewer.facility_id if region_id is None else None,
        "region_id": region_id,
        "event": order.event,
        "condition": order.condition,
        "colour": order.colour,
        "level": order.level,
    }
    before = await session.execute(_BEFORE, dict(place))
    written = await policy.install(
        session,
        **place,
        steps=[_step(step) for step in order.steps],
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


async def withdraw(session: AsyncSession, viewer: Viewer, policy_id: UUID, reason: str) -> UUID:
    """Take back the version in force; the row that says so, and why, stays beside it for ever.

    The owner's version before it counts again; without one, whoever's comes next by the tie rules,
    the platform's at the last.

    Raises:
        NotFound: there is no such version.
        NotAllowed: it is not the viewer's to take back.
        PolicyShipped: it is the platform's.
        PolicyNotInForce: another has replaced it, or it was taken back before.
        Conflict: somebody else took it back at this moment.
    """
    row = await queries.version(session, policy_id)
    if row.facility_id is not None:
        must_write(viewer, FacilityId(row.facility_id))
    elif row.region_id is not None:
        await regions.must_decide(session, viewer, RegionId(row.region_id))
    else:
        raise PolicyShipped()
    if not row.in_force:
        raise PolicyNotInForce()
    written = await policy.install(
        session,
        event=row.event,
        condition=row.condition,
        colour=row.colour,
        level=row.level,
        facility_id=row.facility_id,
        region_id=row.region_id,
        steps=json.loads(row.steps),
        repeat_s=row.repeat_s,
        mode=row.mode,
        quorum=json.loads(row.quorum),
        join_within_s=row.join_within_s,
        source=row.source,
        confidence=row.confidence,
        supersedes_id=policy_id,
        recorded_by=viewer.person_id,
        withdraws_id=policy_id,
        reason=reason.strip(),
    )
    if written is None:
        raise PolicyNotInForce()
    return written


def _step(step: PolicyStep) -> dict[str, object]:
    plain: dict[str, object] = {
        "delay_s": step.delay_s,
        "tiers": list(step.tiers),
        "specialties": list(step.specialties),
    }
    return plain | ({} if step.at == "own" else {"at": step.at})


class _Place(TypedDict):
    facility_id: FacilityId | None
    region_id: RegionId | None
    event: str
    condition: str
    colour: str
    level: str


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
