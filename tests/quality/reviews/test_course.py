"""A review from its proposal to the closed loop."""

from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text

from kernel.errors import NotFound
from kernel.ids import CaseId
from quality.reviews.errors import (
    HeldInFuture,
    MeasuresOpen,
    NoMajority,
    NothingToReview,
    NotYourStep,
    PanelTooSmall,
    ReviewExists,
    ReviewMoved,
    TermUnknown,
    WhyNothing,
)
from quality.reviews.schemas import Vote
from quality.reviews.service import vote
from referral.aftermath import queries as aftermath
from tests.quality.reviews.conftest import ENGINE, Board
from tests.referral.aftermath.roads import accepted
from tests.referral.network import SEALER


async def test_a_death_proposes_one_review_at_each_level_and_only_once(board: Board) -> None:
    case = await board.death()
    assert await board.engine(case) == 0
    city = await board.look(await board.of(case))
    county = await board.look(await board.of(case, "coordinator"), "coordinator")
    assert (city.review.level, county.review.level) == ("facility", "county")
    assert {city.review.state, county.review.state} == {"proposed"}
    assert city.review.case_number
    viewer = board.net.staff["city_expert"]
    async with board.net.clone.app.session(viewer) as session:
        found = await aftermath.aftermath(session, board.net.clock, viewer, SEALER, case)
    due = {step.step: step.due_at for step in found.reviews[0].steps}
    assert (city.review.due_at, county.review.due_at) == (
        due["hospital_review"],
        due["county_review"],
    )


async def test_a_drill_is_not_reviewed_nor_a_case_without_a_death(board: Board) -> None:
    case, _ = await accepted(board.net)
    assert await board.engine(case) == 0
    with pytest.raises(NothingToReview):
        await board.open("office", case, kind="maternal_death", level="facility")
    drilled = await board.death(drill=True)
    async with board.net.clone.system.session(ENGINE) as session:
        counted = await session.execute(
            text("SELECT count(*) FROM case_review WHERE of_case_id = :id"), {"id": drilled}
        )
        assert counted.scalar_one() == 0


async def test_a_confirmed_near_miss_is_proposed_by_its_cadence(board: Board) -> None:
    case = await board.near_miss()
    review = await board.look(await board.of(case, kind="near_miss"))
    assert review.review.kind == "near_miss"
    assert review.review.due_at is not None
    assert review.review.due_at > board.net.clock.now() + timedelta(days=30)
    with pytest.raises(ReviewExists):
        await board.open("office", case, kind="near_miss", level="facility")


async def test_what_was_dismissed_may_be_opened_by_hand(board: Board) -> None:
    case = await board.death()
    review = await board.of(case)
    with pytest.raises(TermUnknown):
        await board.step("office", review, "dismiss", dismissal="never", why="无")
    await board.step("office", review, "dismiss", dismissal="held_elsewhere", why="由省级评审")
    assert (await board.look(review)).review.state == "dismissed"
    with pytest.raises(ReviewMoved):
        await board.step("office", review, "open")
    again = await board.open("office", case, kind="maternal_death", level="facility")
    found = await board.look(again)
    assert (found.review.state, found.opened_by and found.opened_by.name) == ("open", "office")


async def test_the_whole_loop_and_the_step_that_was_due(board: Board) -> None:
    case = await board.death()
    review = await board.of(case)
    await board.held(review)
    await board.find("chair", review, "未及时启动大量输血方案")
    with pytest.raises(NoMajority):
        await board.step("office", review, "conclude", cause="haemorrhage", summary="无")
    await board.vote(review, "unavoidable", "second")
    await board.vote(review, "avoidable", "chair", "third")
    with pytest.raises(NotYourStep):
        await board.vote(review, "avoidable", "office")
    with pytest.raises(TermUnknown):
        await board.vote(review, "improvable", "chair")
    with pytest.raises(TermUnknown):
        await board.step("office", review, "conclude", cause="newborn_other", summary="无")
    assert (await board.look(review)).tally == []
    await board.step(
        "office", review, "conclude", cause="haemorrhage", delays=["receiving"], summary="输血晚"
    )
    found = await board.look(review)
    assert found.review.conclusion == "avoidable"
    assert [(one.conclusion, one.votes) for one in found.tally] == [
        ("avoidable", 2),
        ("unavoidable", 1),
    ]
    with pytest.raises(ReviewMoved):
        await board.say("chair", vote, review, Vote(conclusion="avoidable"))
    viewer = board.net.staff["city_expert"]
    async with board.net.clone.app.session(viewer) as session:
        after = await aftermath.aftermath(session, board.net.clock, viewer, SEALER, case)
    reported = {step.step: step.reported_at for step in after.reviews[0].steps}
    assert reported["hospital_review"] == found.review.held_at
    with pytest.raises(WhyNothing):
        await board.step("office", review, "close")
    today = board.net.clock.now().date()
    await board.step(
        "office", review, "add_measure", words="每季度大量输血演练",
        owner_id=board.net.staff["city_expert"].person_id, due_on=today + timedelta(days=20),
        finding_id=found.findings[0].id,
    )  # fmt: skip
    (measure,) = (await board.look(review)).measures
    with pytest.raises(MeasuresOpen):
        await board.step("office", review, "close")
    await board.measure("city_expert", measure.id, "report", evidence="演练记录 3 份")
    await board.measure("office", measure.id, "send_back", note="缺签到")
    await board.measure("city_expert", measure.id, "report", evidence="演练记录与签到")
    done = await board.measure("office", measure.id, "verify")
    assert (done.state, done.ended_by and done.ended_by.name) == ("verified", "office")
    await board.step("office", review, "close")
    assert review in {one.id for one in await board.listed("office", "done")}
    kinds = await board.net.kinds(CaseId(review))
    assert kinds[0] == "case_review.proposed"
    assert kinds[-1] == "case_review.closed"


async def test_the_chain_says_that_it_happened_and_never_what(board: Board) -> None:
    review = await board.of(await board.death())
    await board.held(review)
    await board.find("chair", review, "机密一")
    await board.vote(review, "avoidable", "chair", "second")
    await board.step("office", review, "conclude", cause="indirect", summary="机密二")
    events = await board.net.events(CaseId(review))
    said = "".join(str(one.payload) for one in events)
    assert not {"机密一", "机密二", "avoidable", "indirect"} & set(said.split("'"))
    found = next(one for one in events if one.row.kind == "case_review.finding_added")
    assert found.payload["sha256"] == sha256("机密一".encode()).hexdigest()


async def test_too_few_voters_and_impossible_moments(board: Board) -> None:
    review = await board.of(await board.death())
    await board.step("office", review, "open")
    await board.prepare(review)
    # Whoever acted in her case is recused by rule, so two remain.
    await board.panel(review, "chair", "second", "city_expert")
    with pytest.raises(PanelTooSmall):
        await board.step("office", review, "hold")
    await board.panel(review, "chair", "second", "third")
    for wrong in (timedelta(hours=1), timedelta(days=-1)):
        with pytest.raises(HeldInFuture):
            await board.step("office", review, "hold", at=board.net.clock.now() + wrong)
    with pytest.raises(ReviewMoved):
        await board.step("office", review, "hold", version=1)


async def test_reminders_before_and_after_it_is_due(board: Board) -> None:
    review = await board.of(await board.death())
    due = (await board.look(review)).review.due_at
    assert due is not None
    await board.time_passes(days=1)
    kinds = await board.net.kinds(CaseId(review))
    assert "case_review.reminded" not in kinds
    wait = due - board.net.clock.now()
    await board.time_passes(seconds=wait.total_seconds() - 3600)
    await board.time_passes(hours=2)
    reminded = [
        one.payload["overdue"]
        for one in await board.net.events(CaseId(review))
        if one.row.kind == "case_review.reminded"
    ]
    assert reminded == [False, True]
    assert (await board.look(review)).review.overdue


@pytest.mark.parametrize("who", ["outsider", "city_expert", "county_doctor", "commission"])
async def test_closed_to_whoever_neither_convenes_nor_sits(board: Board, who: str) -> None:
    review = await board.of(await board.death())
    with pytest.raises(NotFound):
        await board.look(review, who)
    assert review not in {one.id for one in await board.listed(who)}
