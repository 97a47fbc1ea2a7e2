"""Commands: a house or a region appends a version of its own; what was asked before keeps its
version."""

from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import rulebook
from duty.changes.errors import TermsMoved
from duty.changes.fairness import weighing
from duty.changes.policies import oversees
from duty.changes.terms.schemas import DutyTerms, DutyWeights
from duty.rosters import regions
from kernel.errors import BadInput, NotAllowed
from kernel.ids import FacilityId, RegionId
from kernel.viewer import Viewer

# One at a time decides for a house or region: the second reads what the first wrote.
_QUEUE = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('duty terms:' || CAST(:owner AS text), 0))"
)


async def decide_terms(
    session: AsyncSession,
    viewer: Viewer,
    *,
    replaces: UUID,
    terms: DutyTerms,
    source: str,
    confidence: str,
    region_id: RegionId | None = None,
) -> UUID:
    """Append a rule of changes for the viewer's own house, or for a region; open requests keep
    theirs. A region's counts at every house in it that has none of its own.

    Raises:
        NotAllowed: neither 医务科 nor the coordinator of the house; not the region's coordinator.
        TermsMoved: `replaces` no longer counts.
        BadInput: a reminder after its own limit.
    """
    if region_id is None:
        facility_id = _own_house(viewer)
    else:
        facility_id = None
        await regions.must_decide(session, viewer, region_id)
    _must_be_in_order(terms)
    await session.execute(_QUEUE, {"owner": str(region_id or facility_id)})
    if (await _counting(session, viewer, region_id)).id != replaces:
        raise TermsMoved()
    said = msgspec.structs.asdict(terms)
    for name in ("preauthorised", "approvers"):
        said[name] = sorted(set(said[name]))
    rule = rulebook.RuleText(**said, source=source, confidence=confidence)
    await rulebook.install(
        session,
        rule,
        facility_id=facility_id,
        region_id=region_id,
        added_by=viewer.person_id,
        replaces=replaces,
    )
    return (await _counting(session, viewer, region_id)).id


def _must_be_in_order(terms: DutyTerms) -> None:
    if terms.remind_after_s > terms.approve_within_s:
        raise BadInput(field="remind_after_s", reason="after_the_limit")
    if terms.handover_remind_s > terms.handover_alarm_s:
        raise BadInput(field="handover_remind_s", reason="after_the_alarm")


async def _counting(
    session: AsyncSession, viewer: Viewer, region_id: RegionId | None
) -> rulebook.RuleVersion:
    if region_id is None:
        return await rulebook.in_force(session, viewer.facility_id)
    return await rulebook.in_region(session, region_id)


async def decide_weights(
    session: AsyncSession,
    viewer: Viewer,
    *,
    replaces: UUID,
    weights: DutyWeights,
    source: str,
    confidence: str,
) -> UUID:
    """Append weights for the viewer's own house; a report names the version it counted with.

    Raises:
        NotAllowed: neither 医务科 nor the coordinator of the house.
        TermsMoved: `replaces` no longer counts.
        BadInput: a night that begins when it ends.
    """
    facility_id = _own_house(viewer)
    if weights.night_from == weights.night_to:
        raise BadInput(field="night_to", reason="no_night")
    await session.execute(_QUEUE, {"owner": str(facility_id)})
    if (await weighing.choose(session, facility_id)).id != replaces:
        raise TermsMoved()
    content = {**msgspec.to_builtins(weights), "source": source, "confidence": confidence}
    await weighing.install(
        session, content, facility_id, added_by=viewer.person_id, replaces=replaces
    )
    return (await weighing.choose(session, facility_id)).id


def _own_house(viewer: Viewer) -> FacilityId:
    if not oversees(viewer, viewer.facility_id):
        raise NotAllowed(reason="approver_role_needed")
    return viewer.facility_id
