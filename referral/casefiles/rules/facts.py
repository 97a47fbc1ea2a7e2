"""What the rules need to know about a file and about who is looking."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from referral.casefiles.states import (
    FileSide,
    FileState,
    HandoverState,
    ReportState,
    TaskState,
)


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """One report form."""

    id: UUID
    state: ReportState
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """One follow-up task."""

    id: UUID
    state: TaskState
    due_at: datetime


@dataclass(frozen=True, slots=True)
class HandoverFacts:
    """One proposed hand-over."""

    id: UUID
    state: HandoverState
    to_id: UUID
    proposed_at: datetime


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file with everything that hangs on it."""

    id: UUID
    state: FileState
    version: int
    facility_id: UUID
    owner_id: UUID
    upper_id: UUID | None
    county_id: UUID | None
    opened_at: datetime
    lowered: bool = False
    plan_no: int | None = None
    drafted_no: int | None = None
    drafted_at: datetime | None = None
    signed: frozenset[FileSide] = frozenset()
    reports: tuple[ReportFacts, ...] = ()
    tasks: tuple[TaskFacts, ...] = ()
    handovers: tuple[HandoverFacts, ...] = ()

    @property
    def proposed(self) -> HandoverFacts | None:
        """The hand-over that waits for its answer."""
        found = (one for one in self.handovers if one.state is HandoverState.PROPOSED)
        return next(found, None)

    @property
    def open_tasks(self) -> tuple[TaskFacts, ...]:
        """Tasks that nobody has done."""
        return tuple(task for task in self.tasks if task.state is TaskState.DUE)

    @property
    def open_report(self) -> ReportFacts | None:
        """The report that has to be written."""
        waiting = (ReportState.DUE, ReportState.RETURNED)
        return next((one for one in self.reports if one.state in waiting), None)


@dataclass(frozen=True, slots=True)
class FileViewpoint:
    """Who is looking.

    Attributes:
        facility_ids: where this viewer has a clinical role.
        advises: holds a role that may speak for a rescue centre (expert, coordinator).
        coordinates: coordinator of a region the file belongs to.
        administers: may void.
        system: a process of the platform.
    """

    facility_ids: frozenset[UUID] = frozenset()
    advises: bool = False
    coordinates: bool = False
    administers: bool = False
    system: bool = False


def sides(file: FileFacts, view: FileViewpoint, heir_id: UUID | None = None) -> frozenset[FileSide]:
    """In which capacities `view` may act on `file`; `heir_id` is whom a hand-over asks."""
    found: set[FileSide] = set()
    if file.facility_id in view.facility_ids:
        found.add(FileSide.OWNER)
    if file.upper_id in view.facility_ids and view.advises and file.upper_id != file.facility_id:
        found.add(FileSide.UPPER)
    if view.coordinates or file.county_id in view.facility_ids:
        found.add(FileSide.COUNTY)
    if heir_id is not None and heir_id in view.facility_ids:
        found.add(FileSide.HEIR)
    if view.administers:
        found.add(FileSide.ADMIN)
    if view.system:
        found.add(FileSide.SYSTEM)
    return frozenset(found)
