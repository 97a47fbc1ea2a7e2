"""From a plan to a signed self-check, by people of four levels."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.blobs import BlobStore
from kernel.errors import BadInput, NotAllowed, NotFound
from kernel.viewer import Role
from quality.rounds import checking, evidence, items, planning, queries
from quality.rounds.errors import (
    DayPassed,
    EntriesOpen,
    ItemUnknown,
    NotAnswered,
    OtherSide,
    RoundStands,
    StepMoved,
)
from quality.rounds.rules import rules
from quality.rounds.schemas import AnswerItem, HandBack, ItemIn, RoundStep, SignStep
from quality.rounds.scoring import Band
from tests.fixtures.database import Clone
from tests.kernel.media.pictures import png
from tests.quality.cases import SYSTEM
from tests.quality.rounds.told import (
    ELSEWHERE,
    MEDIAN,
    ON_SITE,
    REFERRALS,
    Told,
    plan_over,
    somebody,
    tell,
)
from tests.registry.world import SEALER

PNG = png()


@pytest.fixture
async def told(database: Clone) -> Told:
    return await tell(database)


@pytest.fixture(scope="module")
async def planned(module_database: Clone) -> Told:
    """A round that nobody opens: for refusals."""
    return await tell(module_database)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path, SEALER, max_bytes=1_000_000)


async def test_a_plan_holds_every_centre_of_the_period_and_each_level_sees_its_own(
    planned: Told,
) -> None:
    world = planned.world
    seen = {
        name: {one.facility.id for one in (await planned.round(viewer)).entries}
        for name, viewer in (
            ("province", planned.province),
            ("city", planned.city),
            ("county", planned.county),
            ("centre", planned.centre),
        )
    }
    assert seen == {
        "province": {world.county_hospital, world.city_centre, world.province_centre},
        "city": {world.county_hospital, world.city_centre},
        "county": {world.county_hospital},
        "centre": {world.county_hospital},
    }
    sides = [(await planned.entry(who)).entry.side for who in (planned.province, planned.city)]
    sides += [(await planned.entry(who)).entry.side for who in (planned.county, planned.centre)]
    assert sides == ["owner", "city", "county", "centre"]


async def test_a_stranger_sees_no_round(planned: Told) -> None:
    with pytest.raises(NotFound):
        await planned.round(planned.world.outsider)


async def test_a_weight_without_its_document_is_to_be_verified(planned: Told) -> None:
    shown = {one.code: one for one in (await planned.round(planned.province)).items}
    assert [one for one in shown if shown[one].weight_to_be_verified] == [REFERRALS, ELSEWHERE]
    assert shown[ON_SITE].to_be_verified
    assert not (await planned.round(planned.province)).round.whole_year


async def test_on_site_items_are_not_told_to_the_centre(planned: Told) -> None:
    assert ON_SITE not in {one.code for one in (await planned.round(planned.centre)).items}
    assert ON_SITE not in {one.item.code for one in (await planned.entry(planned.centre)).items}
    assert ON_SITE in {one.item.code for one in (await planned.entry(planned.county)).items}


async def test_the_same_period_is_assessed_once(planned: Told) -> None:
    period_id = (await planned.round(planned.province)).round.period_id
    with pytest.raises(RoundStands):
        await planned.run(planned.province, planning.plan, plan_over(planned.world, period_id))


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"self_check_by": date(2026, 11, 30)}, DayPassed),
        ({"assess_by": date(2026, 12, 10)}, BadInput),
        ({"items": [ItemIn(code="site_of_our_own", weight=3)]}, ItemUnknown),
        ({"items": [ItemIn(code="rescue_centre_coverage", weight=3)]}, ItemUnknown),
        ({"items": [ItemIn(code=MEDIAN, weight=3)]}, BadInput),
        ({"items": [ItemIn(code=ON_SITE, weight=3, scoring=Band(low=1))]}, BadInput),
        ({"items": [ItemIn(code=MEDIAN), ItemIn(code=MEDIAN)]}, BadInput),
    ],
)
async def test_a_plan_makes_sense(
    planned: Told, changed: dict[str, object], refusal: type[Exception]
) -> None:
    period_id = (await planned.round(planned.province)).round.period_id
    wanted = plan_over(planned.world, period_id, **changed)
    with pytest.raises(refusal):
        await planned.run(planned.province, planning.plan, wanted)


async def test_only_who_oversees_the_region_plans(planned: Told) -> None:
    period_id = (await planned.round(planned.province)).round.period_id
    with pytest.raises(NotAllowed):
        await planned.run(planned.city, planning.plan, plan_over(planned.world, period_id))


async def test_the_choices_are_the_period_s_and_the_rules(planned: Told) -> None:
    period_id = (await planned.round(planned.province)).round.period_id
    async with planned.database.app.session(planned.province) as session:
        found = await queries.choices(session, planned.clock, planned.world.province, period_id)
    assert found.centres == 3
    assert [one.day for one in found.deadlines] == [date(2027, 1, 31), date(2027, 6, 30)]
    offered = {one.code: one for one in found.items}
    assert {MEDIAN, ELSEWHERE, ON_SITE} <= offered.keys()
    assert "rescue_centre_coverage" not in offered
    assert all(one.weight is None for one in found.items)


async def test_figures_come_from_the_closed_period_each_centre_for_itself(told: Told) -> None:
    await told.open()
    found = {one.item.code: one.figures for one in (await told.entry(told.centre)).items}
    median, referrals = found[MEDIAN], found[REFERRALS]
    assert median is not None
    assert (median.n, median.value) == (2, 1200)
    assert referrals is not None
    assert referrals.value == 2
    assert found[ELSEWHERE] is None
    city = {
        one.item.code: one.figures
        for one in (await told.entry(told.city, told.world.city_centre)).items
    }
    nothing = city[MEDIAN]
    assert nothing is not None
    assert (nothing.n, nothing.value) == (0, None)
    entry = await told.entry(told.centre)
    assert (entry.entry.state, entry.entry.due) == ("self_check_open", date(2026, 12, 10))


async def test_behind_a_figure_stand_as_many_cases_as_it_says(told: Told) -> None:
    await told.open()
    entry = await told.entry(told.province)
    async with told.database.app.session(told.province) as session:
        found = await queries.behind(session, entry.entry.id, MEDIAN)
        assert len([one for one in found.cases if one.state == "counted"]) == found.figures.n == 2
        with pytest.raises(NotFound):
            await queries.behind(session, entry.entry.id, ELSEWHERE)


async def test_a_self_check_is_whole_signed_and_then_moves_no_more(
    told: Told, blobs: BlobStore
) -> None:
    await told.open()
    entry = (await told.entry(told.centre)).entry
    sign = SignStep(version=entry.version, password="-")
    with pytest.raises(NotAnswered):
        await told.run(told.centre, checking.submit, entry.id, sign)
    file_id = await told.run(told.centre, evidence.add, blobs, entry.id, MEDIAN, PNG)
    again = await told.run(told.centre, evidence.add, blobs, entry.id, MEDIAN, PNG)
    assert file_id == again
    done = await told.submit()
    assert done.entry.state == "self_check_submitted"
    assert done.submitted is not None
    assert done.submitted_by is not None
    (with_file,) = (one for one in done.items if one.files)
    assert (with_file.item.code, with_file.answer and with_file.answer.times) == (MEDIAN, 1)
    with pytest.raises(StepMoved):
        await told.run(told.centre, checking.answer, entry.id, AnswerItem(code=MEDIAN, words="改"))
    with pytest.raises(StepMoved):
        await told.run(told.centre, evidence.withdraw, file_id)
    async with told.database.app.session(told.province) as session:
        _, media_type, _ = await evidence.fetch(session, blobs, file_id)
    assert media_type == "image/png"
    async with told.database.system.session(SYSTEM) as session:
        kinds = list(
            (
                await session.execute(
                    text("SELECT kind FROM case_event WHERE case_id = :id ORDER BY seq"),
                    {"id": entry.id},
                )
            ).scalars()
        )
    assert kinds[:3] == [
        "assessment.planned",
        "assessment.self_check_opened",
        "assessment.evidence_added",
    ]
    assert kinds[-1] == "assessment.self_check_submitted"


async def test_a_self_check_goes_back_with_its_reason(told: Told) -> None:
    await told.open()
    done = await told.submit()
    order = HandBack(version=done.entry.version, note="请补充佐证材料")
    with pytest.raises(OtherSide):
        await told.run(told.county, checking.hand_back, done.entry.id, order)
    await told.run(told.city, checking.hand_back, done.entry.id, order)
    back = await told.entry(told.centre)
    assert (back.entry.state, back.note) == ("self_check_open", "请补充佐证材料")
    with pytest.raises(StepMoved):
        await told.run(told.city, checking.hand_back, done.entry.id, order)
    again = await told.submit()
    assert again.note is None


async def test_nobody_writes_another_house_s_self_check(told: Told) -> None:
    await told.open()
    entry_id = (await told.entry(told.province)).entry.id
    said = AnswerItem(code=MEDIAN, words="x")
    with pytest.raises(OtherSide):
        await told.run(told.province, checking.answer, entry_id, said)
    other = await somebody(told.database, told.world, Role.MEDICAL_AFFAIRS, told.world.city_centre)
    with pytest.raises(NotFound):
        await told.run(other, checking.answer, entry_id, said)
    with pytest.raises(NotFound):
        await told.run(told.world.doctor, checking.answer, entry_id, said)


async def test_a_figure_is_never_rewritten(told: Told) -> None:
    await told.open()
    with pytest.raises(DBAPIError, match=r"refused|permission"):
        async with told.database.system.session(SYSTEM) as session:
            await session.execute(text("UPDATE assessment_value SET figures = '{}'"))


async def test_a_round_is_called_off_before_it_begins_and_planned_anew(told: Told) -> None:
    seen = (await told.round(told.province)).round
    assert seen.actions == ["open", "cancel"]
    with pytest.raises(NotFound):
        await told.run(told.city, planning.cancel, told.round_id, RoundStep(version=seen.version))
    await told.run(told.province, planning.cancel, told.round_id, RoundStep(version=seen.version))
    assert {one.state for one in (await told.round(told.province)).entries} == {"cancelled"}
    await told.run(told.province, planning.plan, plan_over(told.world, seen.period_id))


async def test_a_round_is_not_closed_over_open_entries(told: Told) -> None:
    await told.open()
    seen = (await told.round(told.province)).round
    with pytest.raises(EntriesOpen):
        await told.run(
            told.province, planning.close, told.round_id, RoundStep(version=seen.version)
        )


async def test_a_proposed_item_takes_the_handbook_s_baseline(planned: Told) -> None:
    async with planned.database.app.session(planned.province) as session:
        period_id = (await planned.round(planned.province)).round.period_id
        offered = await items.offered(session, period_id)
    assert all(items.proposed(one, rules()).scoring is None for one in offered)
