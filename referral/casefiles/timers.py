"""What must happen although nobody is asking: overdue things climb to the county centre.

Called by the engine. A file that another transaction holds is skipped and found again at the next
look. Files with made-up time are left to clocks with made-up time.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.clock import Clock
from kernel.database import Database
from kernel.ids import FacilityId
from kernel.viewer import Viewer
from referral.casefiles.models import FileHandoverRow, ReportRow, TaskRow
from referral.casefiles.repository import FileRepository
from referral.casefiles.rules.deadlines import Rung, rung
from referral.casefiles.service.file_desk import FileDesk, desk_for
from referral.service.desk import moment

ENGINE = Viewer.system("engine")
BATCH = 50
LEVEL = "stable"
"""The county centre is rung by the slow ladder: overdue care, not a bleeding woman."""

_DUE = text(
    """
    SELECT DISTINCT f.id FROM case_file f JOIN (
      SELECT case_id, next_at FROM case_file_task WHERE next_at <= :now
      UNION ALL SELECT case_id, next_at FROM case_file_report WHERE next_at <= :now
      UNION ALL SELECT case_id, next_at FROM case_file_handover WHERE next_at <= :now
    ) AS due ON due.case_id = f.id
     WHERE f.simulated = :simulated AND f.state NOT IN ('closed', 'voided') LIMIT :batch
    """
)

_Part = TaskRow | ReportRow | FileHandoverRow


async def run_due_files(database: Database, clock: Clock) -> bool:
    """Tell of everything that is overdue; True if there was any.

    Each file is one transaction, so that one that fails keeps no other waiting.
    """
    async with database.session(ENGINE) as session:
        values = {"now": clock.now(), "simulated": clock.simulated, "batch": BATCH}
        files = list((await session.execute(_DUE, values)).scalars())
    done = False
    for case_id in files:
        async with database.session(ENGINE) as session:
            done = await run_file(session, clock, case_id) or done
    return done


async def run_file(session: AsyncSession, clock: Clock, case_id: UUID) -> bool:
    """Tell of everything overdue in one file; False if somebody else is at work on it."""
    rows = await FileRepository(session, ENGINE).locked_or_skipped(case_id)
    if rows is None:
        return False
    desk = await desk_for(session, clock, ENGINE, rows, moment(clock, None, None))
    parts: list[_Part] = [*rows.tasks, *rows.reports, *rows.handovers]
    due = [part for part in parts if part.next_at is not None and part.next_at <= desk.now]
    for part in due:
        await _climb(desk, part)
    if due:
        rows.file.version += 1
        await session.flush()
    return bool(due)


async def _climb(desk: FileDesk, part: _Part) -> None:
    what, base, name = _about(part)
    found = rung(desk.rules.escalation[what], base, part.step, desk.now)
    part.step, part.next_at = found.number + 1, found.next_at
    late = base <= desk.now
    kind = f"casefile.{what}_{'overdue' if late else 'due_soon'}"
    facts: dict[str, object] = {
        name: part.id,
        "due_at": base,
        "step": found.number,
        "told": found.step.tell,
        "rules": desk.rules.label,
    }
    await desk.write(kind, facts, auto=True)
    county = found.step.tell == "county"
    told = {name: part.id, "step": found.number}
    await desk.tell(kind, told, people_ids=[desk.rows.file.owner_id], county=county)
    if county:
        await _ring_county(desk, kind, found, part.id)


async def _ring_county(desk: FileDesk, kind: str, found: Rung, part_id: UUID) -> None:
    """Page whoever is on call at the county centre, once per step."""
    file = desk.rows.file
    if file.county_id is None:
        return
    await duty.page(
        desk.session,
        desk.clock,
        desk.viewer,
        case_id=desk.case_id,
        facility_id=FacilityId(file.county_id),
        event=kind,
        level=LEVEL,
        req_key=f"{kind}:{part_id}:{found.number}",
        title=file.number,
    )


def _about(part: _Part) -> tuple[str, datetime, str]:
    """Which ladder, counted from when, and what the part is called in payloads."""
    if isinstance(part, TaskRow):
        return "task", part.due_at, "task_id"
    if isinstance(part, ReportRow):
        return "report", part.due_at or part.started_at, "report_id"
    return "handover", part.proposed_at, "handover_id"
