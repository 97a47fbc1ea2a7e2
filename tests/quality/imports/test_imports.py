"""Files of a house: tried dry, taken once, corrected by a later one, counted where they belong."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import NotAllowed
from kernel.ids import FacilityId, new_id
from kernel.viewer import Role, Viewer
from quality import indicators
from quality.errors import ImportTooLong
from quality.imports import queries, reading, service
from quality.imports.schemas import ImportIn, ImportReport
from quality.repository import Scope
from quality.schemas import CountValue, ElsewhereValue, ShareValue
from registry.people.service import Grant
from tests.fixtures.database import Clone
from tests.quality.cases import region
from tests.registry.world import World, account

TODAY = date(2026, 11, 27)
YEAR = Scope(datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC))
HEAD = "病案号,分娩日期,孕周,分娩方式,初产妇,椎管内麻醉镇痛,产后24小时出血量(mL),输红细胞(U)"
CARDS = "报告卡编号,出生日期,出生孕周,出生体重(g),活产,5分钟Apgar"


@pytest.fixture(scope="module")
async def world(module_database: Clone) -> World:
    return await region(module_database)


async def coordinator(database: Clone, world: World, house: FacilityId) -> Viewer:
    """Somebody who exists, a coordinator of `house`."""
    login = f"coordinator{new_id().hex[-8:]}"
    grant = Grant(Role.COORDINATOR, facility_id=house)
    who, _ = await account(database.system, world.clock, login, house, grant)
    viewer = world.viewer(Role.COORDINATOR, house)
    return Viewer(
        account_id=viewer.account_id,
        person_id=who,
        session_id=None,
        facility_id=house,
        facility_ids=viewer.facility_ids,
        region_ids=viewer.region_ids,
        roles=viewer.roles,
    )


async def bring(
    database: Clone, viewer: Viewer, content: str, *, sheet: str = "front_pages", dry: bool = False
) -> ImportReport:
    given = ImportIn(sheet, viewer.facility_id, "三月.csv", content, dry)  # type: ignore[arg-type]
    async with database.app.session(viewer) as session:
        return await service.take(session, viewer, given, TODAY)


async def share(database: Clone, viewer: Viewer, code: str, **where: UUID) -> tuple[int, int]:
    scope = Scope(YEAR.start, YEAR.end, **where)
    async with database.app.session(viewer) as session:
        value = (await indicators.detail(session, scope, "with", code)).indicator.value
    if isinstance(value, CountValue):
        return value.n, value.n
    assert isinstance(value, ShareValue)
    return value.n, value.of


def mothers(n: int, seed: int) -> Iterator[tuple[str, dict[str, int]]]:
    """Lines of a file, and which numerators and denominators each stands in."""
    chance = random.Random(seed)
    for no in range(n):
        days = chance.choice([195, 196, 237, 238, 258, 259, 280])
        mode = chance.choice(["阴道", "剖宫产", "中转剖宫产"])
        first = chance.choice("是否")
        eased = chance.choice(["是", "否", ""])
        loss = chance.choice(["", "999", "1000", "2500"])
        units = chance.choice(["", "0.5", "1", "4"])
        counts = days >= 196
        severe = counts and loss not in ("", "999")
        cut = mode != "阴道"
        weeks = f"{days // 7}+{days % 7}"
        yield (
            f"M{no},2026-03-{no % 28 + 1:02},{weeks},{mode},{first},{eased},{loss},{units}",
            {
                "ob_caesarean_rate": counts and cut,
                "ob_caesarean_rate/of": counts,
                "ob_primiparous_caesarean_rate": counts and cut and first == "是",
                "ob_primiparous_caesarean_rate/of": counts and first == "是",
                "ob_neuraxial_rate": counts and not cut and eased == "是",
                "ob_neuraxial_rate/of": counts and not cut and eased != "",
                "ob_preterm_rate": 196 <= days <= 258,
                "ob_preterm_rate/of": counts,
                "ob_early_preterm_rate": 196 <= days <= 237,
                "ob_early_preterm_rate/of": counts,
                "ob_severe_pph_rate": severe,
                "ob_severe_pph_rate/of": counts and loss != "",
                "ob_severe_pph_transfused": severe and units in ("1", "4"),
                "ob_severe_pph_transfused/of": severe and units != "",
                "annual_deliveries": True,
                "annual_deliveries/of": True,
            },
        )


async def test_a_file_is_tried_taken_once_and_corrected_by_a_later_one(
    module_database: Clone, world: World
) -> None:
    viewer = await coordinator(module_database, world, world.city_centre)
    first = f"{HEAD}\nA1,2026-03-01,39,阴道,是,否,300,\nA2,2026-03-02,39,顺产,是,否,300,\n"
    dry = await bring(module_database, viewer, first, dry=True)
    assert (dry.batch_id, dry.fresh, dry.refused) == (None, 1, 1)
    assert await share(module_database, viewer, "annual_deliveries") == (0, 0)
    done = await bring(module_database, viewer, first)
    assert (done.fresh, done.replacing, done.unchanged, done.refused) == (1, 0, 0, 1)
    assert done.batch_id is not None
    again = await bring(module_database, viewer, first)
    assert (again.batch_id, again.fresh, again.unchanged) == (None, 0, 1)
    later = f"{HEAD}\nA1,2026-03-01,39,剖宫产,是,否,1200,\nA2,2026-03-02,39,阴道,是,否,300,\n"
    corrected = await bring(module_database, viewer, later)
    assert (corrected.fresh, corrected.replacing, corrected.unchanged) == (1, 1, 0)
    assert await share(module_database, viewer, "annual_deliveries") == (2, 2)
    assert await share(module_database, viewer, "ob_caesarean_rate") == (1, 2)
    async with module_database.app.session(viewer) as session:
        taken = await queries.taken(session)
        behind = await indicators.behind(session, YEAR, "with", "ob_caesarean_rate")
        kept = (await session.execute(text("SELECT count(*) FROM imported_row"))).scalar_one()
    assert [(one.rows, one.taken) for one in taken.batches] == [(2, 2), (2, 1)]
    assert kept == 3
    assert sorted(str(one.number).split("/")[1] for one in behind.cases) == ["1", "2"]
    assert not any("A1" in str(one.number) for one in behind.cases)


YEARS = "报表编号,统计截止日期,户籍,产妇数,活产数,孕产妇死亡数"
LICENCES = "考核合格证编号,发证日期,人员类别,技术服务项目,在岗"
HOUSES = "许可证编号,发证日期,技术服务项目,有效"
INFANTS = "报表编号,统计截止日期,户籍,活产数,新生儿死亡数,婴儿死亡数"
BEDS = "报表编号,统计截止日期,产科实有床位数"


@pytest.mark.parametrize(
    ("sheet", "heads", "first", "later"),
    [
        (
            "annual_returns", YEARS,
            ["N1,2025-12-31,户籍,900,910,0", "N2,2025-12-31,无,1,1,0"],
            "N1,2025-12-31,户籍,901,910,0",
        ),
        (
            "practice_cards", LICENCES,
            ["Z1,2020-05-01,助产士,助产技术,是", "Z2,20-5-1,助产士,助产技术,是"],
            "Z1,2020-05-01,助产士,助产技术,否",
        ),
        (
            "house_licences", HOUSES,
            ["L1,2024-05-01,助产技术,是", "L2,2024-05-01,接生,是"],
            "L1,2024-05-01,助产技术,否",
        ),
        (
            "child_returns", INFANTS,
            ["C1,2025-12-31,户籍,910,2,3", "C2,2025-12-31,户籍,910,2,"],
            "C1,2025-12-31,户籍,910,2,4",
        ),
        (
            "institution_returns", BEDS,
            ["J1,2025-12-31,40", "J2,2025-12-31,四十"],
            "J1,2025-12-31,42",
        ),
    ],
)  # fmt: skip
async def test_returns_and_licences_are_tried_taken_once_and_corrected(
    module_database: Clone, world: World, sheet: str, heads: str, first: list[str], later: str
) -> None:
    tried = "\n".join([heads, *first])
    viewer = await coordinator(module_database, world, world.city_centre)
    dry = await bring(module_database, viewer, tried, sheet=sheet, dry=True)
    assert (dry.batch_id, dry.fresh, dry.refused) == (None, 1, 1)
    done = await bring(module_database, viewer, tried, sheet=sheet)
    assert (done.fresh, done.refused) == (1, 1)
    again = await bring(module_database, viewer, tried, sheet=sheet)
    assert (again.batch_id, again.unchanged) == (None, 1)
    corrected = await bring(module_database, viewer, f"{heads}\n{later}", sheet=sheet)
    assert (corrected.fresh, corrected.replacing) == (0, 1)
    async with module_database.app.session(viewer) as session:
        batches = [one for one in (await queries.taken(session)).batches if one.sheet == sheet]
    assert [one.taken for one in batches] == [1, 1]
    assert {one.added_by.id for one in batches if one.added_by} == {viewer.person_id}


@pytest.mark.parametrize("seed", [1, 2])
async def test_rates_of_imported_rows_are_those_of_plain_counting(
    database: Clone, seed: int
) -> None:
    world = await region(database)
    viewer = await coordinator(database, world, world.county_hospital)
    told = list(mothers(120, seed))
    report = await bring(database, viewer, "\n".join([HEAD, *(line for line, _ in told)]))
    assert report.fresh == 120
    sums = {name: sum(counts[name] for _, counts in told) for name in told[0][1]}
    for code in {name.partition("/")[0] for name in sums}:
        assert await share(database, viewer, code) == (sums[code], sums[f"{code}/of"]), code
    # A column that no file has is not known: no rate of nought is made of it.
    assert await share(database, viewer, "ob_hysterectomy_rate") == (0, 0)


async def test_newborns_count_for_live_births_and_term(database: Clone) -> None:
    world = await region(database)
    viewer = await coordinator(database, world, world.county_hospital)
    rows = (
        "B1,2026-03-01,39,4000,是,6",
        "B2,2026-03-01,36+6,3999,是,6",
        "B3,2026-03-01,37,3000,是,",
        "B4,2026-03-01,40,4200,否,0",
    )
    await bring(database, viewer, "\n".join([CARDS, *rows]), sheet="birth_cards")
    assert await share(database, viewer, "ob_macrosomia_rate") == (1, 3)
    assert await share(database, viewer, "ob_term_apgar5_below_7") == (1, 1)


RETURN = "报表编号,统计截止日期,统计范围,户籍,产妇数,活产数,产前检查人数,产后访视人数,孕产妇死亡数"


async def test_a_year_s_figures_answer_for_that_year_and_no_part_of_it(database: Clone) -> None:
    world = await region(database)
    near = await coordinator(database, world, world.county_hospital)
    far = await coordinator(database, world, world.stranger)
    centre = await coordinator(database, world, world.city_centre)
    rows = (
        "N1,2026-09-30,本辖区,户籍,1000,1000,990,,1",
        "N2,2026-09-30,本辖区,非户籍,500,500,450,480,1",
        "N3,2026-09-30,本机构,合计,300,310,,,0",
        "N4,2025-09-30,本辖区,户籍,9999,9999,9999,9999,9",
        "N5,2026-09-30,,户籍,7,7,7,7,7",
    )
    await bring(database, near, "\n".join([RETURN, *rows]), sheet="annual_returns")
    other = "F1,2026-09-30,本辖区,合计,2000,2000,1800,1700,0"
    await bring(database, far, f"{RETURN}\n{other}\n", sheet="annual_returns")
    # The city's sum holds its counties, and does not count beside them.
    sum_ = "C1,2026-09-30,本辖区,合计,1500,1500,1440,480,2"
    await bring(database, centre, f"{RETURN}\n{sum_}\n", sheet="annual_returns")
    province = world.viewer(Role.COMMISSION, world.province_centre, world.province)
    october = datetime(2025, 9, 30, 16, tzinfo=UTC)
    year = Scope(october, october.replace(year=2026))
    told = {
        "maternal_death_ratio_all": (2, 3500),
        "maternal_mortality": (1, 1000),
        "return_examined_rate": (990 + 450 + 1800, 3500),
        "return_visited_rate": (480 + 1700, 2500),
        "ob_maternal_deaths_per_live_births": (0, 310),
    }
    async with database.app.session(province) as session:
        for code, (part, whole) in told.items():
            found = await indicators.detail(session, year, "with", code)
            value = found.indicator.value
            assert isinstance(value, ShareValue), code
            assert (value.n, value.of) == (part, whole), code
            assert (found.months, found.control, found.funnel) == ([], None, None)
        behind = await indicators.behind(session, year, "with", "return_visited_rate")
        assert {(one.state, one.reason) for one in behind.cases} == {
            ("counted", None),
            ("outside", "adds_up"),
            ("outside", "visited"),
        }
        assert sorted(one.whole for one in behind.cases if one.state == "counted") == [500, 2000]
        near_ = Scope(year.start, year.end, region_id=world.city)
        value = (await indicators.detail(session, near_, "with", "maternal_mortality")).indicator
        assert getattr(value.value, "of", None) == 1000
        for start, end in (
            (year.start, year.end - timedelta(days=1)),
            (year.start + timedelta(hours=1), year.end + timedelta(hours=1)),
            (year.start - timedelta(days=30), year.end),
        ):
            part_of = Scope(start, end)
            found = await indicators.detail(session, part_of, "with", "maternal_mortality")
            assert found.indicator.value == ElsewhereValue("whole_year")
            behind = await indicators.behind(session, part_of, "with", "maternal_mortality")
            assert behind.cases == []
        # Calendar years end on another day than these figures: nothing is made of them.
        calendar = await indicators.detail(session, YEAR, "with", "maternal_mortality")
        assert getattr(calendar.indicator.value, "of", None) == 0


async def test_a_houses_licences_for_midwifery_are_in_force_or_not(database: Clone) -> None:
    world = await region(database)
    viewer = await coordinator(database, world, world.county_hospital)
    rows = (
        "L1,2024-05-01,助产技术,是",
        "L2,2020-05-01,助产技术,否",
        "L3,2024-05-01,产前筛查,是",
    )
    await bring(database, viewer, "\n".join([HOUSES, *rows]), sheet="house_licences")
    assert await share(database, viewer, "midwifery_licences_in_force") == (1, 2)


async def test_midwives_are_counted_by_their_licences(database: Clone) -> None:
    world = await region(database)
    viewer = await coordinator(database, world, world.county_hospital)
    rows = (
        "Z1,2025-05-01,助产士,助产技术,是",
        "Z2,2025-05-01,助产士,助产技术,否",
        "Z3,2025-05-01,助产士,产前筛查,是",
        "Z4,2025-05-01,产科医师,助产技术,是",
    )
    await bring(database, viewer, "\n".join([LICENCES, *rows]), sheet="practice_cards")
    assert await share(database, viewer, "midwives") == (1, 1)
    left = f"{LICENCES}\nZ1,2025-05-01,助产士,助产技术,否\n"
    await bring(database, viewer, left, sheet="practice_cards")
    assert await share(database, viewer, "midwives") == (0, 0)


async def test_rows_open_to_their_house_and_to_who_oversees_its_region(database: Clone) -> None:
    world = await region(database)
    viewer = await coordinator(database, world, world.county_hospital)
    await bring(database, viewer, f"{HEAD}\nA1,2026-03-01,39,阴道,是,否,300,\n")
    for role, house, places, seen in (
        (Role.REFERRING_CLINICIAN, world.county_hospital, (), 1),
        (Role.COMMISSION, world.city_centre, (world.city,), 1),
        (Role.COMMISSION, world.city_centre, (world.far_county,), 0),
        (Role.EXPERT, world.city_centre, (), 0),
    ):
        other = world.viewer(role, house, *places)
        assert await share(database, other, "annual_deliveries") == (seen, seen)
        with pytest.raises(NotAllowed):
            given = ImportIn("front_pages", world.county_hospital, "x", HEAD, False)
            async with database.app.session(other) as session:
                await service.take(session, other, given, TODAY)
    far = {"region_id": world.far_county}
    assert await share(database, viewer, "annual_deliveries", **far) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE imported_row SET day = '2026-01-01'",
        "DELETE FROM import_batch",
        "INSERT INTO imported_row (batch_id, row_no, sheet, facility_id, key_hash, day, content)"
        " SELECT id, 99, sheet, facility_id, digest, '2026-01-01', '{}' FROM import_batch LIMIT 1",
    ],
)
async def test_what_was_taken_stays_as_it_is(
    module_database: Clone, world: World, wrong: str
) -> None:
    viewer = await coordinator(module_database, world, world.province_centre)
    await bring(module_database, viewer, f"{HEAD}\n{new_id()},2026-03-01,39,阴道,是,否,300,\n")
    async with module_database.app.session(viewer) as session:
        with pytest.raises(DBAPIError):
            await session.execute(text(wrong))
        await session.rollback()


async def test_a_file_that_is_too_long_is_refused_whole(
    module_database: Clone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    viewer = await coordinator(module_database, world, world.stranger)
    rows = "\n".join(f"L{no},2026-03-01,39,阴道,是,否,300," for no in range(3))
    with pytest.raises(ImportTooLong):
        await bring(module_database, viewer, f"{HEAD}\n{rows}")
