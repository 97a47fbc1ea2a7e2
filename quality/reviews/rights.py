"""Who may do what in a review, and who is kept out of it."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.viewer import Role, Viewer
from quality.owed import OwedState
from quality.reviews import store
from quality.reviews.errors import NotYourStep, ReviewMoved
from quality.reviews.rules import RULES, Reason
from quality.reviews.states import MEASURE, REVIEW, MeasureAction, ReviewAction, ReviewState, Side
from registry.people.schemas import PersonRef


def convenes(viewer: Viewer, facility_id: UUID) -> bool:
    """A coordinator convenes the reviews of the house where she works; `app_convenes` says it
    in SQL."""
    works = facility_id in viewer.facility_ids or facility_id == viewer.facility_id
    return viewer.has(Role.COORDINATOR) and works


def sits(viewer: Viewer, members: Sequence[Row[Any]]) -> bool:
    """Whether the viewer is on the panel and not recused."""
    return any(
        one.person_id == viewer.person_id and one.recused is None and one.removed_at is None
        for one in members
    )


def sides(viewer: Viewer, row: Row[Any], members: Sequence[Row[Any]]) -> frozenset[Side]:
    """Where the viewer stands."""
    found = set()
    if convenes(viewer, row.facility_id):
        found.add(Side.CONVENER)
    if sits(viewer, members):
        found.add(Side.PANEL)
    return frozenset(found)


def step(
    row: Row[Any], stands: frozenset[Side], action: ReviewAction, version: int | None = None
) -> ReviewState:
    """The state that `action` leads to.

    Raises:
        ReviewMoved: the table has no such edge, or the viewer looked at an older version.
        NotYourStep: it is somebody else's.
    """
    state = ReviewState(row.state)
    if action not in REVIEW.actions(state) or version not in (None, row.version):
        raise ReviewMoved(state=row.state, action=str(action))
    edge = REVIEW.edge(state, action)
    if edge.actors.isdisjoint(stands):
        raise NotYourStep(action=str(action))
    return edge.to


def allowed(row: Row[Any], stands: frozenset[Side]) -> list[str]:
    """What this viewer may do, in the order of the table."""
    state = ReviewState(row.state)
    return [
        str(one) for one in REVIEW.actions(state) if REVIEW.edge(state, one).actors & stands
    ]  # fmt: skip


def measure_sides(viewer: Viewer, row: Row[Any], stands: frozenset[Side]) -> frozenset[Side]:
    """Where the viewer stands to a measure."""
    return stands | {Side.OWNER} if row.owner_id == viewer.person_id else stands


def measure_step(
    row: Row[Any], stands: frozenset[Side], action: MeasureAction, version: int
) -> OwedState:
    """As `step`, of a measure."""
    state = OwedState(row.state)
    if action not in MEASURE.actions(state) or version != row.version:
        raise ReviewMoved(state=row.state, action=str(action))
    edge = MEASURE.edge(state, action)
    if edge.actors.isdisjoint(stands):
        raise NotYourStep(action=str(action))
    return edge.to


def measure_allowed(viewer: Viewer, row: Row[Any], stands: frozenset[Side]) -> list[str]:
    """What this viewer may do with a measure."""
    state, mine = OwedState(row.state), measure_sides(viewer, row, stands)
    found = [one for one in MEASURE.actions(state) if MEASURE.edge(state, one).actors & mine]
    if row.owner_id == viewer.person_id:
        found = [one for one in found if one is not MeasureAction.VERIFY]
    return [str(one) for one in found]


async def conflicts(
    session: AsyncSession, row: Row[Any], people: Collection[PersonRef]
) -> dict[UUID, Reason]:
    """Which of these people may neither read nor vote, and why."""
    reasons = RULES.recused_for(row.level)
    treated = await store.acted_in(session, row.of_case_id) if "treated" in reasons else set()
    houses = await store.houses_of(session, row.of_case_id) if "same_house" in reasons else set()
    found: dict[UUID, Reason] = {}
    for one in people:
        if one.id in treated:
            found[one.id] = "treated"
        elif one.facility_id in houses:
            found[one.id] = "same_house"
    return found
