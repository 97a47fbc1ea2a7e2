"""Files of the demo region: two years' returns, licences, and the front pages of the last weeks.

Made up house by house, and brought through the importer by whoever brings files there; once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

import structlog

from kernel.database import Database
from kernel.viewer import Viewer
from quality.imports import service
from quality.imports.schemas import ImportIn
from quality.imports.sheets import SheetCode
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast
from server.demo.region import PLACES, Facility
from server.demo.yearly import Residence, children, mothers, row_of

log = structlog.get_logger()

WEEKS: Final = 8
"""So long ago the front pages begin."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of house is like: who brings its files, and how much of everything it has.

    Attributes:
        births: in a year.
        high_risk: share of women delivered.
    """

    post: str
    births: int
    high_risk: float
    doctors: int
    midwives: int
    beds: int


KINDS: Final[Mapping[str, Kind]] = {
    "centre": Kind("affairs", 5200, 0.62, 28, 34, 80),
    "hospital": Kind("office", 3400, 0.55, 19, 22, 60),
    "county": Kind("office", 1500, 0.41, 9, 12, 40),
    "institute": Kind("coordinator", 420, 0.24, 5, 8, 20),
}

Row = Mapping[str, object]


async def bring_files(database: Database, today: date) -> int:
    """Every house brings its files; how many houses did so now."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    houses = [one for one in PLACES.facilities if one.staff in KINDS] if cast.viewers else []
    brought = 0
    for house in houses:
        viewer = cast.at(house.code, KINDS[house.staff].post)
        async with database.session(viewer) as session:
            claim = {"account": viewer.account_id, "key": "demo-files"}
            if (await session.execute(CLAIM, claim)).first() is None:
                continue
            for sheet, rows in files_of(house, today):
                name = f"{house.short_name}_{sheet}.csv"
                given = ImportIn(sheet, cast.facilities[house.code], name, text_of(rows), False)
                await service.take(session, viewer, given, today)
        brought += 1
    log.info("demo.files", houses=brought)
    return brought


def files_of(house: Facility, today: date) -> Iterator[tuple[SheetCode, Sequence[Row]]]:
    """Each kind of file that a house has."""
    dice = Random(house.code)  # noqa: S311  (made up, the same at every start)
    ends = year_ends(today)
    yield "annual_returns", [row for end in ends for row in _annual(house, end, dice)]
    if _answers_for_county(house):
        yield "child_returns", [row for end in ends for row in _children(house, end, dice)]
    yield "institution_returns", [_institution(house, end) for end in ends]
    yield "practice_cards", list(_licences(house, today, dice))
    yield "house_licences", [_licence(house, today)]
    pages = list(_mothers(house, today, dice))
    yield "front_pages", pages
    yield "birth_cards", [_newborn(one, dice) for one in pages]


def text_of(rows: Sequence[Row]) -> str:
    """Comma-separated, headings first; all rows have the same."""
    lines = [",".join(rows[0]), *(",".join(map(str, one.values())) for one in rows)]
    return "\n".join(lines) + "\n"


def year_ends(today: date) -> tuple[date, date]:
    """The last days of the newest year of returns (to September) and of the last calendar year."""
    autumn = date(today.year, 9, 30)
    return autumn if autumn < today else date(today.year - 1, 9, 30), date(today.year - 1, 12, 31)


def _answers_for_county(house: Facility) -> bool:
    """Who hands in the figures of a county: its institute, or without one its hospital."""
    if house.tier != "county":
        return False
    here = [one for one in PLACES.facilities if one.region == house.region]
    return house.staff == "institute" or not any(one.staff == "institute" for one in here)


def _annual(house: Facility, end: date, dice: Random) -> Iterator[Row]:
    kind = KINDS[house.staff]
    births = round(kind.births * dice.uniform(0.9, 1.1))
    said = [mothers("house", "all", births, high_risk=kind.high_risk, deaths=0)]
    if _answers_for_county(house):
        deaths = int(dice.random() < 0.2)
        own, others = round(births * 1.6), round(births * 0.3)
        said.append(mothers("area", "registered", own, high_risk=0.22, deaths=deaths))
        said.append(mothers("area", "other", others, high_risk=0.25, deaths=0))
    for one in said:
        key = f"{house.code}-{end:%Y%m}-{one['covers']}-{one['residence']}"
        yield row_of("annual_returns", key, end, one)


def _children(house: Facility, end: date, dice: Random) -> Iterator[Row]:
    shares: tuple[tuple[Residence, int], ...] = (("registered", 2400), ("other", 400))
    for residence, births in shares:
        infants = sum(dice.random() < 0.0042 for _ in range(births))
        key = f"{house.code}-{end:%Y%m}-children-{residence}"
        yield row_of("child_returns", key, end, children(residence, births, infants))


def _institution(house: Facility, end: date) -> Row:
    beds = KINDS[house.staff].beds
    return {
        "报表编号": f"{house.code}-{end:%Y%m}-床位",
        "统计截止日期": end,
        "产科实有床位数": beds,
        "实有床位总数": beds * 9,
    }


def _licences(house: Facility, today: date, dice: Random) -> Iterator[Row]:
    kind = KINDS[house.staff]
    for profession, count in (("产科医师", kind.doctors), ("助产士", kind.midwives)):
        for no in range(count):
            yield {
                "考核合格证编号": f"{house.code}-{profession}-{no}",
                "发证日期": today - timedelta(days=400 + dice.randrange(600)),
                "人员类别": profession,
                "技术服务项目": "助产技术",
                "在岗": "是" if dice.random() < 0.95 else "否",
            }


def _licence(house: Facility, today: date) -> Row:
    return {
        "许可证编号": f"{house.code}-助产",
        "发证日期": today - timedelta(days=500),
        "技术服务项目": "助产技术",
        "有效": "是",
    }


def _mothers(house: Facility, today: date, dice: Random) -> Iterator[Row]:
    for no in range(KINDS[house.staff].births * WEEKS // 520):
        days = min(295, max(200, round(dice.gauss(274, 11))))
        mode = dice.choices(("阴道", "剖宫产", "中转剖宫产"), (55, 39, 6))[0]
        loss = min(2400, round(dice.lognormvariate(5.6, 0.5)))
        yield {
            "病案号": f"{house.code}-{no}",
            "分娩日期": today - timedelta(days=1 + dice.randrange(WEEKS * 7)),
            "孕周": f"{days // 7}+{days % 7}",
            "分娩方式": mode,
            "初产妇": dice.choice("是否"),
            "椎管内麻醉镇痛": "是" if mode == "阴道" and dice.random() < 0.6 else "否",
            "产后24小时出血量(mL)": loss,
            "输红细胞(U)": 2 if loss >= 1000 else 0,
            "子宫切除": "否",
            "非计划再次手术": "否",
            "死亡": "否",
            "入院途径": dice.choices(("门诊", "急诊", "其他医疗机构转入"), (62, 30, 8))[0],
        }


def _newborn(mother: Row, dice: Random) -> Row:
    weeks = int(str(mother["孕周"]).split("+")[0])
    weight = 3250 - max(0, 38 - weeks) * 190 + round(dice.gauss(0, 380))
    return {
        "报告卡编号": mother["病案号"],
        "出生日期": mother["分娩日期"],
        "出生孕周": mother["孕周"],
        "出生体重(g)": min(5200, max(900, weight)),
        "活产": "是",
        "5分钟Apgar": 6 if dice.random() < 0.01 else 9,
    }
