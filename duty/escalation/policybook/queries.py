"""Reads of the book of policies. Who would be rung is public inside the region."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import policy
from duty.escalation.policy import ORDER, OWNED
from duty.escalation.policybook import trial
from duty.escalation.policybook.rights import may_write
from duty.escalation.policybook.schemas import (
    Owner,
    PolicyBook,
    PolicyNeed,
    PolicyOut,
    PolicyRegion,
    PolicyStep,
    Trial,
    TrialPerson,
    TrialStep,
)
from duty.escalation.policybook.trial import Moment
from duty.escalation.schemas import PagedFacility, PagedPerson
from duty.rosters import regions
from kernel.errors import NotFound
from kernel.ids import FacilityId, PersonId
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.people import queries as people

_COLUMNS = """
    v.id, v.facility_id, v.region_id, v.event, v.condition, v.colour, v.level, v.mode,
    v.quorum::text AS quorum, v.join_within_s, v.repeat_s, v.steps::text AS steps, v.source,
    v.confidence, v.valid_from, v.recorded_by, v.supersedes_id, v.withdraws_id, v.reason,
    (SELECT r.name FROM region r WHERE r.id = v.region_id) AS region_name,
    (SELECT f.short_name FROM facility f WHERE f.id = v.facility_id) AS facility_name,
    v.withdraws_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM policy_version w WHERE w.withdraws_id = v.id)
    AND NOT EXISTS (SELECT 1 FROM policy_version n
      WHERE (n.valid_from, n.id) > (v.valid_from, v.id) AND n.event = v.event
        AND n.condition = v.condition AND n.colour = v.colour AND n.level = v.level
        AND n.facility_id IS NOT DISTINCT FROM v.facility_id
        AND n.region_id IS NOT DISTINCT FROM v.region_id AND n.withdraws_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM policy_version w WHERE w.withdraws_id = n.id)) AS in_force
"""
_IN_FORCE = text(
    f"SELECT * FROM (SELECT {_COLUMNS}, row_number() OVER (ORDER BY {ORDER}) AS place"  # noqa: S608
    f"{OWNED}) AS v WHERE v.in_force ORDER BY v.place"
)
_ONE = text(f"SELECT {_COLUMNS} FROM policy_version v WHERE v.id = :id")  # noqa: S608
_HISTORY = text(
    f"SELECT {_COLUMNS} FROM policy_version v JOIN policy_version o ON o.id = :id"  # noqa: S608
    " WHERE v.event = o.event AND v.condition = o.condition AND v.colour = o.colour"
    "   AND v.level = o.level AND v.facility_id IS NOT DISTINCT FROM o.facility_id"
    "   AND v.region_id IS NOT DISTINCT FROM o.region_id"
    " ORDER BY v.valid_from DESC, v.id DESC LIMIT 100"
)


async def book(session: AsyncSession, viewer: Viewer, facility_id: FacilityId) -> PolicyBook:
    """Every version that may count at a facility, in the order of the tie rules.

    Raises:
        NotFound: there is no such facility.
    """
    place = await facilities.get(session, facility_id)
    rows = (await session.execute(_IN_FORCE, {"facility_id": facility_id})).all()
    return PolicyBook(
        PagedFacility(place.id, place.short_name),
        may_write(viewer, facility_id),
        await _writable(session, viewer, facility_id),
        await _policies(session, rows),
    )


async def _writable(
    session: AsyncSession, viewer: Viewer, facility_id: FacilityId
) -> list[PolicyRegion]:
    held = await regions.around(session, viewer, facility_id)
    return [PolicyRegion(one.id, one.name) for one in held if one.may_decide]


async def version(session: AsyncSession, policy_id: UUID) -> Row[Any]:
    """One version as it is stored.

    Raises:
        NotFound: there is none.
    """
    row = (await session.execute(_ONE, {"id": policy_id})).one_or_none()
    if row is None:
        raise NotFound()
    return row


async def history(session: AsyncSession, policy_id: UUID) -> list[PolicyOut]:
    """This version and all others for the same case of the same owner, newest first."""
    rows = (await session.execute(_HISTORY, {"id": policy_id})).all()
    if not rows:
        raise NotFound()
    return await _policies(session, rows)


async def rehearsal(
    session: AsyncSession,
    facility_id: FacilityId,
    *,
    event: str,
    level: str,
    colour: str | None,
    condition: str | None,
    at: datetime,
) -> Trial:
    """Which version a page would follow, and whom it would ring at which second.

    Raises:
        NotFound: there is no such facility.
    """
    await facilities.get(session, facility_id)
    chosen = await policy.choose(
        session, facility_id, event, level, colour=colour, condition=condition
    )
    row = (await session.execute(_ONE, {"id": chosen.id})).one()
    moments = await trial.rehearse(session, chosen.policy, facility_id, at)
    (shown,) = await _policies(session, [row])
    return Trial(shown, at, await _steps(session, moments))


async def _steps(session: AsyncSession, moments: Sequence[Moment]) -> list[TrialStep]:
    targets = [t for moment in moments if moment.move for t in moment.move.targets]
    names = await _names(session, {target.person_id for target in targets})
    houses = {moment.facility_id for moment in moments if moment.facility_id is not None}
    places = await facilities.get_many(session, houses)
    found = []
    for one in moments:
        place = None if one.facility_id is None else places.get(one.facility_id)
        found.append(
            TrialStep(
                number=one.number,
                after_s=one.after_s,
                loop=one.loop,
                at=one.at.value,
                facility=None if place is None else PagedFacility(place.id, place.short_name),
                people=[
                    TrialPerson(names[target.person_id], str(target.tier), target.specialty)
                    for target in (one.move.targets if one.move else ())
                    if target.person_id in names
                ],
                unfilled=list(one.move.unfilled) if one.move else [],
            )
        )
    return found


async def _names(session: AsyncSession, ids: Collection[PersonId]) -> dict[PersonId, PagedPerson]:
    known = await people.get_many(session, ids) if ids else {}
    return {id_: PagedPerson(one.id, one.name, one.title) for id_, one in known.items()}


async def _policies(session: AsyncSession, rows: Sequence[Row[Any]]) -> list[PolicyOut]:
    authors = {PersonId(row.recorded_by) for row in rows if row.recorded_by is not None}
    names = await _names(session, authors)
    return [_policy(row, names.get(row.recorded_by)) for row in rows]


def _policy(row: Row[Any], author: PagedPerson | None) -> PolicyOut:
    owner: Owner = "platform"
    if row.facility_id is not None:
        owner = "facility"
    elif row.region_id is not None:
        owner = "region"
    return PolicyOut(
        id=row.id,
        owner=owner,
        owner_id=row.facility_id or row.region_id,
        owner_name=row.facility_name or row.region_name,
        event=row.event,
        condition=row.condition,
        colour=row.colour,
        level=row.level,
        mode=row.mode,
        quorum=[PolicyNeed(name, count) for name, count in json.loads(row.quorum).items()],
        join_within_s=row.join_within_s,
        repeat_s=row.repeat_s,
        steps=[
            PolicyStep(
                round(step["delay_s"]), step["tiers"], step["specialties"], step.get("at", "own")
            )
            for step in json.loads(row.steps)
        ],
        source=row.source,
        confidence=row.confidence,
        valid_from=row.valid_from,
        recorded_by=author,
        supersedes_id=row.supersedes_id,
        in_force=row.in_force,
        withdraws_id=row.withdraws_id,
        reason=row.reason,
    )
