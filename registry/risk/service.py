"""Commands on risk: answer questions, propose, confirm, override. What was, stays."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel import outbox
from kernel.clock import Clock
from kernel.ids import PregnancyId, new_id
from kernel.viewer import Viewer
from registry.facilities import queries as facilities
from registry.observations import service as observations
from registry.observations.catalogue import CATALOGUE
from registry.observations.schemas import Entry
from registry.pregnancies.service import registering_facility
from registry.risk.answers import check
from registry.risk.errors import (
    AnswerInvalid,
    AssessmentLevel,
    ColourUnknown,
    NotGradable,
    ProposalOutdated,
    SameGrade,
)
from registry.risk.models import AnswerRow, GradeRow
from registry.risk.policies import may_grade
from registry.risk.repository import RiskRepository
from registry.risk.rules import Evaluation, Outcome, Verdict
from registry.risk.rulesets import Kind
from registry.risk.schemas import ConfirmGrade, OverrideGrade, RiskAnswer, RiskAnswers
from registry.risk.sources import MEASURED, Woman, gather
from registry.risk.states import GRADE, GradeAction, GradeState

GRADED = "risk.graded"
"""Outbox topic: a person gave an assessment's colour. Payload: grade_id, pregnancy_id, facility_id,
colour, purple (True only where an infectious disease is known)."""


async def answer(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    given: RiskAnswers,
) -> list[UUID]:
    """Record answers, all of them or none, and propose what follows; ids of new proposals.

    What is measured becomes an observation; everything else stays an answer.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
        NoFacility: the viewer has no clinical role at a facility.
        FactUnknown, AnswerInvalid: an answer that fits no question.
    """
    at = clock.now()
    facility_id = registering_facility(viewer)
    woman = await gather(session, viewer, pregnancy_id, at)
    tables = [woman.ruleset(kind) for kind in Kind]
    for entry in given.answers:
        check(entry.fact, entry.value, tables)
        held = woman.known.get(entry.fact)
        if entry.value is None and held is not None and held.source == "observation":
            raise AnswerInvalid(
                fact=entry.fact, wanted="到观察记录中作废 / void the reading itself"
            )
    readings = [entry for entry in given.answers if _is_reading(entry)]
    if readings:
        await _observe(session, clock, viewer, pregnancy_id, readings)
    RiskRepository(session, viewer).add(
        *(
            AnswerRow(
                pregnancy_id=pregnancy_id,
                facility_id=facility_id,
                fact=entry.fact,
                value=entry.value,
                method="withdrawn" if entry.value is None else entry.method,
                at=at,
                person_id=viewer.person_id,
            )
            for entry in given.answers
            if not _is_reading(entry)
        )
    )
    await session.flush()  # the proposal reads the answers
    return await propose_if_changed(session, clock, viewer, pregnancy_id)


def _is_reading(entry: RiskAnswer) -> bool:
    return entry.fact in MEASURED and isinstance(entry.value, int | float)


async def _observe(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    readings: Sequence[RiskAnswer],
) -> None:
    entries = [
        Entry(code=one.fact, number=float(one.value or 0), unit=CATALOGUE.codes[one.fact].unit)
        for one in readings
    ]
    await observations.record(session, clock, viewer, pregnancy_id=pregnancy_id, entries=entries)


async def propose_if_changed(
    session: AsyncSession, clock: Clock, viewer: Viewer, pregnancy_id: PregnancyId
) -> list[UUID]:
    """Grade anew on what is known now; a person decides. Ids of new proposals.

    Call it whenever something became known. It proposes only what differs from the grade that
    stands, and takes back a proposal whose ground is gone.

    Raises:
        NotFound: the pregnancy is not open to the viewer.
    """
    repository = RiskRepository(session, viewer)
    await repository.lock(pregnancy_id)
    woman = await gather(session, viewer, pregnancy_id, clock.now())
    made: list[UUID] = []
    for kind in Kind:
        evaluation = woman.evaluate(kind)
        waiting = await repository.proposal(pregnancy_id, kind)
        news = await _news(repository, pregnancy_id, evaluation)
        if news and waiting is not None and rests_on(waiting, evaluation):
            continue
        if news:
            row = _row(viewer, woman, evaluation, GradeState.PROPOSED, waiting)
            made.append(row.id)
        elif waiting is not None:
            withdrawn = _next(waiting, GradeAction.WITHDRAW)
            row = _row(viewer, woman, evaluation, withdrawn, waiting)
        else:
            continue
        repository.add(row)
        await session.flush()  # the next kind, and the caller, read what waits
    return made


async def _news(
    repository: RiskRepository, pregnancy_id: PregnancyId, evaluation: Evaluation
) -> bool:
    """Whether there is something to decide: a screening has had its use once she is assessed."""
    if not says_something(evaluation):
        return False
    kind = evaluation.ruleset.kind
    standing = await repository.decided(pregnancy_id, kind)
    if standing is not None and rests_on(standing, evaluation):
        return False
    if kind is Kind.ASSESSMENT:
        return True
    return await repository.decided(pregnancy_id, Kind.ASSESSMENT) is None


async def confirm(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    order: ConfirmGrade,
) -> GradeRow:
    """A person takes the proposal over as it is.

    Raises:
        ProposalOutdated: it no longer waits, or what is known has changed since.
        NotGradable: too little is known for any result.
        AssessmentLevel: the viewer's institution screens only.
    """
    repository = RiskRepository(session, viewer)
    await repository.lock(pregnancy_id)
    woman = await gather(session, viewer, pregnancy_id, clock.now())
    seen = await repository.grade(order.proposal_id, pregnancy_id)
    if seen is None:
        raise ProposalOutdated(kind="")
    kind = Kind(seen.kind)
    await _must_grade(session, viewer, kind)
    waiting = await repository.proposal(pregnancy_id, kind)
    evaluation = woman.evaluate(kind)
    if waiting is None or waiting.id != seen.id or not rests_on(waiting, evaluation):
        raise ProposalOutdated(kind=str(kind))
    if evaluation.outcome is Outcome.UNKNOWN:
        raise NotGradable(unknown=len(evaluation.codes(Verdict.UNKNOWN)))
    return await _decide(session, viewer, woman, evaluation, waiting, GradeAction.CONFIRM)


async def override(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    pregnancy_id: PregnancyId,
    order: OverrideGrade,
) -> GradeRow:
    """A person gives another grade than the table does, and says why.

    Without a waiting proposal one is written first, unknown as it may be: the history then shows
    what the table said when the person decided otherwise.

    Raises:
        ProposalOutdated: another proposal waits than the one that was looked at.
        ColourUnknown: the table in force has no such colour.
        SameGrade: it says what the proposal says.
        AssessmentLevel: the viewer's institution screens only.
    """
    repository = RiskRepository(session, viewer)
    await repository.lock(pregnancy_id)
    await _must_grade(session, viewer, Kind.ASSESSMENT)
    woman = await gather(session, viewer, pregnancy_id, clock.now())
    evaluation = woman.evaluate(Kind.ASSESSMENT)
    if order.colour not in evaluation.ruleset.colours:
        raise ColourUnknown(colour=order.colour)
    if (order.colour, order.purple) == (evaluation.colour, evaluation.purple):
        raise SameGrade()
    waiting = await repository.proposal(pregnancy_id, Kind.ASSESSMENT)
    if (None if waiting is None else waiting.id) != order.proposal_id:
        raise ProposalOutdated(kind=str(Kind.ASSESSMENT))
    if waiting is None or not rests_on(waiting, evaluation):
        waiting = _row(viewer, woman, evaluation, GradeState.PROPOSED, waiting)
        repository.add(waiting)
        await session.flush()  # the decision supersedes it
    action = GradeAction.OVERRIDE
    return await _decide(session, viewer, woman, evaluation, waiting, action, order)


def says_something(evaluation: Evaluation) -> bool:
    """Whether there is a result to propose: a colour, a positive screening, an infection."""
    return evaluation.outcome is not Outcome.UNKNOWN or evaluation.purple is True


def rests_on(row: GradeRow, evaluation: Evaluation) -> bool:
    """Whether the row says of the same conditions the same: then there is nothing new."""
    return (
        set(row.fired) == set(evaluation.codes(Verdict.FIRED))
        and row.evaluated_colour == evaluation.colour
        and row.evaluated_purple == evaluation.purple
        and row.outcome == evaluation.outcome
    )


def _next(row: GradeRow, action: GradeAction) -> GradeState:
    return GRADE.edge(GradeState(row.status), action).to


async def _must_grade(session: AsyncSession, viewer: Viewer, kind: Kind) -> None:
    place = await facilities.get(session, registering_facility(viewer))
    if not may_grade(kind, place.tier):
        raise AssessmentLevel()


async def _decide(
    session: AsyncSession,
    viewer: Viewer,
    woman: Woman,
    evaluation: Evaluation,
    waiting: GradeRow,
    action: GradeAction,
    order: OverrideGrade | None = None,
) -> GradeRow:
    row = _row(viewer, woman, evaluation, _next(waiting, action), waiting)
    if order is not None:
        row.colour, row.purple, row.reason = order.colour, order.purple, order.reason
    session.add(row)
    await session.flush()  # two decisions racing meet here, not at commit
    if evaluation.ruleset.kind is Kind.ASSESSMENT:
        await _tell(session, row)
        await _end_screening(session, viewer, woman)
    return row


async def _tell(session: AsyncSession, row: GradeRow) -> None:
    payload = {
        "grade_id": str(row.id),
        "pregnancy_id": str(row.pregnancy_id),
        "facility_id": str(row.facility_id),
        "colour": row.colour,
        "purple": row.purple is True,
    }
    await outbox.enqueue(session, GRADED, payload, key=str(row.id))


async def _end_screening(session: AsyncSession, viewer: Viewer, woman: Woman) -> None:
    """A screening that still waits has had its use."""
    repository = RiskRepository(session, viewer)
    waiting = await repository.proposal(woman.pregnancy_id, Kind.SCREENING)
    if waiting is not None:
        after = _next(waiting, GradeAction.WITHDRAW)
        repository.add(_row(viewer, woman, woman.evaluate(Kind.SCREENING), after, waiting))
        await session.flush()  # the caller reads the history


def _row(
    viewer: Viewer,
    woman: Woman,
    evaluation: Evaluation,
    status: GradeState,
    former: GradeRow | None,
) -> GradeRow:
    by_person = status in (GradeState.CONFIRMED, GradeState.OVERRIDDEN)
    asked = evaluation.ruleset.facts()
    return GradeRow(
        id=new_id(),
        pregnancy_id=woman.pregnancy_id,
        facility_id=woman.facility_id if viewer.is_process else registering_facility(viewer),
        kind=str(evaluation.ruleset.kind),
        status=str(status),
        variant=evaluation.ruleset.variant,
        version=evaluation.ruleset.version,
        facts={name: value for name, value in evaluation.facts.items() if name in asked},
        fired=evaluation.codes(Verdict.FIRED),
        unknown=evaluation.codes(Verdict.UNKNOWN),
        not_done=evaluation.codes(Verdict.NOT_DONE),
        evaluated_colour=evaluation.colour,
        evaluated_purple=evaluation.purple,
        outcome=str(evaluation.outcome),
        colour=evaluation.colour,
        purple=evaluation.purple,
        at=woman.at,
        person_id=viewer.person_id if by_person else None,
        supersedes=None if former is None else former.id,
    )
