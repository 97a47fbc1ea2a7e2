"""From stored parts of a file to what the API shows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from referral.casefiles.models import EntryRow, PlanRow
from referral.casefiles.readmodel import (
    FileEntry,
    FileHandover,
    FilePlan,
    FileReport,
    FileTask,
    PlanSignature,
)
from referral.casefiles.repository import FileRows
from referral.casefiles.rules.rulebook import Ladder
from referral.casefiles.states import HandoverState, ReportState, TaskState
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

Person = Callable[[UUID | None], PersonRef | None]
Place = Callable[[UUID | None], FacilityRef | None]


@dataclass(frozen=True, slots=True)
class FileParts:
    """A file's rows and what people wrote in it."""

    rows: FileRows
    entries: Sequence[EntryRow]

    def people_ids(self) -> Iterator[UUID | None]:
        """Everybody who is named somewhere in the file."""
        for report in self.rows.reports:
            yield from (report.submitted_by, report.received_by)
        for handover in self.rows.handovers:
            yield from (handover.from_person_id, handover.to_person_id)
            yield from (handover.proposed_by, handover.answered_by)
        yield from (task.done_by for task in self.rows.tasks)
        yield from (plan.person_id for plan in self.rows.plans)
        yield from (signature.person_id for signature in self.rows.signatures)
        yield from (entry.person_id for entry in self.entries)

    def facility_ids(self) -> Iterator[UUID | None]:
        """Every house that is named somewhere in the file."""
        yield from (plan.facility_id for plan in self.rows.plans)
        yield from (signature.facility_id for signature in self.rows.signatures)
        yield from (entry.facility_id for entry in self.entries)

    def reports(self, person: Person, now: datetime) -> list[FileReport]:
        """Report forms, the newest first."""
        waiting = (ReportState.DUE, ReportState.RETURNED)
        return [
            FileReport(
                id=row.id,
                no=row.no,
                state=ReportState(row.state),
                colour=row.colour,  # type: ignore[arg-type]
                purple=row.purple,
                started_at=row.started_at,
                due_at=row.due_at,
                submitted_at=row.submitted_at,
                submitted_by=person(row.submitted_by),
                received_at=row.received_at,
                received_by=person(row.received_by),
                late=row.late,
                overdue=row.state in waiting and row.due_at is not None and row.due_at <= now,
                rules_version=row.rules_version,
            )
            for row in sorted(self.rows.reports, key=lambda one: -one.no)
        ]

    def tasks(self, person: Person, now: datetime, ladder: Ladder) -> list[FileTask]:
        """Tasks by day; the text of a manual one is what was written when it was added."""
        texts = {
            entry.ref_id: str(entry.data["text"])
            for entry in self.entries
            if entry.kind == "task" and "text" in entry.data
        }
        return [
            FileTask(
                id=row.id,
                kind=row.kind,  # type: ignore[arg-type]
                state=TaskState(row.state),
                text=texts.get(row.id),
                due_at=row.due_at,
                created_at=row.created_at,
                done_at=row.done_at,
                done_by=person(row.done_by),
                overdue=row.state == TaskState.DUE and row.due_at <= now,
                told_county=row.state == TaskState.DUE and ladder.told(row.step, "county"),
            )
            for row in self.rows.tasks
        ]

    def handovers(self, person: Person, place: Place) -> list[FileHandover]:
        """Hand-overs, the newest first."""
        return [
            FileHandover(
                id=row.id,
                state=HandoverState(row.state),
                from_facility=place(row.from_id),
                to_facility=place(row.to_id),
                from_person=person(row.from_person_id),
                to_person=person(row.to_person_id),
                proposed_at=row.proposed_at,
                proposed_by=person(row.proposed_by),
                answered_at=row.answered_at,
                answered_by=person(row.answered_by),
            )
            for row in reversed(self.rows.handovers)
        ]

    def plans(self, person: Person, place: Place) -> list[FilePlan]:
        """Versions of the plan, the newest first."""
        return [self._plan(row, person, place) for row in reversed(self.rows.plans)]

    def _plan(self, row: PlanRow, person: Person, place: Place) -> FilePlan:
        signatures = [
            PlanSignature(
                side=one.side,  # type: ignore[arg-type]
                person=person(one.person_id),
                facility=place(one.facility_id),
                signed_at=one.signed_at,
                digest=one.digest.hex(),
            )
            for one in self.rows.signatures
            if one.plan_no == row.no
        ]
        return FilePlan(
            no=row.no,
            management=row.management,
            treatment=row.treatment,
            emergency=row.emergency,
            drafted_at=row.drafted_at,
            author=person(row.person_id),
            facility=place(row.facility_id),
            digest=row.digest.hex(),
            agreed=self.rows.file.plan_no == row.no,
            signatures=signatures,
        )

    def entries_out(self, person: Person, place: Place) -> list[FileEntry]:
        """What people wrote, the newest first."""
        return [
            FileEntry(
                id=row.id,
                kind=row.kind,
                ref_id=row.ref_id,
                at=row.at,
                entered_at=row.entered_at,
                by=person(row.person_id),
                facility=place(row.facility_id),
                data=row.data,
            )
            for row in reversed(self.entries)
        ]
