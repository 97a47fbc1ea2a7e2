"""Reads of risk: the grade that stands, all that is known, and a table tried without storing."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import FacilityId, PersonId, PregnancyId
from kernel.viewer import CLINICAL_ROLES, Viewer
from registry.facilities import queries as facilities
from registry.facilities.rules import local_date
from registry.facilities.schemas import FacilityRef
from registry.people import queries as people
from registry.people.schemas import PersonRef
from registry.pregnancies.repository import PregnancyRepository
from registry.risk.answers import check
from registry.risk.errors import RulesetUnknown
from registry.risk.models import GradeRow
from registry.risk.policies import may_grade
from registry.risk.repository import RiskRepository
from registry.risk.rules import NOT_DONE, Outcome, evaluate
from registry.risk.rulesets import Colour, Kind, rulebook
from registry.risk.schemas import (
    EvaluationOut,
    GradeOut,
    KnownOut,
    PartOut,
    RiskOut,
    RiskTableOut,
    TryTable,
)
from registry.risk.service import rests_on, says_something
from registry.risk.showing import colours_out, conditions_of, evaluation_out, fact_out
from registry.risk.sources import Woman, gather
from registry.risk.states import GRADE, GradeAction, Grader, GradeState

DECIDED = frozenset({GradeState.CONFIRMED, GradeState.OVERRIDDEN})


async def current_grade(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId
) -> GradeOut | None:
    """The grade that stands: the newest assessment somebody decided, else the newest screening.

    A screening never replaces an assessment; a positive one has no colour.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
    """
    await PregnancyRepository(session, viewer).pregnancy(pregnancy_id)
    rows = await RiskRepository(session, viewer).history(pregnancy_id)
    return _current(await _graded(session, rows))


async def risk(
    session: AsyncSession, clock: Clock, viewer: Viewer, pregnancy_id: PregnancyId
) -> RiskOut:
    """Everything about her risk: what stands, what waits, what is still to be asked.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
    """
    woman = await gather(session, viewer, pregnancy_id, clock.now())
    rows = await RiskRepository(session, viewer).history(pregnancy_id)
    grades = await _graded(session, rows)
    tier = await _tier(session, viewer)
    return RiskOut(
        pregnancy_id=pregnancy_id,
        current=_current(grades),
        screening=_part(woman, Kind.SCREENING, rows, grades, tier),
        assessment=_part(woman, Kind.ASSESSMENT, rows, grades, tier),
        known=await _known(session, woman),
        history=grades,
        may_answer=tier is not None and viewer.has(*CLINICAL_ROLES),
    )


def rulesets(clock: Clock) -> list[RiskTableOut]:
    """Every variant's tables; for screening a variant may use the national one."""
    day = local_date(clock.now())
    return [RiskTableOut.of(ruleset, day) for ruleset in rulebook().rulesets.values()]


def try_out(clock: Clock, wanted: TryTable) -> EvaluationOut:
    """What a table says of made-up facts; nothing is stored.

    Raises:
        RulesetUnknown: there is no such table.
        FactUnknown, AnswerInvalid: a fact that fits no question.
    """
    ruleset = rulebook().get(wanted.variant, wanted.kind)
    if ruleset is None:
        raise RulesetUnknown(ruleset=wanted.variant)
    for entry in wanted.answers:
        check(entry.fact, entry.value, [ruleset])
    said = {entry.fact: entry.value for entry in wanted.answers}
    not_done = frozenset(name for name, value in said.items() if value == NOT_DONE)
    facts = {name: value for name, value in said.items() if name not in not_done}
    found = evaluate(ruleset, facts, rulebook().facts, not_done)
    return evaluation_out(found, local_date(clock.now()), whole=True)


def _current(grades: Sequence[GradeOut], *kinds: Kind) -> GradeOut | None:
    for kind in kinds or (Kind.ASSESSMENT, Kind.SCREENING):
        decided = [grade for grade in grades if grade.kind is kind and grade.status in DECIDED]
        if decided:
            return decided[-1]
    return None


async def _tier(session: AsyncSession, viewer: Viewer) -> str | None:
    """The tier of the institution for which the viewer would grade; None for none."""
    mine = viewer.facility_ids
    if viewer.facility_id not in mine and len(mine) != 1:
        return None
    own = viewer.facility_id if viewer.facility_id in mine else next(iter(mine))
    return (await facilities.get(session, FacilityId(own))).tier


def _part(
    woman: Woman, kind: Kind, rows: Sequence[GradeRow], grades: Sequence[GradeOut], tier: str | None
) -> PartOut:
    evaluation = woman.evaluate(kind)
    gone = {row.supersedes for row in rows}
    mine = [(row, grade) for row, grade in zip(rows, grades, strict=True) if row.kind == kind]
    waiting = [pair for pair in mine if _waits(pair[0]) and pair[0].id not in gone]
    decided = [row for row, grade in mine if grade.status in DECIDED]
    latest = waiting[-1][0] if waiting else (decided[-1] if decided else None)
    new = says_something(evaluation) if latest is None else not rests_on(latest, evaluation)
    if kind is Kind.SCREENING and _current(grades, Kind.ASSESSMENT) is not None:
        new = False  # a screening has had its use once she is assessed
    actions: list[GradeAction] = []
    if tier is not None and may_grade(kind, tier):
        actions = GRADE.actions(GradeState.PROPOSED, Grader.PERSON)
        if not waiting or new or evaluation.outcome is Outcome.UNKNOWN:
            actions.remove(GradeAction.CONFIRM)
        if kind is Kind.SCREENING:
            actions.remove(GradeAction.OVERRIDE)
    return PartOut(
        evaluation=evaluation_out(evaluation, local_date(woman.at), whole=False),
        proposal=waiting[-1][1] if waiting else None,
        changed=new,
        colours=colours_out(woman.ruleset(kind)),
        actions=actions,
    )


def _waits(row: GradeRow) -> bool:
    return row.status == GradeState.PROPOSED


async def _known(session: AsyncSession, woman: Woman) -> list[KnownOut]:
    names = {PersonId(held.person_id) for held in woman.known.values() if held.person_id}
    by = await people.get_many(session, names)
    return [
        KnownOut(
            fact=fact_out(name, held.value),
            source=held.source,
            at=held.at,
            by=None if held.person_id is None else by.get(PersonId(held.person_id)),
        )
        for name, held in sorted(woman.known.items())
    ]


async def _graded(session: AsyncSession, rows: Sequence[GradeRow]) -> list[GradeOut]:
    by = await people.get_many(session, {PersonId(row.person_id) for row in rows if row.person_id})
    at = await facilities.get_many(session, {FacilityId(row.facility_id) for row in rows})
    stood: dict[str, GradeRow] = {}
    found: list[GradeOut] = []
    for row in rows:
        found.append(_out(row, stood.get(row.kind), by, at))
        if row.status in DECIDED:
            stood[row.kind] = row
    return found


def _out(
    row: GradeRow,
    before: GradeRow | None,
    by: dict[PersonId, PersonRef],
    at: dict[FacilityId, FacilityRef],
) -> GradeOut:
    fired = conditions_of(row)
    return GradeOut(
        id=row.id,
        pregnancy_id=row.pregnancy_id,
        kind=Kind(row.kind),
        status=GradeState(row.status),
        variant=row.variant,
        version=row.version,
        outcome=Outcome(row.outcome),
        colour=_colour(row.colour),
        purple=row.purple,
        was=None if before is None else _colour(before.colour),
        evaluated_colour=_colour(row.evaluated_colour),
        evaluated_purple=row.evaluated_purple,
        fired=fired,
        unknown=len(row.unknown),
        not_done=len(row.not_done),
        to_be_verified=any(condition.to_be_verified for condition in fired),
        at=row.at,
        by=None if row.person_id is None else by.get(PersonId(row.person_id)),
        facility=at.get(FacilityId(row.facility_id)),
        reason=row.reason,
        supersedes=row.supersedes,
    )


def _colour(stored: str | None) -> Colour | None:
    return None if stored is None else Colour(stored)


async def grade(
    session: AsyncSession, viewer: Viewer, pregnancy_id: PregnancyId, grade_id: UUID
) -> GradeOut:
    """One entry of her history, as it was just written."""
    rows = await RiskRepository(session, viewer).history(pregnancy_id)
    return next(found for found in await _graded(session, rows) if found.id == grade_id)
