"""Returns of the demo region: what one county and its city handed in lately, in time and late.

Told through the commands that people use, at a clock of the past; figures are the region's own.
"""

from datetime import date, datetime, time, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import SimulatedClock
from kernel.database import Database, act_as
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality import facts
from quality.obligations.calendar import CALENDAR, Obligation, Period, code_of
from quality.returns import service
from quality.returns.forms import FORMS, Item
from quality.returns.pulling import Puller
from quality.returns.schemas import Cell, MoveReturn, OpenReturn, StateAnswers, Statement, TableRow
from registry.facilities.rules import CHINA, local_date
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast

log = structlog.get_logger()

AUTHORS: Final = {"county": ("LJ001", "expert"), "city": ("YJ001", "lead")}
LATE: Final = ("alliance_report", "leadership_meeting")
"""Handed in some days after the day; the newest plan is left open."""
OPEN: Final = ("alliance_plan", "outpatient_schedule")
WORDS: Final = {
    "problems": "夜间二线专家到场时间偏长；乡镇卫生院转诊前未开通静脉通路 1 例。",
    "measures": "二线改为院内值班；对 3 家卫生院开展转运前处置培训，月底复查。",
    "focus": "产后出血与子痫规范化处置，新生儿复苏复训。",
    "done": "计划 6 项，完成 5 项，1 项顺延至下月。",
    "safety_education": "开展警示教育 1 次，讨论产后出血病例 1 例。",
    "staffing": "24 小时值班落实；急救车药品每班核对，除颤仪每周检测。",
    "minutes": "听取上期决议落实情况，讨论绿色通道用血、转运衔接和救护车调度。",
    "place": "县卫健委三楼会议室，乡镇卫生院视频参会",
    "chair": "分管副县长（演示）",
    "special_population": "本季度三个月名册均已上报。",
    "followed": "随访完成，转介精神科 1 人。",
}
ROWS: Final = {
    "works": (
        ("第一周", "教学查房", "柳塘卫生院", "产科"),
        ("第三周", "新生儿复苏培训", "全县助产机构", "新生儿科"),
    ),
    "attendance": (("卫健委", "（演示）", "分管领导"), ("120", "（演示）", "调度长")),
    "resolutions": (("血站每日通报 O 型红细胞库存", "血站", "月底"),),
    "clinics": (("每周二", "上午", "临江县医院", "（演示）", "高危妊娠"),),
}


async def tell_returns(database: Database, now: datetime, sealer: Sealer) -> bool:
    """What was due lately is handed in; once."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    county = cast.at(*AUTHORS["county"])
    async with database.session(county) as session:
        claim = {"account": county.account_id, "key": "demo-returns"}
        if (await session.execute(CLAIM, claim)).first() is None:
            return False
    async with database.session(county) as session:
        while await facts.catch_up(session):
            pass
        for tier, (code, key) in AUTHORS.items():
            viewer = cast.at(code, key)
            await act_as(session, viewer)
            for obligation in CALENDAR.obligations:
                owes = obligation.by == "return" and obligation.binds(tier, {"maternal_centre"})
                if owes:
                    await _hand_in(session, viewer, sealer, obligation, now)
    log.info("demo.returns")
    return True


async def _hand_in(
    session: AsyncSession, viewer: Viewer, sealer: Sealer, obligation: Obligation, now: datetime
) -> None:
    today = local_date(now)
    lately = list(obligation.between(CALENDAR.valid_from, today))
    if obligation.code in OPEN:
        lately = lately[:-1]
    for period in lately:
        days = 3 if obligation.code in LATE and period is lately[-1] else -2
        at = _morning(obligation.due_on(period) + timedelta(days=days))
        await _fill(session, viewer, sealer, obligation, period, SimulatedClock(min(at, now)))


async def _fill(
    session: AsyncSession,
    viewer: Viewer,
    sealer: Sealer,
    obligation: Obligation,
    period: Period,
    clock: SimulatedClock,
) -> None:
    form = FORMS[obligation.what]
    order = OpenReturn(form=form.code, period=code_of(form.cadence, period))
    id_ = await service.open_return(session, clock, viewer, order)
    said = [_statement(item, period) for item in form.items() if item.ask or item.points]
    await service.state_answers(
        session, clock, viewer, id_, StateAnswers(version=1, statements=said)
    )
    puller = Puller(clock, viewer, sealer)
    await service.submit(session, clock, viewer, puller, id_, MoveReturn(version=2))


def _statement(item: Item, period: Period) -> Statement:
    rows = None
    if item.ask == "table":
        codes = [one.code for one in item.columns]
        rows = [
            TableRow(cells=[Cell(column=c, value=v) for c, v in zip(codes, row, strict=True)])
            for row in ROWS[item.code]
        ]
    text = None
    if item.ask == "text":
        text = WORDS[item.code]
    elif item.ask == "date":
        text = (period.last - timedelta(days=12)).isoformat()
    points = None if item.points is None else max(item.points - 1, 0)
    return Statement(item=item.code, text=text, rows=rows, points=points)


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(9, 30), CHINA)
