"""Assessment: points computed from frozen figures and signed findings; nobody types a point."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer
from quality.rounds import store, visits
from quality.rounds.plan import Plan, PlannedItem, digest_of
from quality.rounds.schemas import Assess, Figures, GiveFeedback
from quality.rounds.scoring import Score, score, total
from quality.rounds.sides import entry_step, say, side_of
from quality.rounds.states import EntryAction, Side

_RESULT = text(
    "INSERT INTO assessment_result (id, entry_id, level, points, of, without, remark, digest,"
    "  person_id, at) VALUES (:id, :entry_id, :level, :points, :of, :without, :remark, :digest,"
    "  :by, :at)"
)
_SCORE = text(
    "INSERT INTO assessment_score (result_id, code, weight, fraction, points, visit_id)"
    " VALUES (:id, :code, :weight, :fraction, :points, :visit_id)"
)
_RESULTS = text(
    "SELECT DISTINCT ON (entry_id, level) * FROM assessment_result"
    " WHERE entry_id = ANY(CAST(:ids AS uuid[])) ORDER BY entry_id, level, at DESC, id"
)
_SCORES = text(
    "SELECT result_id, code, weight, fraction, points FROM assessment_score"
    " WHERE result_id = ANY(CAST(:ids AS uuid[]))"
)


def scored(
    plan: Plan, figures: Mapping[str, Figures], found: Mapping[str, Row[Any]]
) -> list[Score]:
    """The sheet of a centre: every item that has a weight."""
    return [
        score(one.code, one.weight, _fraction(one, figures.get(one.code), found.get(one.code)))
        for one in plan.items
        if one.weight is not None
    ]


def _fraction(item: PlannedItem, figures: Figures | None, finding: Row[Any] | None) -> float | None:
    if item.kind == "on_site":
        if finding is None:
            return None
        return {"met": 1.0, "not_met": 0.0}.get(finding.verdict, (finding.percent or 0) / 100)
    if figures is None or figures.value is None or item.scoring is None:
        return None
    return item.scoring.fraction(figures.value)


async def sheet(session: AsyncSession, entry: Row[Any]) -> list[Score]:
    """What an entry comes to now: frozen figures, and what signed visits found."""
    plan = store.plan_of(await store.round_(session, entry.round_id))
    figures = await store.values(session, entry.id)
    return scored(plan, figures, await visits.counting(session, entry.id))


async def assess(
    session: AsyncSession, clock: Clock, viewer: Viewer, entry_id: UUID, order: Assess
) -> None:
    """Assess an entry for one's level; the caller has checked the password.

    Points are in the database for those who oversee the centre; the chain has their hash.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: it is not the viewer's to assess now.
    """
    row = await store.locked(session, entry_id)
    owner = side_of(row) is Side.OWNER
    action = EntryAction.ASSESS_OWNER if owner else EntryAction.ASSESS_CITY
    to = entry_step(row, order.version, action)
    scores = await sheet(session, row)
    found = await visits.counting(session, row.id)
    whole, at, result_id = total(scores), clock.now(), new_id()
    level = "owner" if owner else "city"
    digest = digest_of(
        {
            "assessment_id": row.id,
            "level": level,
            "scores": [
                [one.code, str(one.weight), one.points and str(one.points)] for one in scores
            ],
            "remark": order.remark,
            "person_id": viewer.person_id,
            "signed_at": at,
        }
    )
    values = {"id": result_id, "entry_id": row.id, "level": level, "points": whole.points}
    values |= {"of": whole.of, "without": whole.without, "remark": order.remark}
    values |= {"digest": digest, "by": viewer.person_id, "at": at}
    await session.execute(_RESULT, values)
    for one in scores:
        visit = found.get(one.code)
        await session.execute(
            _SCORE,
            {
                "id": result_id,
                "code": one.code,
                "weight": one.weight,
                "fraction": one.fraction,
                "points": one.points,
                "visit_id": None if visit is None else visit.visit_id,
            },
        )
    await store.move(session, row, to)
    facts: dict[str, object] = {"level": level, "sha256": digest.hex()}
    await say(session, clock, viewer, CaseId(row.id), "assessment.assessed", facts)


async def results(session: AsyncSession, entry_ids: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
    """The newest result of each level, by entry; closed to a centre before feedback."""
    found: dict[UUID, list[Row[Any]]] = {}
    for row in await session.execute(_RESULTS, {"ids": list(entry_ids)}):
        found.setdefault(row.entry_id, []).append(row)
    return found


async def scores(session: AsyncSession, result_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """The items of results."""
    return (await session.execute(_SCORES, {"ids": list(result_ids)})).all()


def decisive(rows: Sequence[Row[Any]]) -> Row[Any] | None:
    """The owner's result, else the city's."""
    return max(rows, key=lambda one: one.level == "owner", default=None)


async def feed_back(
    session: AsyncSession, clock: Clock, viewer: Viewer, entry_id: UUID, order: GiveFeedback
) -> None:
    """Give the result with words to the centre and the levels between: from now on they see it.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: it is not the viewer's to give now.
    """
    row = await store.locked(session, entry_id)
    to = entry_step(row, order.version, EntryAction.FEEDBACK)
    at = clock.now()
    changed = {"feedback": order.words, "feedback_by": viewer.person_id, "feedback_at": at}
    await store.move(session, row, to, changed)
    result = decisive((await results(session, [row.id])).get(row.id, []))
    facts: dict[str, object] = {"words_sha256": digest_of({"words": order.words}).hex()}
    if result is not None:
        facts["result_sha256"] = bytes(result.digest).hex()
    await say(session, clock, viewer, CaseId(row.id), "assessment.feedback_given", facts)
