"""From a file to a draft: what it would write, whose names it uses, and, confirmed, the writing.

Nothing is written before the confirmation, and what is confirmed is what the preview showed: the
file is read again, and another result under the same digest is refused.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from duty.feeds import words
from duty.feeds.errors import ImportChanged, ImportHasProblems
from duty.feeds.incoming import names
from duty.feeds.incoming.matching import Matched, digest, matched
from duty.feeds.incoming.reading import Kind, Reading, Wanted
from duty.feeds.incoming.schemas import (
    Confirmed,
    ImportDone,
    ImportLine,
    ImportPreview,
    SaidNames,
)
from duty.rosters import repository, setup_queries
from duty.rosters.plans import repository as plans
from duty.rosters.plans.content import Plan
from duty.rosters.plans.schemas import RosterPerson
from duty.rosters.plans.service import Changes, Placed, edit
from duty.rosters.plans.states import PLAN, PlanAction, PlanState
from duty.rosters.policies import may_edit
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import PersonId, SlotId
from kernel.viewer import Viewer
from registry.people import queries as people
from registry.people.schemas import PersonRef


async def wanted(
    session: AsyncSession, viewer: Viewer, plan_id: UUID, kind: Kind, slot_id: UUID | None
) -> Wanted:
    """What the reader of a file has to know about a draft.

    Raises:
        NotFound: no such plan, or no such place in it.
    """
    plan = await _draft(session, viewer, plan_id)
    rows = await repository.slots_between(session, plan.facility_id, plan.period, plan.group_id)
    found = words.headings((str(row.slot.tier), row.slot.specialty, row.slot.id) for row in rows)
    if slot_id is not None and slot_id not in found.values():
        raise NotFound()
    return Wanted(kind, found, plan.period[0], plan.period[1], slot_id)


async def preview(
    session: AsyncSession, clock: Clock, viewer: Viewer, plan_id: UUID, reading: Reading
) -> ImportPreview:
    """What a file would write into a draft."""
    plan = await _draft(session, viewer, plan_id)
    lines = await _matched(session, clock, plan, reading)
    unknown = {one.entry.name for one in lines if one.problem in ("name_unknown", "name_ambiguous")}
    return ImportPreview(
        digest=digest(plan.version, lines, reading),
        lines=[_line(one) for one in lines],
        troubles=list(reading.troubles),
        unknown=sorted(unknown),
    )


async def confirm(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    plan_id: UUID,
    reading: Reading,
    confirmed: Confirmed,
) -> ImportDone:
    """Write what the preview showed into the draft, all of it or nothing.

    Raises:
        ImportChanged: the file, the names or the draft are no longer those of the preview.
        ImportHasProblems: some lines cannot be written, and nobody said to leave them out.
        VersionStale: the draft was changed meanwhile.
    """
    plan = await _draft(session, viewer, plan_id)
    lines = await _matched(session, clock, plan, reading)
    if digest(plan.version, lines, reading) != confirmed.digest:
        raise ImportChanged()
    good = [line for line in lines if line.person is not None and line.problem is None]
    bad = len(lines) - len(good) + len(reading.troubles)
    if bad and not confirmed.skip:
        raise ImportHasProblems(problems=bad)
    changes = Changes(put=[_placed(line) for line in good], origin="import")
    await edit(session, viewer, plan_id, confirmed.version, changes)
    after = await _draft(session, viewer, plan_id)
    return ImportDone(plan_id, after.version, len(good))


async def explain(
    session: AsyncSession, clock: Clock, viewer: Viewer, plan_id: UUID, said: SaidNames
) -> None:
    """Keep whom a house's files mean by which name.

    Raises:
        BadInput: somebody named does not work there.
    """
    plan = await _draft(session, viewer, plan_id)
    staff = {one.id for one in await _staff(session, clock, plan)}
    if not {one.person_id for one in said.names} <= staff:
        raise BadInput(field="person_id", reason="not_staff")
    meant = {one.name: PersonId(one.person_id) for one in said.names}
    await names.learn(session, viewer, clock.now(), plan.facility_id, meant)


async def _draft(session: AsyncSession, viewer: Viewer, plan_id: UUID) -> Plan:
    plan = await plans.get(session, plan_id)
    if plan is None:
        raise NotFound()
    may_edit(viewer, plan.facility_id)
    PLAN.edge(PlanState(plan.state), PlanAction.SUBMIT)
    return plan


async def _staff(session: AsyncSession, clock: Clock, plan: Plan) -> Sequence[PersonRef]:
    return await people.holding(session, clock.now(), plan.facility_id, setup_queries.ROSTERED)


async def _matched(
    session: AsyncSession, clock: Clock, plan: Plan, reading: Reading
) -> list[Matched]:
    explained = await names.known(session, plan.facility_id)
    return matched(reading, await _staff(session, clock, plan), explained)


def _placed(line: Matched) -> Placed:
    assert line.person is not None  # noqa: S101 (chosen by the caller)
    entry = line.entry
    return Placed(SlotId(entry.slot_id), PersonId(line.person.id), (entry.start, entry.end))


def _line(one: Matched) -> ImportLine:
    person = one.person
    return ImportLine(
        where=one.entry.where,
        name=one.entry.name,
        slot_id=one.entry.slot_id,
        from_=one.entry.start,
        to=one.entry.end,
        person=None if person is None else RosterPerson(person.id, person.name, person.title),
        problem=one.problem,
    )
