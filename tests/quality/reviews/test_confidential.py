"""Who reads a review, and who is kept out: in the service and in the database."""

from datetime import date
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from kernel.errors import Conflict, NotFound
from kernel.ids import CaseId
from quality import course
from quality.reviews import queries, service
from quality.reviews.errors import DayPassed, NotConvening, OwnVerification, PersonUnknown
from quality.reviews.schemas import MoveReview, Seat, SetPanel
from tests.quality.reviews.conftest import Board
from tests.referral.network import SEALER


async def test_the_pack_names_nobody_and_counts_from_the_request(board: Board) -> None:
    case = await board.death(
        reason="林测试，石桥县医院产后出血约1500 mL，11月22日10:05 起，"
        "联系人测试county_doctor 19900012345"
    )
    review = await board.of(case)
    await board.held(review)
    viewer = board.net.staff["chair"]
    async with board.net.clone.app.session(viewer) as session:
        pack = await queries.pack_of(session, board.net.clock, viewer, review)
    said = msgspec.json.encode(pack).decode()
    seen = await board.net.see("city_expert", case)
    assert seen.pregnancy is not None
    for hidden in ("林测试", "石桥县", "清江", "测试", "19900012345", "10:05", seen.number, "2026"):
        assert hidden not in said, hidden
    assert "1500 mL" in pack.reason
    assert {one.letter for one in pack.houses} >= {"A", "B"}
    assert next(one for one in pack.timeline if one.what.en == "Request sent").minute == 0
    assert pack.woman.age == "30–34"
    office, mine = await board.look(review), await board.look(review, "chair")
    assert None not in (office.review.happened_at, office.review.due_at, office.opened_at)
    assert office.review.case_number == seen.number
    (row,) = [one for one in await board.listed("chair") if one.id == review]
    for told in (mine.review, row):
        assert (told.happened_at, told.due_at, told.case_number) == (None, None, None)
        assert not told.overdue
    assert mine.opened_at is None
    assert {(one.person.name, one.what) for one in office.viewings if one.person} >= {
        ("chair", "pack")
    }


async def test_whoever_treated_her_is_recused_and_reads_nothing(board: Board) -> None:
    review = await board.of(await board.death())
    await board.step("office", review, "open")
    await board.prepare(review)
    viewer = board.net.staff["office"]
    async with board.net.clone.app.session(viewer) as session:
        found = await queries.candidates(session, board.net.clock, viewer, review)
    assert found == []  # the network's people hold no accounts here
    await board.panel(review, "city_expert", "chair", "second", "third")
    members = {one.person.name: one for one in (await board.look(review)).members if one.person}
    treated = members["测试city_expert"]
    assert (treated.recused, treated.chair) == ("treated", False)
    assert members["chair"].recused is None
    with pytest.raises(NotFound):
        await board.look(review, "city_expert")
    await board.look(review, "third")
    await board.say("third", service.recuse, review)
    with pytest.raises(NotFound):
        await board.look(review, "third")
    # Named again, who is recused stays so.
    await board.panel(review, "chair", "second", "third")
    with pytest.raises(NotFound):
        await board.look(review, "third")


async def test_at_the_county_a_house_that_treated_her_does_not_judge(board: Board) -> None:
    case = await board.death()
    review = await board.of(case, "coordinator")
    viewer = board.net.staff["coordinator"]
    await board.say("coordinator", service.open_proposed, review, MoveReview(version=1))
    async with board.net.clone.app.session(viewer) as session:
        await service.prepare(
            session, board.net.clock, viewer, SEALER, review, MoveReview(version=2)
        )
    names = ("second", "third", "chair", "county_expert")
    seats = [Seat(person_id=board.net.staff[one].person_id) for one in names]
    await board.say("coordinator", service.set_panel, review, SetPanel(version=3, members=seats))
    members = (await board.look(review, "coordinator")).members
    assert {one.person.name: one.recused for one in members if one.person} == {
        "second": "same_house",
        "third": None,
        "chair": None,
        "测试county_expert": "same_house",
    }


async def test_another_house_does_not_open_it(board: Board) -> None:
    case = await board.death()
    with pytest.raises(NotConvening):
        await board.open("office", case, kind="maternal_death", level="county")
    with pytest.raises(NotFound):
        await board.open("outsider", case, kind="maternal_death", level="facility")


async def test_an_owner_sees_the_measure_and_nothing_of_the_review(board: Board) -> None:
    review = await board.of(await board.death())
    await board.concluded(review)
    today = board.net.clock.now().date()
    owner = board.net.staff["county_doctor"].person_id
    more = {"words": "培训", "owner_id": owner}
    with pytest.raises(DayPassed):
        await board.step("office", review, "add_measure", **more, due_on=date(2020, 1, 1))
    with pytest.raises(PersonUnknown):
        await board.step(
            "office", review, "add_measure", words="培训", owner_id=review, due_on=today
        )
    await board.step("office", review, "add_measure", **more, due_on=today)
    (owed,) = await board.owed("county_doctor")
    assert (owed.words, owed.allowed) == ("培训", ["report"])
    with pytest.raises(NotFound):
        await board.look(review, "county_doctor")
    with pytest.raises(NotFound):
        await board.measure("outsider", owed.id, "report", evidence="无")
    await board.time_passes(days=2)
    (late,) = await board.owed("county_doctor")
    assert late.overdue


async def test_nobody_verifies_her_own_measure(board: Board) -> None:
    review = await board.of(await board.death())
    await board.concluded(review)
    today = board.net.clock.now().date()
    await board.step(
        "office", review, "add_measure", words="制度",
        owner_id=board.net.staff["office"].person_id, due_on=today,
    )  # fmt: skip
    (mine,) = await board.owed("office")
    await board.measure("office", mine.id, "report", evidence="已发文")
    with pytest.raises(OwnVerification):
        await board.measure("office", mine.id, "verify")
    done = await board.measure("office_two", mine.id, "verify")
    assert done.state == "verified"


SAID = {
    "votes for somebody else": "INSERT INTO review_vote (review_id, person_id, conclusion, at)"
    " SELECT id, '{office}', 'avoidable', now() FROM case_review WHERE id = '{review}'",
    "votes without a seat": "INSERT INTO review_vote (review_id, person_id, conclusion, at)"
    " VALUES ('{review}', '{person}', 'avoidable', now())",
    "lets themselves in": "INSERT INTO review_member (review_id, person_id, chair, added_by,"
    " added_at) VALUES ('{review}', '{person}', false, '{person}', now())",
    "reads unseen": "INSERT INTO review_viewing (review_id, person_id, what, at)"
    " VALUES ('{review}', '{office}', 'pack', now())",
    "changes a pack": "UPDATE review_pack SET n = 9 WHERE review_id = '{review}'",
    "changes a vote": "UPDATE review_vote SET conclusion = 'unavoidable'",
}


@pytest.mark.parametrize("deed", SAID)
async def test_what_row_level_security_and_rights_refuse(board: Board, deed: str) -> None:
    review = await board.of(await board.death())
    viewer = board.net.staff["city_expert"]
    ids = {
        "review": review,
        "person": viewer.person_id,
        "office": board.net.staff["office"].person_id,
    }
    with pytest.raises(DBAPIError):
        async with board.net.clone.app.session(viewer) as session:
            done = await session.execute(text(SAID[deed].format(**ids)))
            # A foreign review is not there to be copied from.
            if done.rowcount == 0:  # type: ignore[attr-defined]
                raise ProgrammingError(deed, None, ValueError())


async def test_a_recusal_is_not_taken_back(board: Board) -> None:
    review = await board.of(await board.death())
    await board.step("office", review, "open")
    await board.prepare(review)
    await board.panel(review, "city_expert", "chair", "second", "third")
    viewer = board.net.staff["city_expert"]
    with pytest.raises((Conflict, DBAPIError)):
        async with board.net.clone.app.session(viewer) as session:
            await session.execute(
                text("UPDATE review_member SET recused = NULL, recused_at = NULL")
            )


async def test_the_chain_is_read_by_whoever_convenes(board: Board) -> None:
    """It tells when it was proposed and is due: not to the panel, the house, an owner, above."""
    review = await board.of(await board.death())
    await board.concluded(review)
    today, owner = board.net.clock.now().date(), board.net.staff["county_doctor"].person_id
    more = {"words": "培训", "owner_id": owner, "due_on": today}
    await board.step("office", review, "add_measure", **more)

    async def kinds(who: str) -> list[str]:
        async with board.net.clone.app.session(board.net.staff[who]) as session:
            return [one.kind for one in (await course.timeline(session, CaseId(review))).events]

    assert (await kinds("office"))[0] == "case_review.proposed"
    for who in ("chair", "second", "city_expert", "county_doctor", "commission"):
        with pytest.raises(NotFound):
            await kinds(who)
        async with board.net.clone.app.session(board.net.staff[who]) as session:
            with pytest.raises(NotFound):
                await course.proof(session, CaseId(review), None)


async def test_the_panel_hears_of_it_without_a_date(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due stands a fixed time after a death: from it the day of the death could be read."""
    review = await board.of(await board.death())
    told: list[tuple[str, bool]] = []
    chair = board.net.staff["chair"].person_id

    async def heard(
        *_: object, kind: str, data: dict[str, object], person_ids: list[UUID], case_id: UUID
    ) -> None:
        if chair in person_ids and case_id == review:
            told.append((kind, "due_at" in data))

    # Time in the network is made up, and made-up time notifies nobody.
    monkeypatch.setattr("duty.escalation.service.notify_people", heard)
    await board.held(review)
    due = (await board.look(review)).review.due_at
    assert due is not None
    await board.time_passes(seconds=(due - board.net.clock.now()).total_seconds() + 60)
    assert told == [("case_review.panel_set", False), ("case_review.overdue", False)]
