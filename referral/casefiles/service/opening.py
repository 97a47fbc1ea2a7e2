"""A file is opened: by a grade that a person confirmed, or by hand with a reason."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel import parties
from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId, PregnancyId, new_id
from kernel.parties import PartyRole
from kernel.viewer import Viewer
from referral.casefiles.commands import OpenFile
from referral.casefiles.errors import FileExists, NoFilingFacility, OwnerUnknown
from referral.casefiles.models import FileRow
from referral.casefiles.repository import FileRepository, FileRows
from referral.casefiles.rules.rulebook import RULEBOOK
from referral.casefiles.service.file_desk import FileDesk, desk_for
from referral.casefiles.service.followup import plan_next
from referral.casefiles.service.report import ask_for_report
from referral.casefiles.states import FileAction, FileState
from referral.service.desk import moment
from registry.facilities import queries as facilities
from registry.facilities.rules import AreaKind, FacilityRole, local_date
from registry.people import queries as people
from registry.pregnancies import service as registry
from registry.pregnancies.repository import PregnancyRepository


@dataclass(frozen=True, slots=True)
class Grade:
    """What was confirmed, and by whom."""

    pregnancy_id: UUID
    facility_id: UUID
    colour: str | None
    purple: bool
    confirmed_by: UUID
    grade_id: UUID | None = None
    demo: bool = False


async def open_by_hand(
    session: AsyncSession, clock: Clock, viewer: Viewer, order: OpenFile
) -> CaseId:
    """Open a file for a reason that no grade gives.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
        FileExists: there is an open one.
        NoFilingFacility: the viewer has no clinical role at a facility.
        OwnerUnknown: the owner named works elsewhere.
    """
    facility = _filing_facility(viewer)
    known = await FileRepository(session, viewer).open_of(order.pregnancy_id)
    if known is not None:
        raise FileExists(case_id=str(known.id), number=known.number)
    owner = order.owner_id or viewer.person_id
    if owner != viewer.person_id:
        await must_work_at(session, PersonId(owner), facility, "owner_id")
    grade = Grade(
        pregnancy_id=order.pregnancy_id,
        facility_id=facility,
        colour=order.colour,
        purple=order.purple,
        confirmed_by=owner,
        demo=viewer.demo,
    )
    desk = await _open(session, clock, viewer, grade, reason="manual")
    desk.remember("opening", {"reason": order.reason})
    await session.flush()  # constraints refuse here, while the command can still be named
    return desk.case_id


async def open_by_grade(
    session: AsyncSession, clock: Clock, viewer: Viewer, grade: Grade
) -> CaseId | None:
    """What a confirmed grade does to the pregnancy's file; repeating it changes nothing.

    A grade that calls for a file opens one or, where it is higher than the last, starts the report
    clock again. A lower one proposes closing and closes nothing.
    """
    repository = FileRepository(session, viewer)
    known = await repository.open_of(grade.pregnancy_id)
    if known is None:
        if grade.grade_id is not None and await repository.knows(grade.grade_id):
            return None  # told again after the file's end
        region = await facilities.region_of(session, FacilityId(grade.facility_id))
        codes = await repository.region_codes(region)
        rules = RULEBOOK.on(local_date(clock.now()), codes)
        if not rules.opens_for(grade.colour, purple=grade.purple):
            return None
        desk = await _open(session, clock, viewer, grade, reason="grade")
        await session.flush()
        return desk.case_id
    rows = await repository.locked(known.id)
    desk = await desk_for(session, clock, viewer, rows, moment(clock, None, None))
    if grade.grade_id is None or rows.file.grade_id != grade.grade_id:
        await _regrade(desk, grade)
        rows.file.version += 1
        await session.flush()
    return desk.case_id


def _filing_facility(viewer: Viewer) -> FacilityId:
    if viewer.facility_id in viewer.facility_ids:
        return viewer.facility_id
    if len(viewer.facility_ids) == 1:
        return next(iter(viewer.facility_ids))
    raise NoFilingFacility()


async def must_work_at(
    session: AsyncSession, person_id: PersonId, facility_id: UUID, field: str
) -> None:
    """An owner is somebody with a name at the facility responsible.

    Raises:
        OwnerUnknown: no such person, or somebody of another house.
    """
    found = (await people.get_many(session, [person_id])).get(person_id)
    if found is None or found.facility_id != facility_id:
        raise OwnerUnknown(field=field)


async def _open(
    session: AsyncSession, clock: Clock, viewer: Viewer, grade: Grade, *, reason: str
) -> FileDesk:
    when = moment(clock, None, None)
    case_id, facility = CaseId(new_id()), FacilityId(grade.facility_id)
    region = await facilities.region_of(session, facility)
    await parties.add_facility(session, case_id, facility, PartyRole.ORIGIN, region)
    pregnancy_id = PregnancyId(grade.pregnancy_id)
    _, patient = await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    await registry.link_case(session, viewer, case_id, pregnancy_id)
    repository = FileRepository(session, viewer)
    rules = RULEBOOK.on(local_date(when.entered_at), await repository.region_codes(region))
    row = FileRow(
        id=case_id,
        number=await repository.next_number(when.at),
        state=FileState.OPENED,
        version=1,
        patient_id=patient.id,
        pregnancy_id=pregnancy_id,
        grade_id=grade.grade_id,
        colour=grade.colour,
        purple=grade.purple,
        reason=reason,
        facility_id=facility,
        region_id=region,
        owner_id=grade.confirmed_by,
        opened_by=None if viewer.is_process else viewer.person_id,
        opened_at=when.at,
        graded_at=when.at,
        rules_version=rules.label,
        demo=grade.demo or patient.demo,
        simulated=clock.simulated,
    )
    await place(session, row, when.entered_at)
    session.add(row)
    await session.flush()  # reports and tasks refer to the file
    desk = await desk_for(session, clock, viewer, FileRows(row), when)
    await desk.write("casefile.opened", opened_facts(row))
    await admit(desk)
    ask_for_report(desk)
    plan_next(desk, desk.at)
    told = {"colour": row.colour, "purple": row.purple}
    await desk.tell("casefile.opened", told, people_ids=[row.owner_id], county=True)
    return desk


def opened_facts(row: FileRow) -> dict[str, object]:
    """What the chain's first event says: codes only."""
    return {
        "number": row.number,
        "reason": row.reason,
        "grade_id": row.grade_id,
        "colour": row.colour,
        "purple": row.purple,
        "owner_facility": row.facility_id,
        "owner_person": row.owner_id,
        "upper_facility": row.upper_id,
        "county_facility": row.county_id,
        "rules": row.rules_version,
        "demo": row.demo,
    }


async def place(session: AsyncSession, row: FileRow, at: datetime) -> None:
    """Which centre agrees the plan and which MCH institution is told, by where the owner is."""
    owner = FacilityId(row.facility_id)
    row.upper_id = await facilities.designated_centre(session, owner, AreaKind.MATERNAL, at)
    region = await facilities.region_of(session, owner)
    row.region_id = region
    institutes = await facilities.with_role(session, FacilityRole.MCH_INSTITUTE, at, region)
    row.county_id = institutes[0] if institutes else None


async def admit(desk: FileDesk) -> None:
    """Open the file to the centre that agrees its plan and to the county centre."""
    row = desk.rows.file
    if row.upper_id is not None:
        upper = FacilityId(row.upper_id)
        await parties.add_facility(desk.session, desk.case_id, upper, PartyRole.RECEIVER)
    if row.county_id is not None:
        county = FacilityId(row.county_id)
        await parties.add_facility(desk.session, desk.case_id, county, PartyRole.COORDINATOR)


async def _regrade(desk: FileDesk, grade: Grade) -> None:
    row = desk.rows.file
    desk.move_file(FileAction.REGRADE, system=True)
    before, now = desk.rules.rank(row.colour), desk.rules.rank(grade.colour)
    higher = now > before or (grade.purple and not row.purple)
    calls = desk.rules.opens_for(grade.colour, purple=grade.purple)
    was = {"colour": row.colour, "purple": row.purple}
    row.grade_id, row.colour, row.purple = grade.grade_id, grade.colour, grade.purple
    row.graded_at, row.lowered = desk.at, not calls
    facts: dict[str, object] = {
        "grade_id": grade.grade_id,
        "colour": grade.colour,
        "purple": grade.purple,
        "was": was,
        "higher": higher,
        "closing_proposed": row.lowered,
    }
    await desk.write("casefile.regraded", facts)
    if higher and calls:
        await _start_over(desk)
    told = {"colour": grade.colour, "purple": grade.purple, "lowered": row.lowered}
    await desk.tell("casefile.regraded", told, people_ids=[row.owner_id], county=higher)


async def _start_over(desk: FileDesk) -> None:
    """A higher grade is reported anew and seen sooner."""
    ask_for_report(desk)
    plan_next(desk, desk.at, sooner=True)
