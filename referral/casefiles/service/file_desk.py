"""Where every command on a file works: one locked file, one moment, one set of rules in force.

Commands on one file queue up at its row lock. Only the `move_*` methods write a state column, and
only along an edge of the tables.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.chain import append
from kernel.clock import Clock
from kernel.errors import NotFound, VersionStale
from kernel.ids import CaseId, FacilityId, PersonId, new_id
from kernel.viewer import Role, Viewer
from referral.casefiles import policies
from referral.casefiles.models import EntryRow, FileHandoverRow, ReportRow, TaskRow
from referral.casefiles.repository import FileRepository, FileRows, Machine
from referral.casefiles.rules.facts import FileFacts, FileViewpoint, sides
from referral.casefiles.rules.rulebook import RULEBOOK, Rules
from referral.casefiles.states import (
    FILE,
    HANDOVER,
    REPORT,
    TASK,
    FileAction,
    FileSide,
    FileState,
    HandoverAction,
    HandoverState,
    ReportAction,
    ReportState,
    TaskAction,
    TaskState,
)
from referral.commands.fields import Act
from referral.service.desk import Moment, moment
from registry.facilities.rules import local_date
from registry.people import queries as people

Part = TypeVar("Part", ReportRow, TaskRow, FileHandoverRow)
_SYSTEM = frozenset({FileSide.SYSTEM})


@dataclass(slots=True)
class FileDesk:
    """A command at work on a locked file."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    rows: FileRows
    moment: Moment
    view: FileViewpoint
    rules: Rules

    @property
    def case_id(self) -> CaseId:
        """The file, which is also its chain."""
        return CaseId(self.rows.file.id)

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.moment.at

    @property
    def now(self) -> datetime:
        """When it was entered: what limits count from."""
        return self.moment.entered_at

    def facts(self) -> FileFacts:
        """The file as it stands at this point of the command."""
        return self.rows.facts()

    def report(self, id_: UUID) -> ReportRow:
        """A report of this file, or `NotFound`."""
        return _pick(self.rows.reports, id_)

    def task(self, id_: UUID) -> TaskRow:
        """A task of this file, or `NotFound`."""
        return _pick(self.rows.tasks, id_)

    def handover(self, id_: UUID) -> FileHandoverRow:
        """A hand-over of this file, or `NotFound`."""
        return _pick(self.rows.handovers, id_)

    def check_version(self, given: int) -> None:
        """Refuse to act on what somebody else has changed since.

        Raises:
            VersionStale: the file has moved on.
        """
        current = self.rows.file.version
        if given != current:
            raise VersionStale(current=current, given=given)

    def mine(self, *, system: bool = False, heir_id: UUID | None = None) -> frozenset[FileSide]:
        """In which capacities the command acts."""
        return _SYSTEM if system else sides(self.facts(), self.view, heir_id)

    def move_file(self, action: FileAction, *, system: bool = False) -> FileSide:
        """Move the file along its table and say as which side."""
        row = self.rows.file
        edge = FILE.edge(FileState(row.state), action)
        side = policies.side_or_refuse(edge, self.mine(system=system), str(action))
        row.state = edge.to
        return side

    def move_report(
        self, row: ReportRow, action: ReportAction, *, system: bool = False
    ) -> FileSide:
        """Move one report along its table and say as which side."""
        edge = REPORT.edge(ReportState(row.state), action)
        side = policies.side_or_refuse(edge, self.mine(system=system), str(action))
        row.state = edge.to
        return side

    def move_task(self, row: TaskRow, action: TaskAction, *, system: bool = False) -> FileSide:
        """Move one task along its table and say as which side."""
        edge = TASK.edge(TaskState(row.state), action)
        side = policies.side_or_refuse(edge, self.mine(system=system), str(action))
        row.state = edge.to
        return side

    def move_handover(
        self, row: FileHandoverRow, action: HandoverAction, *, system: bool = False
    ) -> FileSide:
        """Move one hand-over along its table and say as which side."""
        edge = HANDOVER.edge(HandoverState(row.state), action)
        mine = self.mine(system=system, heir_id=row.to_id)
        side = policies.side_or_refuse(edge, mine, str(action))
        row.state = edge.to
        return side

    def must_be_open(self) -> None:
        """Parts of a file that is over do not move.

        Raises:
            IllegalTransition: the file is closed.
        """
        FILE.edge(FileState(self.rows.file.state), FileAction.ADD_NOTE)

    async def write(
        self,
        kind: str,
        payload: Mapping[str, object] | None = None,
        *,
        side: FileSide | None = None,
        auto: bool = False,
    ) -> None:
        """Append one event to the file's chain; `case.changed` follows from it."""
        said: dict[str, object] = dict(payload or {})
        if side is not None:
            said["side"] = str(side)
        late = self.moment.late
        if late:
            said["late_reason"] = self.moment.late_reason
        await append(
            self.session,
            self.clock,
            self.case_id,
            kind,
            viewer=self.viewer,
            payload=said,
            auto=auto,
            occurred_at=self.moment.at if late else None,
        )

    def remember(self, kind: str, data: Mapping[str, Any], ref_id: UUID | None = None) -> None:
        """Add to the file what people wrote; it never goes on the chain."""
        process = self.viewer.is_process
        self.session.add(
            EntryRow(
                id=new_id(),
                case_id=self.case_id,
                kind=kind,
                ref_id=ref_id,
                at=self.at,
                entered_at=self.now,
                person_id=None if process else self.viewer.person_id,
                facility_id=None if process else self.viewer.facility_id,
                data=dict(data),
            )
        )

    async def tell(
        self,
        kind: str,
        data: Mapping[str, object],
        *,
        people_ids: Iterable[UUID] = (),
        county: bool = False,
    ) -> None:
        """A notice into these inboxes; `county`: of everybody who coordinates for the file."""
        wanted = {PersonId(id_) for id_ in people_ids}
        if county:
            wanted |= await self.county_people()
        await duty.notify_people(
            self.session,
            self.clock,
            case_id=self.case_id,
            kind=kind,
            data={"number": self.rows.file.number, **data},
            person_ids=wanted - {self.viewer.person_id},
        )

    async def tell_post(self, kind: str, data: Mapping[str, object], facility_id: UUID) -> None:
        """A notice to everybody at post in a facility."""
        await duty.notify_people(
            self.session,
            self.clock,
            case_id=self.case_id,
            kind=kind,
            data={"number": self.rows.file.number, **data},
            facility_id=FacilityId(facility_id),
        )

    async def county_people(self) -> set[PersonId]:
        """Who answers for the county centre (孕管中心)."""
        county = self.rows.file.county_id
        if county is None:
            return set()
        place = FacilityId(county)
        roles = (Role.COORDINATOR,)
        return {
            PersonId(one.id) for one in await people.holding(self.session, self.now, place, roles)
        }


def _pick(rows: list[Part], id_: UUID) -> Part:
    found = next((row for row in rows if row.id == id_), None)
    if found is None:
        raise NotFound()
    return found


@asynccontextmanager
async def at_file(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: UUID,
    order: Act,
    *,
    check_version: bool = True,
    bump: bool = True,
) -> AsyncIterator[FileDesk]:
    """Lock the file, check version and moment, let the command work, bump the version.

    Raises:
        NotFound: unknown or foreign.
        VersionStale: somebody changed it first.
    """
    repository = FileRepository(session, viewer)
    rows = await repository.locked(case_id)
    when = moment(clock, order.event_at, order.late_reason)
    desk = await desk_for(session, clock, viewer, rows, when)
    if check_version:
        desk.check_version(order.version)
    yield desk
    if bump:
        desk.rows.file.version += 1
    await session.flush()  # constraints refuse here, while the command can still be named


@asynccontextmanager
async def at_part(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    table: Machine,
    part_id: UUID,
    order: Act,
) -> AsyncIterator[FileDesk]:
    """As `at_file`, reached from a report, task or hand-over of a file that is open.

    Raises:
        NotFound: unknown or foreign.
        IllegalTransition: the file is closed.
    """
    case_id = await FileRepository(session, viewer).case_of(table, part_id)
    async with at_file(session, clock, viewer, case_id, order) as desk:
        desk.must_be_open()
        yield desk


async def desk_for(
    session: AsyncSession, clock: Clock, viewer: Viewer, rows: FileRows, when: Moment
) -> FileDesk:
    """A desk over rows that the caller has locked or just made."""
    view = policies.file_viewpoint(viewer, coordinates=rows.coordinates)
    codes = await FileRepository(session, viewer).region_codes(rows.file.region_id)
    rules = RULEBOOK.on(local_date(when.entered_at), codes)
    return FileDesk(session, clock, viewer, rows, when, view, rules)
