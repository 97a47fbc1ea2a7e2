"""Reads for the pages on which rosters are set up."""

from collections.abc import Iterable
from datetime import timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import fitness, gaps, groups, holidays, leave, qualifications, repository
from duty.rosters import rotations as recorded
from duty.rosters.periods import aware
from duty.rosters.plans.schemas import RosterGroup, RosterPerson
from duty.rosters.plans.timetable import slot_out
from duty.rosters.policies import may_approve, may_edit
from duty.rosters.rules import Period
from duty.rosters.setup_schemas import (
    HolidayYear,
    LeaveOut,
    PatternIn,
    QualificationOut,
    RosterCandidate,
    RosterGap,
    RosterGaps,
    RosterGroups,
    RotationOut,
    TurnOut,
)
from kernel.clock import Clock
from kernel.errors import NotAllowed
from kernel.ids import FacilityId, GroupId, PersonId
from kernel.viewer import Role, Viewer
from registry.facilities.rules import local_date
from registry.people import queries as people
from registry.people.schemas import PersonRef

ROSTERED = (Role.EXPERT, Role.REFERRING_CLINICIAN, Role.COORDINATOR, Role.DUTY_DESK)
"""Whose names may stand on a roster."""

YEARS_SHOWN = 2
"""So many years after the present one are shown as missing until somebody enters them."""


async def overview(
    session: AsyncSession, clock: Clock, viewer: Viewer, facility_id: FacilityId
) -> RosterGroups:
    """A facility's groups and their places now, and what the viewer may do there."""
    rows = await repository.slots(session, facility_id, clock.now())
    found = [
        RosterGroup(id_, code, name, [slot_out(row) for row in rows if row.slot.group_id == id_])
        for id_, code, name in await groups.named(session, facility_id)
    ]
    return RosterGroups(
        facility_id,
        found,
        may_edit=_allowed(may_edit, viewer, facility_id),
        may_approve=_allowed(may_approve, viewer, facility_id),
    )


async def candidates(
    session: AsyncSession, clock: Clock, facility_id: FacilityId
) -> list[RosterCandidate]:
    """Whoever works there and may be rostered."""
    now = clock.now()
    found = await people.holding(session, now, facility_id, ROSTERED)
    window = (now, now + timedelta(microseconds=1))
    known = await fitness.staff(session, [PersonId(one.id) for one in found], window)
    today = local_date(now)
    return [
        RosterCandidate(
            person=_person(one),
            specialty=one.specialty,
            qualifications=sorted(
                {
                    held.kind
                    for held in known.held.get(PersonId(one.id), [])
                    if held.first <= today and (held.until is None or today < held.until)
                }
            ),
        )
        for one in found
    ]


async def rotations(session: AsyncSession, facility_id: FacilityId) -> list[RotationOut]:
    """Every version of every rotation, newest first per place and code."""
    found = await recorded.of_facility(session, facility_id)
    known = await _known(session, (one.recorded_by for one in found))
    return [
        RotationOut(
            id=one.id,
            slot_id=one.version.slot_id,
            code=one.version.code,
            seq=one.version.seq,
            pattern=PatternIn(
                **{name: getattr(one.stored, name) for name in PatternIn.__struct_fields__}
            ),
            from_=one.version.valid_from,
            to=one.version.valid_until,
            recorded_by=_ref(one.recorded_by, known),
            recorded_at=one.recorded_at,
        )
        for one in found
    ]


async def preview(session: AsyncSession, group_id: GroupId, window: Period) -> list[TurnOut]:
    """Whose turn it would be, by the rotations, the calendar and leave as they are now."""
    facility_id = await groups.facility_of(session, group_id)
    turns = await recorded.turns_of_group(session, facility_id, group_id, window)
    known = await _known(session, (one.person_id for one in turns))
    return [
        TurnOut(
            slot_id=one.slot_id,
            person=_person(known[one.person_id]),
            from_=one.start,
            to=one.end,
            substitute=one.substitute,
        )
        for one in turns
        if one.person_id in known
    ]


async def away(session: AsyncSession, facility_id: FacilityId, window: Period) -> list[LeaveOut]:
    """Leave that the viewer may see, with the shifts that stand in it."""
    found = await leave.between(session, facility_id, window)
    ids = [one for row in found for one in (row.person_id, row.substitute_id, row.recorded_by)]
    known = await _known(session, ids)
    shifts = await repository.shifts_of_people(session, {row.person_id for row in found}, window)
    return [
        LeaveOut(
            id=row.id,
            person=_person(known[row.person_id]),
            from_=row.period[0],
            to=row.period[1],
            kind=row.kind,
            substitute=_ref(row.substitute_id, known),
            recorded_by=_ref(row.recorded_by, known),
            recorded_at=row.recorded_at,
            shifts=sum(
                one.shift.person_id == row.person_id
                and one.shift.start < row.period[1]
                and row.period[0] < one.shift.end
                for one in shifts
            ),
        )
        for row in found
    ]


async def calendar_years(session: AsyncSession, clock: Clock) -> list[HolidayYear]:
    """Every year that was entered, and the coming ones that nobody entered yet."""
    entered = await holidays.years(session)
    known = await _known(session, (one.recorded_by for one in entered))
    found = [
        HolidayYear(
            one.year,
            one.id,
            one.source,
            one.confidence,
            one.days,
            _ref(one.recorded_by, known),
            aware(one.recorded_at, "recorded_at"),
        )
        for one in entered
    ]
    present = local_date(clock.now()).year
    have = {one.year for one in entered}
    found += [
        HolidayYear(year, None, None, None, [], None, None)
        for year in range(present, present + YEARS_SHOWN + 1)
        if year not in have
    ]
    return sorted(found, key=lambda one: one.year)


async def held(
    session: AsyncSession, clock: Clock, facility_id: FacilityId
) -> list[QualificationOut]:
    """Qualifications that the viewer may see."""
    found = await qualifications.of_facility(session, facility_id)
    known = await _known(session, (one.person_id for one in found))
    today = local_date(clock.now())
    return [
        QualificationOut(
            id=one.id,
            person=_person(known[one.person_id]),
            kind=one.kind,
            from_=one.first,
            to=one.until,
            in_force=one.first <= today and (one.until is None or today < one.until),
            recorded_at=one.recorded_at,
        )
        for one in found
    ]


async def coming_gaps(session: AsyncSession, clock: Clock, facility_id: FacilityId) -> RosterGaps:
    """Required places that nobody fills in the next fourteen days."""
    now = clock.now()
    found = await gaps.coming(session, facility_id, now)
    return RosterGaps(
        facility_id,
        now,
        now + gaps.AHEAD,
        [
            RosterGap(
                slot_id=one.row.slot.id,
                group=one.row.group_name,
                specialty=one.row.slot.specialty,
                tier=str(one.row.slot.tier),
                from_=one.period[0],
                to=one.period[1],
            )
            for one in found
        ],
    )


async def _known(
    session: AsyncSession, ids: Iterable[PersonId | msgspec.UnsetType | object | None]
) -> dict[PersonId, PersonRef]:
    return await people.get_many(session, {PersonId(one) for one in ids if one is not None})  # type: ignore[arg-type]


def _allowed(policy: object, viewer: Viewer, facility_id: FacilityId) -> bool:
    try:
        policy(viewer, facility_id)  # type: ignore[operator]
    except NotAllowed:
        return False
    return True


def _person(person: PersonRef) -> RosterPerson:
    return RosterPerson(person.id, person.name, person.title)


def _ref(id_: object, known: dict[PersonId, PersonRef]) -> RosterPerson | None:
    person = known.get(id_)  # type: ignore[call-overload]
    return None if person is None else _person(person)
