"""A centre's entry, and a visit to it, as a viewer sees them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import FacilityId
from kernel.viewer import CLINICAL_ROLES, Role
from quality.names import Names, read_names
from quality.rounds import evidence, items, judging, putting_right, store, visits
from quality.rounds.plan import Plan
from quality.rounds.queries import aspects, lines, one_round, round_out, total_of
from quality.rounds.schemas import (
    AssessmentResult,
    CheckedItem,
    EntryDetail,
    EvidenceOut,
    FeedbackOut,
    ItemAnswer,
    PointsOut,
    RectificationOut,
    RoundDetail,
    SiteFinding,
    SiteVisitOut,
    VisitDetail,
)
from quality.rounds.scoring import Score
from quality.rounds.sides import side_of
from quality.rounds.states import (
    TASK,
    VISIT,
    VISITED,
    EntryState,
    Side,
    TaskState,
    VisitState,
)
from quality.rulebook import versions as rulebook
from quality.schemas import PersonOut
from registry.facilities.rules import local_date
from registry.people import queries as people

UPPER = frozenset({Side.OWNER, Side.CITY, Side.COUNTY})
"""Who sees on-site items, and what the sheet would come to, before anybody else."""


async def one_entry(session: AsyncSession, clock: Clock, entry_id: UUID) -> EntryDetail:
    """A centre's entry as the viewer sees it.

    Raises:
        NotFound: unknown or foreign.
    """
    row = await store.entry(session, entry_id)
    round_ = await store.round_(session, row.round_id)
    side, today = side_of(row), local_date(clock.now())
    answers = await store.answers(session, row.id)
    files = await evidence.of_entry(session, row.id)
    made = await visits.of_entry(session, row.id)
    found = {one.id: await visits.findings(session, one.id) for one in made}
    counting = await visits.counting(session, row.id)
    tasks = await putting_right.of_entry(session, row.id)
    results = (await judging.results(session, [row.id])).get(row.id, [])
    names = await _names(session, [row, round_], answers, files, made, found, tasks, results)
    plan = store.plan_of(round_)
    shown = await items.shown(session, plan)
    figures = await store.values(session, row.id)
    scores = await _scores(session, row, results)
    (entry,) = await lines(session, [row], today)
    return EntryDetail(
        round=round_out(round_, [row], names, today),
        entry=entry,
        aspects=aspects(await rulebook.rules_called(session, plan.rules)),
        items=[
            CheckedItem(
                item=one,
                figures=figures.get(one.code),
                answer=_answer(answers.get(one.code), names),
                files=[
                    file_out(file, names)
                    for file in files
                    if file.code == one.code and file.visit_id is None and file.task_id is None
                ],
                finding=_finding(counting.get(one.code), names),
                scores=scores.get(one.code, []),
            )
            for one in shown
            if one.kind == "indicator" or side in UPPER or one.code in counting
        ],
        submitted_by=names.person(row.submitted_by),
        submitted=None if row.submitted is None else bytes(row.submitted).hex(),
        note=row.note,
        results=[_result(one, names) for one in results],
        feedback=row.feedback
        and FeedbackOut(row.feedback, names.person(row.feedback_by), row.feedback_at),
        visits=[visit_out(one, row, found[one.id], files, names) for one in made],
        may_visit=side in UPPER and EntryState(row.state) in VISITED,
        tasks=[_task(one, side, files, names, today) for one in tasks],
        colleagues=await _colleagues(session, clock, row) if side is Side.CENTRE and tasks else [],
    )


async def _names(
    session: AsyncSession,
    heads: Sequence[Row[Any]],
    answers: Mapping[str, Row[Any]],
    files: Sequence[Row[Any]],
    made: Sequence[Row[Any]],
    found: Mapping[UUID, Mapping[str, Row[Any]]],
    tasks: Sequence[Row[Any]],
    results: Sequence[Row[Any]],
) -> Names:
    said = [*answers.values(), *files, *results]
    said += [one for findings in found.values() for one in findings.values()]
    ids = [one.person_id for one in said]
    for row in (*heads, *made, *tasks):
        ids += [
            value
            for name, value in row._mapping.items()
            if name in ("owner_id",) or (name.endswith("_by") and isinstance(value, UUID))
        ]
    return await read_names(session, person_ids=ids)


def _answer(row: Row[Any] | None, names: Names) -> ItemAnswer | None:
    if row is None:
        return None
    return ItemAnswer(row.words, names.person(row.person_id), row.at, row.n)


def file_out(row: Row[Any], names: Names) -> EvidenceOut:
    """A file as the API says it."""
    return EvidenceOut(
        id=row.id,
        code=row.code,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=bytes(row.sha256).hex(),
        person=names.person(row.person_id),
        at=row.at,
    )


def _finding(row: Row[Any] | None, names: Names) -> SiteFinding | None:
    if row is None:
        return None
    return SiteFinding(
        row.code, row.verdict, row.percent, row.words, names.person(row.person_id), row.at
    )


async def _scores(
    session: AsyncSession, row: Row[Any], results: Sequence[Row[Any]]
) -> dict[str, list[PointsOut]]:
    """What each item came to at each level; as it would now, for who has still to assess."""
    levels = {one.id: one.level for one in results}
    found: dict[str, list[PointsOut]] = {}
    for one in await judging.scores(session, list(levels)):
        share = None if one.fraction is None else float(one.fraction)
        points = None if one.points is None else float(one.points)
        found.setdefault(one.code, []).append(PointsOut(levels[one.result_id], share, points))
    if side_of(row) in UPPER and row.state in ("self_check_submitted", "self_check_missed"):
        for score in await judging.sheet(session, row):
            found.setdefault(score.code, []).append(_now(score))
    return found


def _now(score: Score) -> PointsOut:
    share = None if score.fraction is None else float(score.fraction)
    return PointsOut(None, share, None if score.points is None else float(score.points))


def _result(row: Row[Any], names: Names) -> AssessmentResult:
    return AssessmentResult(
        level=row.level,
        total=total_of(row),
        remark=row.remark,
        person=names.person(row.person_id),
        at=row.at,
        sha256=bytes(row.digest).hex(),
    )


def visit_out(
    row: Row[Any],
    entry: Row[Any],
    found: Mapping[str, Row[Any]],
    files: Sequence[Row[Any]],
    names: Names,
) -> SiteVisitOut:
    """A visit as the API says it."""
    side = side_of(entry)
    actions = [] if side is None else VISIT.actions(VisitState(row.state), side)
    return SiteVisitOut(
        id=row.id,
        state=row.state,
        planned_for=row.planned_for,
        planned_by=names.person(row.planned_by),
        begun_at=row.begun_at,
        signed_by=names.person(row.signed_by),
        signed_at=row.signed_at,
        sha256=None if row.digest is None else bytes(row.digest).hex(),
        note=row.note,
        findings=[one for code in found if (one := _finding(found[code], names))],
        files=[file_out(one, names) for one in files if one.visit_id == row.id],
        actions=[str(one) for one in actions],
        version=row.version,
    )


def _task(
    row: Row[Any], side: Side | None, files: Sequence[Row[Any]], names: Names, today: date
) -> RectificationOut:
    state = TaskState(row.state)
    actions = [] if side is None else TASK.actions(state, side)
    return RectificationOut(
        id=row.id,
        code=row.code,
        what=row.what,
        due_on=row.due_on,
        overdue=state is not TaskState.VERIFIED and row.due_on < today,
        state=row.state,
        owner=names.person(row.owner_id),
        demanded_by=names.person(row.demanded_by),
        demanded_at=row.demanded_at,
        report=row.report,
        note=row.note,
        files=[file_out(one, names) for one in files if one.task_id == row.id],
        verified_by=names.person(row.verified_by),
        verified_at=row.verified_at,
        actions=[str(one) for one in actions],
        version=row.version,
    )


async def _colleagues(session: AsyncSession, clock: Clock, row: Row[Any]) -> list[PersonOut]:
    """Who of the house may answer for a task."""
    house = FacilityId(row.facility_id)
    offices = [*CLINICAL_ROLES, Role.MEDICAL_AFFAIRS]
    found = await people.holding(session, clock.now(), house, offices)
    return [PersonOut(one.id, one.name, one.title) for one in found]


async def one_visit(session: AsyncSession, clock: Clock, visit_id: UUID) -> VisitDetail:
    """A visit with what is to be looked at, for the assessors' phones.

    Raises:
        NotFound: unknown, foreign, or not yet open to the viewer.
    """
    row = await visits.seen(session, visit_id)
    entry = await store.entry(session, row.entry_id)
    round_ = await store.round_(session, entry.round_id)
    files = await evidence.of_entry(session, entry.id)
    found = await visits.findings(session, row.id)
    names = await _names(session, [], {}, files, [row], {row.id: found}, [], [])
    plan = store.plan_of(round_)
    looked_at = Plan(plan.rules, [one for one in plan.items if one.kind == "on_site"])
    (line,) = await lines(session, [entry], local_date(clock.now()))
    return VisitDetail(
        title=round_.title,
        entry=line,
        items=await items.shown(session, looked_at),
        visit=visit_out(row, entry, found, files, names),
    )


async def whole_round(
    session: AsyncSession, clock: Clock, round_id: UUID
) -> tuple[RoundDetail, list[EntryDetail]]:
    """A round with every entry that the viewer sees, for export.

    Raises:
        NotFound: unknown or foreign.
    """
    found = await one_round(session, clock, round_id)
    return found, [await one_entry(session, clock, one.id) for one in found.entries]
