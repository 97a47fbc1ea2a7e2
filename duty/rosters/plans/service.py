"""Commands on plans. A draft rings nobody; publishing writes shifts, all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters import groups, recording, repository
from duty.rosters.errors import (
    OwnPlan,
    PlanChanged,
    PlanHasGaps,
    PlanUnsound,
    ShiftInThePast,
    ShiftOverlaps,
)
from duty.rosters.plans import repository as store
from duty.rosters.plans.checks import Finding, FindingKind, findings
from duty.rosters.plans.content import Entry, Kind, Plan, digest, put
from duty.rosters.plans.notices import announce
from duty.rosters.plans.repository import PlanEvent
from duty.rosters.plans.states import PLAN, PlanAction, PlanState
from duty.rosters.plans.surroundings import surroundings
from duty.rosters.policies import may_approve, may_edit, may_publish
from duty.rosters.recording import Assignment, Recording
from duty.rosters.rotations import turns_of_group
from duty.rosters.rules import Period, remainders
from duty.rosters.service import moment
from kernel.clock import Clock
from kernel.database import constraint_of
from kernel.errors import BadInput, NotFound, VersionStale
from kernel.ids import GroupId, PersonId, SlotId, new_id
from kernel.viewer import Viewer
from registry.facilities.rules import CHINA


@dataclass(frozen=True, slots=True)
class Placed:
    """Somebody put on a place of a draft."""

    slot_id: SlotId
    person_id: PersonId
    period: Period


@dataclass(frozen=True, slots=True)
class Moved:
    """What of an entry is to be different; None stays as it is."""

    entry_id: UUID
    slot_id: SlotId | None = None
    person_id: PersonId | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of a draft, made in this order: removed, moved, put."""

    removed: Sequence[UUID] = ()
    moved: Sequence[Moved] = ()
    put: Sequence[Placed] = field(default=())
    origin: str = "hand"


async def draft(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    group_id: GroupId,
    kind: Kind,
    name: str,
    period: Period,
) -> UUID:
    """Begin a plan for a group.

    Raises:
        NotFound: no such group.
        ShiftInThePast: the whole span is past.
    """
    facility_id = await groups.facility_of(session, group_id)
    may_edit(viewer, facility_id)
    now = await moment(session, clock)
    if period[1] <= now:
        raise ShiftInThePast()
    plan = Plan(
        id=new_id(),
        plan_no=0,
        facility_id=facility_id,
        group_id=group_id,
        kind=kind,
        name=name,
        period=period,
        state=PlanState.DRAFT,
        version=1,
        content_hash=None,
        drafted_by=_author(viewer),
        submitted_by=None,
        approved_by=None,
        recorded_at=now,
    )
    await store.insert(session, plan)
    await store.say(session, plan, PlanEvent("draft", _author(viewer), now, None, None))
    return plan.id


async def fill(
    session: AsyncSession, viewer: Viewer, plan_id: UUID, version: int, *, replace: bool = False
) -> int:
    """Put the rotations' turns into what is free, or into the whole span; how many were added.

    What was put by hand stays, and in a regular plan what stands already is not planned again.
    """
    plan = await _editable(session, viewer, plan_id, version)
    before = await store.entries(session, plan.id)
    kept = [] if replace else before
    taken: dict[SlotId, list[Period]] = {}
    for entry in kept:
        taken.setdefault(entry.slot_id, []).append(entry.period)
    if plan.kind == "regular":
        rows = await repository.slots_between(session, plan.facility_id, plan.period, plan.group_id)
        for one in await repository.shifts_between(session, rows, plan.period):
            taken.setdefault(one.shift.slot_id, []).append((one.shift.start, one.shift.end))
    added = []
    for turn in await turns_of_group(session, plan.facility_id, plan.group_id, plan.period):
        left = [(turn.start, turn.end)]
        for period in taken.get(turn.slot_id, []):
            left = [rest for one in left for rest in remainders(one, period)]
        origin = "leave" if turn.substitute else "rotation"
        added += [Entry(new_id(), turn.slot_id, turn.person_id, one, origin) for one in left]
    await store.rewrite(session, plan, before, [*kept, *added])
    await store.touch(session, plan.id)
    return len(added)


async def edit(
    session: AsyncSession, viewer: Viewer, plan_id: UUID, version: int, changes: Changes
) -> None:
    """Put, move and remove draft shifts; whoever is put takes their time from who was there.

    Raises:
        NotFound: no such plan, entry or place of the group.
        BadInput: a period outside the plan.
    """
    plan = await _editable(session, viewer, plan_id, version)
    rows = await repository.slots_between(session, plan.facility_id, plan.period, plan.group_id)
    places = {row.slot.id for row in rows}
    before = await store.entries(session, plan.id)
    known = {entry.id: entry for entry in before}
    named = {*changes.removed, *(one.entry_id for one in changes.moved)}
    if not named <= known.keys():
        raise NotFound()
    after = [entry for entry in before if entry.id not in named]
    for move in changes.moved:
        after = put(after, _moved(known[move.entry_id], move))
    for one in changes.put:
        after = put(after, Entry(new_id(), one.slot_id, one.person_id, one.period, changes.origin))
    for entry in after:
        _must_be_inside(plan, entry, places)
    try:
        await store.rewrite(session, plan, before, after)
    except IntegrityError as error:
        if constraint_of(error) == "plan_entry_one_person":
            raise ShiftOverlaps() from error
        raise
    await store.touch(session, plan.id)


async def submit(
    session: AsyncSession, clock: Clock, viewer: Viewer, plan_id: UUID, version: int
) -> None:
    """Ask 医务科; from now on the entries stand still. Gaps may still be there, and show.

    Raises:
        PlanUnsound: somebody cannot be where the plan wants them.
    """
    plan = await _locked(session, plan_id, version)
    may_edit(viewer, plan.facility_id)
    now = await moment(session, clock)
    entries = await store.entries(session, plan.id)
    _must_be_sound(await _findings(session, plan, entries, now))
    await _move(session, viewer, plan, PlanAction.SUBMIT, now, content_hash=digest(plan, entries))


async def approve(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    plan_id: UUID,
    version: int,
    content_hash: bytes,
) -> None:
    """医务科 approves exactly the content that it read.

    Raises:
        OwnPlan: whoever submitted it approves it.
        PlanChanged: `content_hash` is not what was submitted.
        PlanUnsound: leave, a title or another duty speaks against it by now.
    """
    plan = await _locked(session, plan_id, version)
    may_approve(viewer, plan.facility_id)
    if not viewer.is_process and plan.submitted_by == viewer.person_id:
        raise OwnPlan()
    PLAN.edge(PlanState(plan.state), PlanAction.APPROVE)
    now = await moment(session, clock)
    entries = await store.entries(session, plan.id)
    if not plan.content_hash == content_hash == digest(plan, entries):
        raise PlanChanged()
    _must_be_sound(await _findings(session, plan, entries, now))
    await _move(session, viewer, plan, PlanAction.APPROVE, now, content_hash=content_hash)


async def send_back(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    plan_id: UUID,
    version: int,
    reason: str,
) -> None:
    """Make it a draft again, saying why: 医务科 returns it, or whoever submitted takes it back."""
    plan = await _locked(session, plan_id, version)
    may_publish(viewer, plan.facility_id)
    now = await moment(session, clock)
    await _move(session, viewer, plan, PlanAction.RETURN, now, content_hash=None, reason=reason)


async def discard(
    session: AsyncSession, clock: Clock, viewer: Viewer, plan_id: UUID, version: int
) -> None:
    """Give a draft up; it stays readable."""
    plan = await _locked(session, plan_id, version)
    may_edit(viewer, plan.facility_id)
    now = await moment(session, clock)
    await _move(session, viewer, plan, PlanAction.DISCARD, now, content_hash=None)


async def publish(
    session: AsyncSession, clock: Clock, viewer: Viewer, plan_id: UUID, version: int
) -> int:
    """Write the approved plan as shifts, from now on; how many.

    Raises:
        ShiftInThePast: the span is over.
        PlanChanged: the content is not what was approved.
        PlanHasGaps: a required place stays empty.
        PlanUnsound: leave, a title or another duty speaks against it by now.
        PersonBusy, ShiftOverlaps: what the database saw and the checks before it did not.
    """
    plan = await _locked(session, plan_id, version)
    may_publish(viewer, plan.facility_id)
    PLAN.edge(PlanState(plan.state), PlanAction.PUBLISH)
    rows = await repository.slots_between(session, plan.facility_id, plan.period, plan.group_id)
    await recording.queue_up(session, rows)
    now = await moment(session, clock)
    if plan.period[1] <= now:
        raise ShiftInThePast()
    entries = await store.entries(session, plan.id)
    if plan.content_hash != digest(plan, entries):
        raise PlanChanged()
    found = await _findings(session, plan, entries, now)
    _must_be_sound(found)
    _must_be_whole(found)
    span = (max(plan.period[0], now), plan.period[1])
    said = Recording("plan", _author(viewer), now, plan.id)
    if plan.kind == "temporary":
        await recording.clear(session, [(row, span) for row in rows], said)
    places = {row.slot.id: row for row in rows}
    ahead = [
        Assignment(places[one.slot_id], one.person_id, (max(one.period[0], now), one.period[1]))
        for one in entries
        if one.period[1] > now
    ]
    written = await recording.record(session, ahead, said, replace=False)
    await _move(session, viewer, plan, PlanAction.PUBLISH, now, content_hash=plan.content_hash)
    return len(written)


async def _findings(
    session: AsyncSession, plan: Plan, entries: Sequence[Entry], now: datetime
) -> list[Finding]:
    return findings(plan, entries, await surroundings(session, plan, entries, now))


def _must_be_sound(found: Sequence[Finding]) -> None:
    hard = [one for one in found if one.kind is not FindingKind.GAP]
    if hard:
        raise PlanUnsound(kind=str(hard[0].kind), count=len(hard))


def _must_be_whole(found: Sequence[Finding]) -> None:
    gaps = [one for one in found if one.kind is FindingKind.GAP]
    if gaps:
        first = gaps[0].period[0].astimezone(CHINA)
        raise PlanHasGaps(count=len(gaps), first=f"{first:%Y-%m-%d %H:%M}")


def _must_be_inside(plan: Plan, entry: Entry, places: set[SlotId]) -> None:
    if entry.slot_id not in places:
        raise NotFound()
    if entry.period[0] >= entry.period[1]:
        raise BadInput(field="to", reason="end_before_start")
    if entry.period[0] < plan.period[0] or entry.period[1] > plan.period[1]:
        raise BadInput(field="from", reason="outside_plan")


def _moved(entry: Entry, move: Moved) -> Entry:
    return Entry(
        new_id(),
        move.slot_id or entry.slot_id,
        move.person_id or entry.person_id,
        (move.start or entry.period[0], move.end or entry.period[1]),
        "hand",
    )


async def _locked(session: AsyncSession, plan_id: UUID, version: int) -> Plan:
    plan = await store.get(session, plan_id, lock=True)
    if plan is None:
        raise NotFound()
    if plan.version != version:
        raise VersionStale(current=plan.version, given=version)
    return plan


async def _editable(session: AsyncSession, viewer: Viewer, plan_id: UUID, version: int) -> Plan:
    plan = await _locked(session, plan_id, version)
    may_edit(viewer, plan.facility_id)
    PLAN.edge(PlanState(plan.state), PlanAction.SUBMIT)
    return plan


async def _move(
    session: AsyncSession,
    viewer: Viewer,
    plan: Plan,
    action: PlanAction,
    now: datetime,
    *,
    content_hash: bytes | None,
    reason: str | None = None,
) -> None:
    """Take an edge of the table, and say so in the plan's history."""
    to = PLAN.edge(PlanState(plan.state), action).to
    author = _author(viewer)
    submitted_by = author if action is PlanAction.SUBMIT else plan.submitted_by
    approved_by = author if action is PlanAction.APPROVE else plan.approved_by
    again = to is PlanState.DRAFT
    await store.move(
        session,
        plan,
        str(to),
        content_hash=content_hash,
        submitted_by=None if again else submitted_by,
        approved_by=None if again else approved_by,
    )
    await store.say(session, plan, PlanEvent(str(action), author, now, reason, content_hash))
    await announce(session, plan, action)


def _author(viewer: Viewer) -> PersonId | None:
    return None if viewer.is_process else viewer.person_id
