"""What a coordinator may open by hand, and what not."""

import pytest
from sqlalchemy import text

from kernel.ids import CaseId
from quality.reviews.errors import ReviewExists
from quality.reviews.openable import openable
from quality.reviews.schemas import OpenableOut
from tests.quality.reviews.conftest import ENGINE, Board


async def offered(board: Board, by: str, case: CaseId) -> list[OpenableOut]:
    viewer = board.net.staff[by]
    async with board.net.clone.app.session(viewer) as session:
        found = await openable(session, board.net.clock, viewer)
    return [one for one in found if one.case_id == case]


async def unproposed(board: Board, case: CaseId) -> None:
    """As a case of the time before events proposed reviews."""
    async with board.net.clone.system.session(ENGINE) as session:
        await session.execute(
            text(
                "UPDATE case_review SET state = 'dismissed', dismissal = 'held_elsewhere',"
                " why = 'x', ended_at = proposed_at, remind_at = NULL WHERE of_case_id = :id"
            ),
            {"id": case},
        )


async def test_what_was_proposed_is_not_offered_and_what_was_set_aside_is(board: Board) -> None:
    case = await board.death()
    assert await offered(board, "office", case) == []
    await board.step(
        "office", await board.of(case), "dismiss", dismissal="held_elsewhere", why="他院评审"
    )
    (one,) = await offered(board, "office", case)
    assert (one.kind, one.level) == ("maternal_death", "facility")
    # The county's review stands; the city's coordinator neither sees nor opens it.
    assert await offered(board, "coordinator", case) == []
    opened = await board.open("office", case, kind=one.kind, level=one.level)
    found = await board.look(opened)
    assert (found.review.state, found.review.due_at) == ("open", one.due_at)
    assert found.review.happened_at == one.happened_at
    assert await offered(board, "office", case) == []
    with pytest.raises(ReviewExists):
        await board.open("office", case, kind=one.kind, level=one.level)


async def test_a_near_miss_is_offered_at_the_level_of_the_house(board: Board) -> None:
    case = await board.near_miss()
    await unproposed(board, case)
    for by, level in (("office", "facility"), ("coordinator", "county")):
        (one,) = await offered(board, by, case)
        assert (one.kind, one.level) == ("near_miss", level)
    for by in ("outsider", "city_expert"):
        assert await offered(board, by, case) == []
