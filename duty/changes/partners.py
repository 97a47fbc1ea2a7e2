"""With whom a shift may be swapped, who may stand in, whom one may replace now: reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import applying, policies, repository, rulebook
from duty.changes.applying import Reassignment
from duty.changes.rules import Stint
from duty.changes.schemas import MyShift, OnDutyNow, RosterShift, SwapPartner, SwapPerson
from duty.rosters import repository as rosters
from duty.rosters.oncall import Shift
from kernel.clock import Clock
from kernel.errors import NotFound, Refusal
from kernel.ids import FacilityId, PersonId, ShiftId, SlotId
from kernel.viewer import Role, Viewer
from registry.people import queries as people
from registry.people.schemas import PersonRef

AHEAD = timedelta(days=62)

_COLUMNS = """
    SELECT h.id, h.slot_id, h.person_id, lower(h.during) AS start, upper(h.during) AS "end",
           h.recorded_at, h.superseded_at, s.specialty, s.tier, g.id AS group_id,
           g.name AS group_name, g.facility_id
      FROM shift h JOIN slot s ON s.id = h.slot_id JOIN expert_group g ON g.id = s.group_id
"""
_MINE = text(
    _COLUMNS + " WHERE h.person_id = :person_id AND h.status = 'active'"
    "  AND h.during && tstzrange(:now, :until) ORDER BY lower(h.during), s.slot_no"
)
_OF_GROUP = text(
    _COLUMNS + " WHERE g.id IN (SELECT m.group_id FROM slot m WHERE m.id = :slot_id)"  # noqa: S608
    "  AND h.status = 'active' AND h.person_id <> :person_id"
    "  AND lower(h.during) >= :now AND lower(h.during) < :until"
    " ORDER BY lower(h.during), s.slot_no LIMIT 200"
)
_NAMED = text(_COLUMNS + " WHERE h.id = ANY(:ids)")
_OPEN = text(
    "SELECT id, shift_id FROM change_request WHERE shift_id = ANY(:ids)"
    " AND state IN ('proposed', 'agreed')"
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A shift with its place in words."""

    shift: Shift
    facility_id: FacilityId
    group: str
    specialty: str
    tier: str

    def out(self, period: tuple[datetime, datetime] | None = None) -> RosterShift:
        """As the API says it, whole or in part."""
        start, end = period or (self.shift.start, self.shift.end)
        return RosterShift(
            self.shift.id, self.shift.slot_id, self.group, self.specialty, self.tier, start, end
        )


async def placed(session: AsyncSession, ids: Sequence[ShiftId]) -> dict[ShiftId, Placed]:
    """The named shifts, standing or superseded, with their places."""
    rows = await session.execute(_NAMED, {"ids": list(ids)})
    return {one.shift.id: one for one in map(_placed, rows)}


async def my_shifts(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[MyShift]:
    """The viewer's shifts that run or are to come, soonest first."""
    now = await repository.moment(session, clock)
    values = {"person_id": viewer.person_id, "now": now, "until": now + AHEAD}
    mine = [_placed(row) for row in await session.execute(_MINE, values)]
    asked = await session.execute(_OPEN, {"ids": [one.shift.id for one in mine]})
    open_ = {row.shift_id: row.id for row in asked}
    return [MyShift(one.out(), one.shift.covers(now), open_.get(one.shift.id)) for one in mine]


async def partners(
    session: AsyncSession, clock: Clock, viewer: Viewer, shift_id: ShiftId, kind: str
) -> list[SwapPartner]:
    """Colleagues for a shift: with their own shifts for a swap, without for a substitute.

    Those for whom nothing speaks against it come first.

    Raises:
        NotFound: no such shift where the viewer works.
    """
    given = (await placed(session, [shift_id])).get(shift_id)
    if given is None or not policies.works_at(viewer, given.facility_id):
        raise NotFound()
    now = await repository.moment(session, clock)
    if kind == "swap":
        found = await _swaps(session, given, now)
    else:
        found = await _substitutes(session, given, now)
    return sorted(found, key=lambda one: one.obstacle is not None)


async def takeable(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[OnDutyNow]:
    """Whoever is on duty now where the viewer works, and whether the viewer could replace them."""
    now = await repository.moment(session, clock)
    roster = await rosters.roster(session, viewer.facility_id, now)
    others = [
        one.shift.id
        for one in roster
        if one.shift is not None and one.person_id != viewer.person_id
    ]
    places = await placed(session, others)
    running = [places[shift_id] for shift_id in others]
    known = await people.get_many(session, [one.shift.person_id for one in running])
    return [
        OnDutyNow(
            one.out((now, one.shift.end)),
            person(known[one.shift.person_id]),
            await _obstacle(session, Stint(one.shift, now, one.shift.end), viewer.person_id),
        )
        for one in running
    ]


def person(ref: PersonRef) -> SwapPerson:
    """A colleague as the API names them."""
    return SwapPerson(ref.id, ref.name, ref.title)


async def _swaps(session: AsyncSession, given: Placed, now: datetime) -> list[SwapPartner]:
    holder = given.shift.person_id
    values = {"slot_id": given.shift.slot_id, "person_id": holder, "now": now}
    rows = await session.execute(_OF_GROUP, {**values, "until": now + AHEAD})
    theirs = [_placed(row) for row in rows]
    rest = (await rulebook.choose(session, given.facility_id)).rest
    known = await people.get_many(session, [one.shift.person_id for one in theirs])
    found = []
    for one in theirs:
        both = [given.shift.id, one.shift.id]
        obstacle = await _obstacle(
            session, _whole(given.shift), one.shift.person_id, both, rest
        ) or await _obstacle(session, _whole(one.shift), holder, both, rest)
        found.append(SwapPartner(person(known[one.shift.person_id]), one.out(), obstacle))
    return found


async def _substitutes(session: AsyncSession, given: Placed, now: datetime) -> list[SwapPartner]:
    holding = await people.holding(
        session, now, given.facility_id, [Role.EXPERT, Role.REFERRING_CLINICIAN, Role.COORDINATOR]
    )
    stint = Stint(given.shift, max(given.shift.start, now), given.shift.end)
    rest = (await rulebook.choose(session, given.facility_id)).rest
    return [
        SwapPartner(person(one), None, await _obstacle(session, stint, PersonId(one.id), (), rest))
        for one in holding
        if one.id != given.shift.person_id
    ]


async def _obstacle(
    session: AsyncSession,
    stint: Stint,
    person_id: PersonId,
    besides: Sequence[ShiftId] = (),
    rest: timedelta = timedelta(0),
) -> str | None:
    slot = await applying.place(session, stint)
    taking = Reassignment(stint, person_id, "")
    try:
        await applying.may_stand(session, slot, person_id, stint.start, stint.end, besides=besides)
        await applying.must_rest(session, slot, taking, rest, besides=besides)
    except Refusal as refused:
        return refused.code
    return None


def _whole(shift: Shift) -> Stint:
    return Stint(shift, shift.start, shift.end)


def _placed(row: Row[Any]) -> Placed:
    shift = Shift(
        ShiftId(row.id),
        SlotId(row.slot_id),
        PersonId(row.person_id),
        row.start,
        row.end,
        row.recorded_at,
        row.superseded_at,
    )
    return Placed(shift, FacilityId(row.facility_id), row.group_name, row.specialty, row.tier)
