"""Reads of case files, as their viewer may see them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId, FacilityId, PersonId, PregnancyId
from kernel.sealing import Sealer
from kernel.viewer import CLINICAL_ROLES, Viewer
from referral.casefiles import policies
from referral.casefiles.models import FileRow
from referral.casefiles.queries.parts import FileParts
from referral.casefiles.readmodel import (
    CaseFile,
    FileActionOut,
    FileCounts,
    FileList,
    FileListRow,
    FileRules,
    FileStep,
    PregnancyFile,
    RuleOut,
)
from referral.casefiles.repository import FileRepository, FileRows
from referral.casefiles.rules.allowed import URGENCY, FileAllowed, allowed
from referral.casefiles.rules.facts import FileFacts, FileViewpoint, sides
from referral.casefiles.rules.rulebook import RULEBOOK, Limit, Rules
from referral.casefiles.rules.waiting import FileWaiting, overdue, waiting
from referral.casefiles.states import OPEN, FileSide, FileState
from referral.queries.woman import woman_of
from referral.readmodel.board import PatientRef
from registry.facilities import queries as facilities
from registry.facilities.rules import local_date
from registry.facilities.schemas import FacilityRef
from registry.people import queries as people
from registry.people.schemas import PersonRef
from registry.pregnancies import queries as pregnancies
from registry.pregnancies.queries import CaseSubject
from registry.pregnancies.repository import PregnancyRepository

FileScope = Literal["mine", "ours", "overdue", "all"]
FileFilter = Literal["open", "closed"]
MAX_FILES = 500

_OWNERS = {(machine, action): owners for machine, action, owners in URGENCY}
_SIDES = (FileSide.OWNER, FileSide.HEIR, FileSide.UPPER, FileSide.COUNTY, FileSide.ADMIN)
_PATHS = {
    "file": "case-files",
    "report": "case-file-reports",
    "task": "case-file-tasks",
    "handover": "case-file-handovers",
}


@dataclass(frozen=True, slots=True)
class Around:
    """What rows need besides the files, read once for all of them."""

    places: Mapping[FacilityId, FacilityRef]
    people: Mapping[PersonId, PersonRef]
    subjects: Mapping[CaseId, CaseSubject]

    def place(self, id_: UUID | None) -> FacilityRef | None:
        """A facility by name."""
        return None if id_ is None else self.places.get(FacilityId(id_))

    def person(self, id_: UUID | None) -> PersonRef | None:
        """A colleague by name."""
        return None if id_ is None else self.people.get(PersonId(id_))


async def file_list(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    *,
    scope: FileScope = "all",
    which: FileFilter = "open",
    limit: int = 200,
) -> FileList:
    """Files of `scope`: overdue ones first, then by what is due next, then by severity."""
    repository = FileRepository(session, viewer)
    wanted = repository.visible().where(*_state(which), *_scope(viewer, scope))
    order = FileRow.ended_at.desc() if which == "closed" else FileRow.opened_at
    found = (await session.execute(wanted.order_by(order, FileRow.id).limit(MAX_FILES))).scalars()
    files = await repository.with_parts(list(found))
    others = await around(session, clock, viewer, sealer, files)
    now = clock.now()
    rows = [FileListRow(**row_fields(one, viewer, others, now)) for one in files]
    if scope == "overdue":
        rows = [row for row in rows if row.overdue_since is not None]
    if which == "open":
        rows.sort(key=_worst_first)
    counts = FileCounts(
        to_act=sum(row.to_act for row in rows),
        overdue=sum(row.overdue_since is not None for row in rows),
        open=sum(row.state in OPEN for row in rows),
        mine=sum(row.mine for row in rows),
    )
    return FileList(counts=counts, rows=rows[:limit], server_time=now)


def _worst_first(row: FileListRow) -> tuple[bool, datetime, int, datetime]:
    rank = RULEBOOK.base[0].rank(row.colour)
    due = None if row.next is None else row.next.due_at
    when = row.overdue_since or due or row.opened_at
    return row.overdue_since is None, when, -rank, row.opened_at


def _state(which: FileFilter) -> list[ColumnElement[bool]]:
    closed = FileRow.state == FileState.CLOSED
    return [closed if which == "closed" else ~closed]


def _scope(viewer: Viewer, scope: FileScope) -> list[ColumnElement[bool]]:
    here = list(viewer.facility_ids)
    if scope == "mine":
        return [FileRow.owner_id == viewer.person_id]
    if scope == "ours":
        return [
            or_(
                FileRow.facility_id.in_(here),
                FileRow.upper_id.in_(here),
                FileRow.county_id.in_(here),
            )
        ]
    return []


async def around(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    files: Sequence[FileRows],
    more_people: Iterable[UUID | None] = (),
    more_places: Iterable[UUID | None] = (),
) -> Around:
    """Names of places and people, short names of patients."""
    wanted_places: set[UUID | None] = set(more_places)
    wanted_people: set[UUID | None] = set(more_people)
    for one in files:
        file = one.file
        wanted_places |= {file.facility_id, file.upper_id, file.county_id}
        wanted_people.add(file.owner_id)
        wanted_places |= {side for row in one.handovers for side in (row.from_id, row.to_id)}
    ids = [CaseId(one.file.id) for one in files]
    return Around(
        places=await facilities.get_many(
            session, {FacilityId(id_) for id_ in wanted_places if id_}
        ),
        people=await people.get_many(session, {PersonId(id_) for id_ in wanted_people if id_}),
        subjects=await pregnancies.subjects(session, clock, viewer, sealer, ids),
    )


def row_fields(one: FileRows, viewer: Viewer, others: Around, now: datetime) -> dict[str, Any]:
    """Everything a list row says; a whole file says it too."""
    row, facts = one.file, one.facts()
    view = policies.file_viewpoint(viewer, coordinates=one.coordinates)
    steps = waiting(facts)
    asked = facts.proposed
    return {
        "id": row.id,
        "number": row.number,
        "state": FileState(row.state),
        "colour": row.colour,
        "purple": row.purple,
        "patient": _patient(others.subjects.get(CaseId(row.id))),
        "facility": others.place(row.facility_id)
        or FacilityRef(row.facility_id, "—", "—", "township"),
        "owner": others.person(row.owner_id),
        "upper": others.place(row.upper_id),
        "county": others.place(row.county_id),
        "opened_at": row.opened_at,
        "next": step_out(steps[0], now) if steps else None,
        "overdue_since": overdue(facts, now),
        "lowered": row.lowered,
        "handover_to": None if asked is None else others.place(asked.to_id),
        "my_side": _my_side(facts, view),
        "mine": row.owner_id == viewer.person_id,
        "to_act": any(_mine_to_do(item, facts) for item in allowed(facts, view)),
        "outcome": row.outcome,
        "ended_at": row.ended_at,
        "version": row.version,
        "demo": row.demo,
    }


def step_out(step: FileWaiting, now: datetime) -> FileStep:
    """A step as the API shows it."""
    late = step.due_at is not None and step.due_at <= now
    return FileStep(code=step.code, since=step.since, due_at=step.due_at, overdue=late)


def _patient(subject: CaseSubject | None) -> PatientRef:
    if subject is None:
        return PatientRef(name_short="*", age=None, gestation_days=None)
    return PatientRef(
        name_short=subject.name_short, age=subject.age, gestation_days=subject.gestation_days
    )


def _my_side(facts: FileFacts, view: FileViewpoint) -> str:
    asked = facts.proposed
    mine = sides(facts, view, None if asked is None else asked.to_id)
    return next((str(side) for side in _SIDES if side in mine), "observer")


def _mine_to_do(item: FileAllowed, facts: FileFacts) -> bool:
    owners = _OWNERS.get((item.machine, item.action))
    if owners is None or item.side not in owners or item.action == "do":
        return False
    return item.action != "draft_plan" or facts.state is FileState.OPENED


async def case_file(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, case_id: UUID
) -> CaseFile:
    """The file with everything that hangs on it; opening it is logged with the patient.

    Raises:
        NotFound: unknown or foreign.
    """
    repository = FileRepository(session, viewer)
    one = await repository.get(case_id)
    entries = await repository.entries(case_id)
    parts = FileParts(one, entries)
    others = await around(
        session, clock, viewer, sealer, [one], parts.people_ids(), parts.facility_ids()
    )
    now, facts = clock.now(), one.facts()
    view = policies.file_viewpoint(viewer, coordinates=one.coordinates)
    rules = RULEBOOK.on(local_date(now), await repository.region_codes(one.file.region_id))
    woman = await woman_of(session, clock, viewer, sealer, one.file)
    plan = one.plan
    return CaseFile(
        **row_fields(one, viewer, others, now),
        pregnancy_id=one.file.pregnancy_id,
        reason=one.file.reason,  # type: ignore[arg-type]
        graded_at=one.file.graded_at,
        grade_id=one.file.grade_id,
        rules_version=one.file.rules_version,
        woman=woman,
        waiting=[step_out(step, now) for step in waiting(facts)],
        plan_outdated=plan is not None and plan.drafted_at < one.file.graded_at,
        reports=parts.reports(others.person, now),
        tasks=parts.tasks(others.person, now, rules.escalation["task"]),
        handovers=parts.handovers(others.person, others.place),
        plans=parts.plans(others.person, others.place),
        entries=parts.entries_out(others.person, others.place),
        colleagues=await _colleagues(session, facts, view, now),
        rules=rules_out(rules),
        allowed=[_action(item, one.file) for item in allowed(facts, view)],
    )


async def _colleagues(
    session: AsyncSession, facts: FileFacts, view: FileViewpoint, now: datetime
) -> list[PersonRef]:
    """Who may be named as owner: clinical people of the viewer's house in this file."""
    asked = facts.proposed
    here = facts.facility_id
    if asked is not None and asked.to_id in view.facility_ids:
        here = asked.to_id
    if here not in view.facility_ids:
        return []
    return await people.holding(session, now, FacilityId(here), CLINICAL_ROLES)


def _action(item: FileAllowed, row: FileRow) -> FileActionOut:
    path = f"/api/{_PATHS[item.machine]}/{item.target_id}/actions/{item.action}"
    if (item.machine, item.action) == ("task", "do"):
        path = f"/api/case-files/{row.id}/actions/follow_up"
    return FileActionOut(
        machine=item.machine,  # type: ignore[arg-type]
        target_id=item.target_id,
        action=item.action,
        path=path,
        version=row.version,
        primary=item.primary,
        danger=item.danger,
    )


def rules_out(rules: Rules) -> FileRules:
    """The rules as the API says them, each with source and confidence."""
    opens = [*sorted(rules.opens), *(["purple"] if rules.purple else [])]
    found = [
        _rule("opens", "/".join(opens), rules.opens_source, rules.opens_confidence),
        *(_limit("report", limit) for limit in rules.reports.values()),
        *(_limit("follow_up", limit) for limit in rules.follow_up.values()),
    ]
    for name, ladder in rules.escalation.items():
        steps = [f"{step.after.total_seconds() / 3600:g} h {step.tell}" for step in ladder.steps]
        steps.append(f"+{ladder.repeat.total_seconds() / 3600:g} h …")
        found.append(
            _rule(f"escalation.{name}", ", ".join(steps), ladder.source, ladder.confidence)
        )
    return FileRules(
        label=rules.label,
        source=rules.source,
        to_be_verified=any(rule.to_be_verified for rule in found),
        rules=found,
    )


def _limit(name: str, limit: Limit) -> RuleOut:
    hours = limit.span.total_seconds() / 3600
    return _rule(f"{name}.{limit.colour}", f"{hours:g} h", limit.source, limit.confidence)


def _rule(name: str, value: str, source: str, confidence: str) -> RuleOut:
    return RuleOut(
        name=name,
        value=value,
        source=source,
        confidence=confidence,
        to_be_verified=confidence != "V",
    )


async def file_of_pregnancy(
    session: AsyncSession, viewer: Viewer, pregnancy_id: UUID
) -> PregnancyFile:
    """The open file of a pregnancy; `NotFound` where the pregnancy is not open to the viewer."""
    await PregnancyRepository(session, viewer).pregnancy(PregnancyId(pregnancy_id))
    row = await FileRepository(session, viewer).open_of(pregnancy_id)
    if row is None:
        return PregnancyFile(case_id=None, number=None)
    return PregnancyFile(case_id=row.id, number=row.number)
