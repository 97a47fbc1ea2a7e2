"""A death opens a review: deadlines for those who treat and collect reports, with reminders."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from kernel.clock import SimulatedClock
from kernel.errors import NotFound
from referral.aftermath import queries
from referral.aftermath.commands import ReportStep
from referral.aftermath.errors import AlreadyReported, BeforeDeath
from referral.aftermath.models import DeathReviewRow
from referral.aftermath.schemas import DeathReview
from referral.aftermath.service.reviews import report_step
from referral.aftermath.timers import run_due
from referral.commands.on_case import Die, RecordLoss
from referral.errors import EventInFuture
from referral.service.finish import die, record_loss
from tests.referral.aftermath.roads import accepted, closed, handed_over
from tests.referral.network import SEALER, Network

DEATH = {"place": "手术室", "certifier": "测试医生"}


async def reviews(net: Network, who: str) -> list[DeathReview]:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        found = await queries.reviews(session, net.clock, viewer, SEALER)
    return found.deaths


async def report(net: Network, who: str, review: DeathReview, step: str, **fields: object) -> None:
    viewer, order = net.staff[who], ReportStep(**fields)  # type: ignore[arg-type]
    async with net.clone.app.session(viewer) as session:
        await report_step(session, net.clock, viewer, review.id, step, order)


async def test_who_sees_it_and_what_is_due(fresh_net: Network) -> None:
    net = fresh_net
    case, _ = await accepted(net)
    await net.act("county_doctor", case, die, Die, **DEATH)
    for who in ("county_doctor", "city_expert", "coordinator"):
        (review,) = await reviews(net, who)
        assert (review.case.id, review.who, review.status) == (case, "mother", "open")
        assert review.may_report
    assert await reviews(net, "outsider") == []
    assert await reviews(net, "commission") == []
    (review,) = await reviews(net, "county_doctor")
    first = review.steps[0]
    assert (first.step, first.confidence) == ("report_county_mch", "S")
    assert first.due_at == net.clock.now() + timedelta(days=2)
    assert not first.to_be_verified
    assert review.calendar_to_be_verified
    assert [step.step for step in review.steps] == [
        "report_county_mch",
        "hospital_review",
        "county_review",
    ]
    opened = next(e for e in await net.events(case) if e.row.kind == "review.opened")
    assert set(opened.payload) == {"review_id", "who", "due", "ruleset"}


async def test_a_loss_and_a_death_with_the_outcome_open_one_each(fresh_net: Network) -> None:
    net = fresh_net
    going_on, _ = await accepted(net)
    await net.act("county_doctor", going_on, record_loss, RecordLoss, who="fetus", **DEATH)
    await closed(net, "dead_on_arrival")
    found = await reviews(net, "city_expert")
    assert {(item.who, item.case.state) for item in found} == {
        ("fetus", "open"),
        ("mother", "closed"),
    }
    fetal = next(item for item in found if item.who == "fetus")
    assert all(step.to_be_verified for step in fetal.steps)


async def test_reported_by_whom_and_never_twice(fresh_net: Network) -> None:
    net = fresh_net
    case, _ = await accepted(net)
    await net.act("county_doctor", case, die, Die, **DEATH)
    (review,) = await reviews(net, "county_doctor")
    died = net.clock.now()
    net.wait(hours=3)
    with pytest.raises(BeforeDeath):
        await report(
            net, "county_doctor", review, "report_county_mch", at=died - timedelta(hours=1)
        )
    with pytest.raises(EventInFuture):
        later = net.clock.now() + timedelta(hours=1)
        await report(net, "county_doctor", review, "report_county_mch", at=later)
    with pytest.raises(NotFound):
        await report(net, "outsider", review, "report_county_mch")
    with pytest.raises(NotFound):
        await report(net, "county_doctor", review, "no_such_step")
    await report(net, "coordinator", review, "report_county_mch", reference="直报号 7")
    with pytest.raises(AlreadyReported):
        await report(net, "county_doctor", review, "report_county_mch")
    (after,) = await reviews(net, "county_doctor")
    step = after.steps[0]
    assert step.reported_by is not None
    assert step.reported_by.id == net.staff["coordinator"].person_id
    assert step.reference == "直报号 7"
    assert (await net.kinds(case))[-1] == "review.step_reported"
    for other in ("hospital_review", "county_review"):
        await report(net, "county_doctor", review, other)
    assert (await reviews(net, "county_doctor"))[0].status == "reported"


async def test_reminded_before_at_and_after_the_deadline_until_reported(
    fresh_net: Network,
) -> None:
    net = fresh_net
    case, _ = await accepted(net)
    await net.act("county_doctor", case, die, Die, **DEATH)

    async def said() -> list[bool]:
        events = [e for e in await net.events(case) if e.row.kind == "review.reminded"]
        return [bool(e.payload["overdue"]) for e in events]

    assert not await run_due(net.clone.system, net.clock)
    net.wait(hours=24)
    assert await run_due(net.clone.system, net.clock)
    assert not await run_due(net.clone.system, net.clock)
    assert await said() == [False]
    net.wait(hours=24)
    await run_due(net.clone.system, net.clock)
    net.wait(hours=24)
    await run_due(net.clone.system, net.clock)
    assert await said() == [False, True, True]
    (review,) = await reviews(net, "county_doctor")
    assert (review.status, review.steps[0].reminders) == ("overdue", 3)
    await report(net, "county_doctor", review, "report_county_mch")
    net.wait(hours=48)
    assert not await run_due(net.clone.system, net.clock)
    assert not await run_due(net.clone.system, SimulatedClock(net.clock.now()))


async def test_the_database_keeps_strangers_out_and_history_as_it_is(fresh_net: Network) -> None:
    net = fresh_net
    case, _ = await accepted(net)
    await net.act("county_doctor", case, die, Die, **DEATH)
    for who, seen in (("county_doctor", 1), ("outsider", 0), ("commission", 0), ("admin", 0)):
        async with net.clone.app.session(net.staff[who]) as session:
            rows = (await session.execute(select(DeathReviewRow))).scalars().all()
            assert len(rows) == seen
            steps = await session.scalar(text("SELECT count(*) FROM death_review_step"))
            assert steps == 3 * seen
    with pytest.raises(ProgrammingError):
        async with net.clone.app.session(net.staff["county_doctor"]) as session:
            await session.execute(text("UPDATE death_review SET who = 'fetus'"))
    with pytest.raises(ProgrammingError):
        async with net.clone.app.session(net.staff["county_doctor"]) as session:
            await session.execute(text("UPDATE death_review_step SET due_at = now()"))


async def test_the_house_she_died_in_is_not_told_that_she_will_not_come(net: Network) -> None:
    case = await handed_over(net)
    await net.act("city_expert", case, die, Die, place="ICU", certifier="测试医生")
    seen = await net.see("city_expert", case)
    assert [offer.state for offer in seen.offers] == ["accepted"]
    assert seen.waiting_for == "nothing"
    assert seen.allowed == []
