"""Visits, assessment, feedback and putting right, by people of four levels."""

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.blobs import BlobStore
from kernel.errors import BadInput, NotFound
from quality.rounds import checking, judging, planning, putting_right, showing, timers, visits
from quality.rounds.errors import (
    DayPassed,
    ItemUnknown,
    NotFoundOnSite,
    OtherSide,
    PhotoMissing,
    StepMoved,
    TasksOpen,
)
from quality.rounds.schemas import (
    Assess,
    AssignTask,
    Demand,
    EntryDetail,
    FindOnSite,
    GiveFeedback,
    HandBack,
    PlanVisit,
    ReportTask,
    RoundStep,
    SignStep,
    VisitDetail,
)
from tests.fixtures.database import Clone
from tests.kernel.media.pictures import png
from tests.quality.cases import SYSTEM
from tests.quality.rounds.told import ELSEWHERE, MEDIAN, ON_SITE, REFERRALS, Told, tell
from tests.realtime.alarms.ward import At
from tests.registry.world import SEALER

DAY = date(2026, 12, 5)


@pytest.fixture
async def told(database: Clone) -> Told:
    """A round in which the county's centre has signed its self-check."""
    found = await tell(database)
    await found.open()
    await found.submit()
    return found


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path, SEALER, max_bytes=1_000_000)


async def visit(told: Told, visit_id: UUID) -> VisitDetail:
    async with told.database.app.session(told.county) as session:
        return await showing.one_visit(session, told.clock, visit_id)


async def planned(told: Told) -> UUID:
    entry = (await told.entry(told.county)).entry
    made: UUID = await told.run(told.county, visits.plan, entry.id, PlanVisit(planned_for=DAY))
    return made


async def signed(told: Told, blobs: BlobStore, *, verdict: str, percent: int | None) -> UUID:
    """The county's authority goes there, looks, takes a photo and signs."""
    visit_id = await planned(told)
    await told.run(told.county, visits.begin, visit_id, RoundStep(version=1))
    found = FindOnSite(code=ON_SITE, verdict=verdict, percent=percent, words="清点 1 张")  # type: ignore[arg-type]
    await told.run(told.county, visits.find, visit_id, found)
    await told.run(told.county, visits.photograph, blobs, visit_id, ON_SITE, png())
    await told.run(told.county, visits.sign, visit_id, SignStep(version=2, password="-"))
    return visit_id


async def assessed(told: Told) -> EntryDetail:
    entry = (await told.entry(told.province)).entry
    order = Assess(version=entry.version, password="-", remark="总体较好")
    await told.run(told.province, judging.assess, entry.id, order)
    return await told.entry(told.province)


async def fed_back(told: Told) -> EntryDetail:
    entry = (await assessed(told)).entry
    order = GiveFeedback(version=entry.version, words="请补足抢救床位")
    await told.run(told.province, judging.feed_back, entry.id, order)
    return await told.entry(told.province)


async def test_a_visit_is_hidden_from_the_centre_until_it_is_signed(
    told: Told, blobs: BlobStore
) -> None:
    visit_id = await planned(told)
    assert (await told.entry(told.centre)).visits == []
    assert [one.id for one in (await told.entry(told.city)).visits] == [visit_id]
    with pytest.raises(NotFound):
        async with told.database.app.session(told.centre) as session:
            await showing.one_visit(session, told.clock, visit_id)
    async with told.database.app.session(told.centre) as session:
        chained = text("SELECT count(*) FROM case_event WHERE case_id = :id")
        assert (await session.execute(chained, {"id": visit_id})).scalar_one() == 0
    await told.run(told.county, visits.begin, visit_id, RoundStep(version=1))
    await told.run(
        told.county,
        visits.find,
        visit_id,
        FindOnSite(code=ON_SITE, verdict="met", words="清点 3 张"),
    )
    await told.run(told.county, visits.photograph, blobs, visit_id, ON_SITE, png())
    unseen = await told.entry(told.centre)
    assert unseen.visits == []
    assert ON_SITE not in {one.item.code for one in unseen.items}
    await told.run(told.county, visits.sign, visit_id, SignStep(version=2, password="-"))
    seen = await told.entry(told.centre)
    (shown,) = seen.visits
    assert (shown.state, len(shown.files), shown.actions) == ("signed", 1, [])
    (item,) = (one for one in seen.items if one.item.code == ON_SITE)
    assert item.finding is not None
    assert item.finding.words == "清点 3 张"


async def test_a_visit_is_signed_whole_with_a_photo(told: Told, blobs: BlobStore) -> None:
    visit_id = await planned(told)
    with pytest.raises(StepMoved):
        await told.run(
            told.county, visits.find, visit_id, FindOnSite(code=ON_SITE, verdict="met", words="")
        )
    await told.run(told.county, visits.begin, visit_id, RoundStep(version=1))
    sign = SignStep(version=2, password="-")
    with pytest.raises(NotFoundOnSite):
        await told.run(told.county, visits.sign, visit_id, sign)
    with pytest.raises(BadInput):
        await told.run(
            told.county, visits.find, visit_id, FindOnSite(code=ON_SITE, verdict="partly")
        )
    with pytest.raises(ItemUnknown):
        await told.run(told.county, visits.find, visit_id, FindOnSite(code=MEDIAN, verdict="met"))
    await told.run(told.county, visits.find, visit_id, FindOnSite(code=ON_SITE, verdict="met"))
    with pytest.raises(PhotoMissing):
        await told.run(told.county, visits.sign, visit_id, sign)
    await told.run(told.county, visits.photograph, blobs, visit_id, ON_SITE, png())
    await told.run(told.county, visits.sign, visit_id, sign)
    with pytest.raises(StepMoved):
        await told.run(
            told.county, visits.find, visit_id, FindOnSite(code=ON_SITE, verdict="not_met")
        )
    assert (await visit(told, visit_id)).visit.sha256 is not None


async def test_who_does_not_oversee_the_centre_plans_no_visit(told: Told) -> None:
    entry_id = (await told.entry(told.centre)).entry.id
    order = PlanVisit(planned_for=DAY)
    with pytest.raises(OtherSide):
        await told.run(told.centre, visits.plan, entry_id, order)
    with pytest.raises(DayPassed):
        await told.run(told.city, visits.plan, entry_id, PlanVisit(planned_for=date(2026, 11, 1)))


async def test_a_visit_that_is_called_off_is_never_told(told: Told) -> None:
    visit_id = await planned(told)
    await told.run(told.county, visits.cancel, visit_id, HandBack(version=1, note="人员冲突"))
    assert (await told.entry(told.centre)).visits == []
    assert (await visit(told, visit_id)).visit.note == "人员冲突"


async def test_points_follow_from_figures_and_findings(told: Told, blobs: BlobStore) -> None:
    await signed(told, blobs, verdict="partly", percent=50)
    done = await assessed(told)
    points = {one.item.code: [score.points for score in one.scores] for one in done.items}
    # 1200 s between 1800 s (nothing) and 600 s (all of 10); two referrals; half of 6; no data.
    assert points == {MEDIAN: [5.0], REFERRALS: [5.0], ON_SITE: [3.0], ELSEWHERE: [None]}
    assert done.entry.total is not None
    whole = done.entry.total
    assert (whole.points, whole.of, whole.without) == (13.0, 21.0, 4.0)
    assert done.entry.state == "assessed_by_owner"


async def test_without_a_visit_an_on_site_item_has_no_points(told: Told) -> None:
    before = await told.entry(told.province)
    preview = {one.item.code: [score.points for score in one.scores] for one in before.items}
    assert preview[ON_SITE] == [None]
    done = await assessed(told)
    assert done.entry.total is not None
    assert (done.entry.total.points, done.entry.total.without) == (10.0, 10.0)


async def test_points_are_the_centre_s_to_see_after_feedback(told: Told) -> None:
    await assessed(told)
    before = await told.entry(told.centre)
    assert (before.entry.total, before.results) == (None, [])
    assert not any(one.scores for one in before.items)
    entry = (await told.entry(told.province)).entry
    order = GiveFeedback(version=entry.version, words="请补足抢救床位")
    await told.run(told.province, judging.feed_back, entry.id, order)
    after = await told.entry(told.centre)
    assert after.entry.total is not None
    assert after.feedback is not None
    assert after.feedback.words == "请补足抢救床位"
    async with told.database.app.session(told.centre) as session:
        said = text(
            "SELECT convert_from(payload, 'UTF8') FROM case_event WHERE case_id = :id"
            " AND kind = 'assessment.assessed'"
        )
        payload = (await session.execute(said, {"id": entry.id})).scalar_one()
    assert "points" not in payload


async def test_a_city_assesses_first_and_the_owner_decides(told: Told) -> None:
    entry = (await told.entry(told.city)).entry
    order = Assess(version=entry.version, password="-")
    with pytest.raises(OtherSide):
        await told.run(told.county, judging.assess, entry.id, order)
    await told.run(told.city, judging.assess, entry.id, order)
    with pytest.raises(StepMoved):
        await told.run(told.city, judging.assess, entry.id, order)
    done = await assessed(told)
    assert [one.level for one in done.results] == ["city", "owner"]
    with pytest.raises(OtherSide):
        feedback = GiveFeedback(version=done.entry.version, words="x")
        await told.run(told.city, judging.feed_back, entry.id, feedback)


async def test_something_is_put_right_and_the_entry_and_round_are_closed(
    told: Told, blobs: BlobStore
) -> None:
    entry = (await fed_back(told)).entry
    past = Demand(version=entry.version, what="x", due_on=date(2026, 11, 1))
    with pytest.raises(DayPassed):
        await told.run(told.city, putting_right.demand, entry.id, past)
    demand = Demand(
        version=entry.version, what="增设抢救床位", due_on=date(2027, 1, 15), code=ON_SITE
    )
    await told.run(told.city, putting_right.demand, entry.id, demand)
    mine = await told.entry(told.centre)
    (task,) = mine.tasks
    assert (mine.entry.state, task.state, task.actions) == ("rectifying", "open", ["assign"])
    assert told.centre.person_id in {one.id for one in mine.colleagues}
    with pytest.raises(BadInput):
        stranger = AssignTask(version=1, owner_id=told.city.person_id)
        await told.run(told.centre, putting_right.assign, task.id, stranger)
    own = AssignTask(version=1, owner_id=told.centre.person_id)
    await told.run(told.centre, putting_right.assign, task.id, own)
    await told.run(told.centre, putting_right.prove, blobs, task.id, png())
    report = ReportTask(version=2, words="已增设两张")
    await told.run(told.centre, putting_right.report, task.id, report)
    close = RoundStep(version=mine.entry.version)
    with pytest.raises(TasksOpen):
        await told.run(told.province, putting_right.close, entry.id, close)
    back = HandBack(version=3, note="照片看不清")
    with pytest.raises(OtherSide):
        await told.run(told.county, putting_right.hand_back, task.id, back)
    await told.run(told.city, putting_right.hand_back, task.id, back)
    await told.run(told.centre, putting_right.report, task.id, ReportTask(version=4, words="重拍"))
    await told.run(told.city, putting_right.verify, task.id, RoundStep(version=5))
    (done,) = (await told.entry(told.centre)).tasks
    assert (done.state, done.note, len(done.files)) == ("verified", None, 1)
    await told.run(told.province, putting_right.close, entry.id, close)
    assert (await told.entry(told.centre)).entry.state == "closed"
    steps = text("SELECT kind FROM case_event WHERE case_id = :id ORDER BY seq")
    async with told.database.app.session(told.centre) as session:
        kinds = list((await session.execute(steps, {"id": entry.id})).scalars())
    assert [one.removeprefix("assessment.") for one in kinds] == [
        "planned", "self_check_opened", "answered", "answered", "answered", "self_check_submitted",
        "assessed", "feedback_given", "task_demanded", "task_assigned", "evidence_added",
        "task_reported", "task_handed_back", "task_reported", "task_verified", "closed",
    ]  # fmt: skip


async def notices(told: Told, person_id: UUID) -> list[str]:
    async with told.database.system.session(SYSTEM) as session:
        found = await session.execute(
            text(
                "SELECT data ->> 'code' FROM inbox_item WHERE person_id = :id"
                " AND data ->> 'code' LIKE 'assessment.%' ORDER BY id"
            ),
            {"id": person_id},
        )
        return list(found.scalars())


async def test_a_self_check_that_is_not_signed_in_time_is_missed_and_everybody_is_told(
    database: Clone,
) -> None:
    told = await tell(database)
    await told.open()
    entry = (await told.entry(told.centre)).entry
    live = At(told.clock.now())
    await timers.run_due(database.system, live)
    assert await notices(told, told.centre.person_id) == [
        "assessment.self_check_open",
        "assessment.due",
    ]
    await timers.run_due(database.system, live)
    assert len(await notices(told, told.centre.person_id)) == 2
    told.clock.set(told.clock.now() + timedelta(days=10))
    live = At(told.clock.now())
    await timers.run_due(database.system, live)
    missed = await told.entry(told.centre)
    assert (missed.entry.state, missed.entry.overdue) == ("self_check_missed", True)
    assert "assessment.self_check_missed" in await notices(told, told.centre.person_id)
    assert "assessment.self_check_missed" in await notices(told, told.province.person_id)
    assert "assessment.self_check_missed" in await notices(told, told.city.person_id)
    assert await notices(told, told.county.person_id) == []
    await told.submit()
    assert (await told.entry(told.centre)).entry.state == "self_check_submitted"
    assert entry.id == missed.entry.id


async def test_a_missed_self_check_is_assessed_all_the_same(database: Clone) -> None:
    told = await tell(database)
    await told.open()
    told.clock.set(told.clock.now() + timedelta(days=10))
    await timers.run_due(database.system, told.clock)
    done = await assessed(told)
    assert done.entry.state == "assessed_by_owner"


async def test_a_handed_back_self_check_waits_for_the_centre(told: Told) -> None:
    entry = (await told.entry(told.city)).entry
    await told.run(
        told.city, checking.hand_back, entry.id, HandBack(version=entry.version, note="补充")
    )
    order = Assess(version=entry.version + 1, password="-")
    with pytest.raises(StepMoved):
        await told.run(told.province, judging.assess, entry.id, order)
    seen = (await told.round(told.province)).round
    with pytest.raises(StepMoved):
        await told.run(
            told.province, planning.cancel, told.round_id, RoundStep(version=seen.version)
        )
