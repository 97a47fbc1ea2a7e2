"""Reads of pages, as far as the viewer may see their cases."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import crew, policy
from duty.escalation.ladder import ANY, Mode, Policy
from duty.escalation.repository import standing
from duty.escalation.schemas import (
    PageChannelOut,
    PagedFacility,
    PagedPerson,
    PageNeedOut,
    PageOut,
    PagePolicyOut,
    PageTargetOut,
    ReachCounts,
    ReachTimes,
)
from duty.escalation.states import LIVE
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, PageId, PersonId
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.people import queries as people

_COLUMNS = """
    SELECT p.id, p.case_id, p.facility_id, p.from_facility_id, p.event, p.level, p.title, p.drill,
           p.mode, p.created_at, p.colour, p.condition, e.state, e.step, e.next_due_at,
           e.acknowledged_by, e.end_reason, e.joined_at, v.id AS policy_id, v.source,
           v.confidence, v.repeat_s, v.steps::text AS steps, v.quorum::text AS quorum,
           v.join_within_s
      FROM page p JOIN escalation e ON e.page_id = p.id JOIN policy_version v ON v.id = p.policy_id
"""
_ONE = text(_COLUMNS + " WHERE p.id = :page_id")
_OF_CASE = text(_COLUMNS + " WHERE p.case_id = :case_id ORDER BY p.created_at, p.id")
_RINGING_FOR = (
    " WHERE e.state IN ('running', 'exhausted') AND EXISTS (SELECT 1 FROM page_target t"
    "  WHERE t.page_id = p.id AND t.person_id = :person_id"
    "   AND t.state NOT IN ('acknowledged', 'declined') AND t.stood_down_at IS NULL)"
    " ORDER BY p.created_at, p.id"
)
_SEES = text("SELECT app_sees_case(:case_id)")
_SEVERAL = text(
    _COLUMNS + " WHERE p.case_id = ANY(:cases) AND p.mode <> 'first'"
    " AND e.state IN ('running', 'exhausted') ORDER BY p.created_at, p.id"
)
_MINE = text(_COLUMNS + _RINGING_FOR)
_TARGETS = text(
    "SELECT page_id, step, person_id, tier, specialty, state, queued_at, sent_at, delivered_at,"
    "  seen_at, acknowledged_at, declined_at, decline_reason, joined_at, stood_down_at, shift_id,"
    "  facility_id"
    " FROM page_target WHERE page_id = ANY(:pages) ORDER BY page_id, step, queued_at, person_id"
)
_MESSAGES = text(
    "SELECT page_id, step, person_id, channel, state, coalesce(settled_at, available_at) AS at"
    " FROM page_message WHERE page_id = ANY(:pages) ORDER BY page_id, step, channel, try"
)
_REACH = text(
    """
    SELECT p.case_id, t.person_id,
           array_agg(CASE
             WHEN t.stood_down_at IS NOT NULL AND t.state NOT IN ('acknowledged', 'declined')
               THEN 'spared'
             WHEN t.state = 'queued' AND e.state IN ('acknowledged', 'cancelled') THEN 'spared'
             WHEN t.state = 'acknowledged' AND t.joined_at IS NULL AND EXISTS (
               SELECT 1 FROM page_target later WHERE later.page_id = t.page_id
                  AND later.person_id = t.person_id AND later.step > t.step) THEN 'seen'
             ELSE t.state END) AS states
      FROM page p JOIN page_target t ON t.page_id = p.id JOIN escalation e ON e.page_id = p.id
     WHERE p.case_id = ANY(:cases) GROUP BY p.case_id, t.person_id
    """
)
_FURTHEST = (
    "acknowledged",
    "declined",
    "seen",
    "delivered",
    "sent",
    "queued",
    "spared",
    "unreachable",
)


async def page(session: AsyncSession, page_id: PageId) -> PageOut:
    """One page, or `NotFound`."""
    found = await _pages(session, _ONE, {"page_id": page_id})
    if not found:
        raise NotFound()
    return found[0]


async def of_case(session: AsyncSession, case_id: CaseId) -> list[PageOut]:
    """All pages of a case, oldest first.

    Raises:
        NotFound: unknown, or not open to the viewer; a case that rang nobody gives an empty list.
    """
    if not (await session.execute(_SEES, {"case_id": case_id})).scalar_one():
        raise NotFound()
    return await _pages(session, _OF_CASE, {"case_id": case_id})


async def mine(session: AsyncSession, viewer: Viewer) -> list[PageOut]:
    """Pages that still ring and wait for the viewer's answer."""
    return await _pages(session, _MINE, {"person_id": viewer.person_id})


async def reach(session: AsyncSession, cases: Collection[CaseId]) -> dict[CaseId, ReachCounts]:
    """Per case, how many people stand where; each person counts once, by how far it got.

    Who said yes, did not come and is rung again has not answered: at the most, they saw it.
    """
    rows = await session.execute(_REACH, {"cases": list(cases)})
    counts: dict[CaseId, Counter[str]] = {}
    for row in rows:
        best = next(state for state in _FURTHEST if state in row.states)
        counts.setdefault(CaseId(row.case_id), Counter())[best] += 1
    return {case_id: ReachCounts(**found) for case_id, found in counts.items()}


async def lacking(session: AsyncSession, cases: Collection[CaseId]) -> dict[CaseId, list[str]]:
    """Per case, the specialties of which a page that still rings needs more people."""
    rows = (await session.execute(_SEVERAL, {"cases": list(cases)})).all()
    if not rows:
        return {}
    ids = [row.id for row in rows]
    targets = (await session.execute(_TARGETS, {"pages": ids})).all()
    found: dict[CaseId, set[str]] = {}
    for row in rows:
        rules = policy.parse(row.steps, row.repeat_s, row.mode, row.quorum, row.join_within_s)
        standings = [standing(one) for one in targets if one.page_id == row.id]
        still = crew.lacking(crew.needs(rules, standings), crew.said_yes(standings))
        found.setdefault(CaseId(row.case_id), set()).update(still.keys() - {ANY})
    return {case_id: sorted(codes) for case_id, codes in found.items()}


async def _pages(
    session: AsyncSession, statement: TextClause, values: dict[str, object]
) -> list[PageOut]:
    rows = (await session.execute(statement, values)).all()
    ids = [row.id for row in rows]
    targets = (await session.execute(_TARGETS, {"pages": ids})).all() if ids else []
    messages = (await session.execute(_MESSAGES, {"pages": ids})).all() if ids else []
    names = await _Names.read(session, rows, targets)
    return [_page(row, names, targets, messages) for row in rows]


class _Names:
    """People and facilities that the pages mention."""

    def __init__(self) -> None:
        self.people: dict[UUID, PagedPerson] = {}
        self.homes: dict[UUID, UUID] = {}
        self.facilities: dict[UUID, PagedFacility] = {}

    @classmethod
    async def read(
        cls, session: AsyncSession, rows: Sequence[Row[Any]], targets: Sequence[Row[Any]]
    ) -> "_Names":
        names = cls()
        wanted = {PersonId(row.person_id) for row in targets}
        wanted |= {PersonId(row.acknowledged_by) for row in rows if row.acknowledged_by}
        if wanted:
            for person in (await people.get_many(session, wanted)).values():
                names.people[person.id] = PagedPerson(person.id, person.name, person.title)
                names.homes[person.id] = person.facility_id
        places = {FacilityId(row.facility_id) for row in rows}
        places |= {FacilityId(row.from_facility_id) for row in rows if row.from_facility_id}
        places |= {FacilityId(id_) for id_ in names.homes.values()}
        if places:
            for place in (await facilities.get_many(session, places)).values():
                names.facilities[place.id] = PagedFacility(place.id, place.short_name)
        return names

    def home(self, person_id: UUID) -> PagedFacility:
        """Where somebody works."""
        return self.facilities[self.homes[person_id]]


def _page(
    row: Row[Any], names: _Names, targets: Sequence[Row[Any]], messages: Sequence[Row[Any]]
) -> PageOut:
    mine = [target for target in targets if target.page_id == row.id]
    rules = policy.parse(row.steps, row.repeat_s, row.mode, row.quorum, row.join_within_s)
    return PageOut(
        id=row.id,
        case_id=row.case_id,
        facility=names.facilities[row.facility_id],
        from_facility_id=row.from_facility_id,
        sender=names.facilities.get(row.from_facility_id),
        reason=row.event,
        level=row.level,
        title=row.title,
        drill=row.drill,
        mode=row.mode,
        state=row.state,
        step=row.step,
        next_step_at=row.next_due_at if row.state in LIVE else None,
        join_by=None if row.state in LIVE else row.next_due_at,
        joined_at=row.joined_at,
        colour=row.colour,
        condition=row.condition,
        created_at=row.created_at,
        acknowledged_by=names.people.get(row.acknowledged_by),
        end_reason=row.end_reason,
        policy=PagePolicyOut(row.policy_id, row.source, row.confidence),
        needs=_needs(rules, mine),
        targets=[_target(target, names, messages) for target in mine],
    )


def _needs(rules: Policy, targets: Sequence[Row[Any]]) -> list[PageNeedOut]:
    """How many of which specialty are needed, said yes and are there; whoever comes first: none."""
    if rules.mode is Mode.FIRST:
        return []
    standings = [standing(target) for target in targets]
    yes = Counter(one.specialty for one in crew.said_yes(standings).values())
    there = Counter(one.specialty for one in crew.arrived(standings).values())
    return [
        PageNeedOut(specialty, count, yes[specialty], there[specialty])
        for specialty, count in crew.needs(rules, standings).items()
    ]


def _target(target: Row[Any], names: _Names, messages: Sequence[Row[Any]]) -> PageTargetOut:
    key = (target.page_id, target.step, target.person_id)
    return PageTargetOut(
        person=names.people[target.person_id],
        facility=names.home(target.person_id),
        step=target.step,
        tier=target.tier,
        specialty=target.specialty,
        state=target.state,
        states=ReachTimes(
            target.sent_at,
            target.delivered_at,
            target.seen_at,
            target.acknowledged_at,
            target.declined_at,
        ),
        channels=[
            PageChannelOut(message.channel, message.state, message.at)
            for message in messages
            if (message.page_id, message.step, message.person_id) == key
        ],
        decline_reason=target.decline_reason,
        joined_at=target.joined_at,
        stood_down_at=target.stood_down_at,
    )
