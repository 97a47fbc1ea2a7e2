"""Scoped reads of case files: a file with its reports, tasks, plans and hand-overs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, text

from kernel.viewer import Role
from referral.casefiles.models import (
    EntryRow,
    FileHandoverRow,
    FileRow,
    PlanRow,
    PlanSignatureRow,
    ReportRow,
    TaskRow,
)
from referral.casefiles.rules.facts import FileFacts, HandoverFacts, ReportFacts, TaskFacts
from referral.casefiles.states import (
    FileSide,
    FileState,
    HandoverState,
    ReportState,
    TaskState,
)
from referral.guarded import GuardedRepository

Part = TypeVar("Part", ReportRow, TaskRow, FileHandoverRow, PlanRow, PlanSignatureRow)
Machine = type[ReportRow] | type[TaskRow] | type[FileHandoverRow]

_COORDINATED = text(
    "SELECT f.id FROM case_file f JOIN region_closure c ON c.descendant_id = f.region_id"
    " WHERE f.id = ANY(:cases) AND c.ancestor_id = ANY(:regions)"
)
_REGION_CODES = text(
    "SELECT r.code FROM region_closure c JOIN region r ON r.id = c.ancestor_id"
    " WHERE c.descendant_id = :region ORDER BY c.depth"
)


@dataclass(slots=True)
class FileRows:
    """A file with its parts, in order of creation."""

    file: FileRow
    reports: list[ReportRow] = field(default_factory=list)
    tasks: list[TaskRow] = field(default_factory=list)
    handovers: list[FileHandoverRow] = field(default_factory=list)
    plans: list[PlanRow] = field(default_factory=list)
    signatures: list[PlanSignatureRow] = field(default_factory=list)
    coordinates: bool = False

    @property
    def plan(self) -> PlanRow | None:
        """The newest version."""
        return self.plans[-1] if self.plans else None

    def facts(self) -> FileFacts:
        """What the rules need to know."""
        row, plan = self.file, self.plan
        return FileFacts(
            id=row.id,
            state=FileState(row.state),
            version=row.version,
            facility_id=row.facility_id,
            owner_id=row.owner_id,
            upper_id=row.upper_id,
            county_id=row.county_id,
            opened_at=row.opened_at,
            lowered=row.lowered,
            plan_no=row.plan_no,
            drafted_no=None if plan is None else plan.no,
            drafted_at=None if plan is None else plan.drafted_at,
            signed=frozenset() if plan is None else self._signed(plan.no),
            reports=tuple(
                ReportFacts(one.id, ReportState(one.state), one.due_at) for one in self.reports
            ),
            tasks=tuple(TaskFacts(one.id, TaskState(one.state), one.due_at) for one in self.tasks),
            handovers=tuple(
                HandoverFacts(one.id, HandoverState(one.state), one.to_id, one.proposed_at)
                for one in self.handovers
            ),
        )

    def _signed(self, plan_no: int) -> frozenset[FileSide]:
        """Sides whose present facility has signed: a new owner signs for itself."""
        now = {FileSide.OWNER: self.file.facility_id, FileSide.UPPER: self.file.upper_id}
        return frozenset(
            FileSide(one.side)
            for one in self.signatures
            if one.plan_no == plan_no and one.facility_id == now[FileSide(one.side)]
        )


class FileRepository(GuardedRepository[FileRow, FileRows]):
    """Case files that `viewer` may see."""

    row = FileRow

    async def open_of(self, pregnancy_id: UUID) -> FileRow | None:
        """The open file of a pregnancy, if the viewer may see it."""
        found = self.visible().where(
            FileRow.pregnancy_id == pregnancy_id, FileRow.state != FileState.CLOSED
        )
        return (await self._session.execute(found)).scalar_one_or_none()

    async def knows(self, grade_id: UUID) -> bool:
        """Whether a file, open or over, was told of this grade already."""
        found = select(FileRow.id).where(self.scope(), FileRow.grade_id == grade_id).limit(1)
        return await self._session.scalar(found) is not None

    async def with_parts(self, rows: Sequence[FileRow]) -> list[FileRows]:
        """The files with everything that hangs on them: a handful of statements in all."""
        ids = [row.id for row in rows]
        files = {row.id: FileRows(row) for row in rows}
        for report in await self._parts(ReportRow, ids, ReportRow.started_at):
            files[report.case_id].reports.append(report)
        for task in await self._parts(TaskRow, ids, TaskRow.due_at):
            files[task.case_id].tasks.append(task)
        for handover in await self._parts(FileHandoverRow, ids, FileHandoverRow.proposed_at):
            files[handover.case_id].handovers.append(handover)
        for plan in await self._parts(PlanRow, ids, PlanRow.no):
            files[plan.case_id].plans.append(plan)
        for signature in await self._parts(PlanSignatureRow, ids, PlanSignatureRow.signed_at):
            files[signature.case_id].signatures.append(signature)
        await self._coordinated(files)
        return [files[id_] for id_ in ids]

    async def _coordinated(self, files: dict[UUID, FileRows]) -> None:
        if not files or not (self._viewer.region_ids and self._viewer.has(Role.COORDINATOR)):
            return
        values = {"cases": list(files), "regions": list(self._viewer.region_ids)}
        for id_ in (await self._session.execute(_COORDINATED, values)).scalars():
            files[id_].coordinates = True

    async def entries(self, case_id: UUID) -> Sequence[EntryRow]:
        """Everything that people wrote, oldest first; closed to the commission."""
        found = (
            select(EntryRow)
            .where(EntryRow.case_id == case_id)
            .order_by(EntryRow.entered_at, EntryRow.id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def region_codes(self, region_id: UUID) -> list[str]:
        """Codes of a region and of those above it, near first."""
        rows = await self._session.execute(_REGION_CODES, {"region": region_id})
        return [str(code) for code in rows.scalars()]

    async def next_number(self, at: datetime) -> str:
        """A short number for the telephone: year, month and a running count."""
        count = await self._session.scalar(text("SELECT nextval('case_file_number')"))
        return f"Z{at:%y%m}-{count:05d}"
