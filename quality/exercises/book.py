"""Pure: a drill's record as an Excel file: what its report says, in tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Font

from quality.actions.schemas import RecordActions
from quality.exercises.paper import said_of
from quality.exercises.schemas import ExerciseDetail
from quality.same_bytes import bytes_of
from quality.workbook import Cell, put, table
from registry.facilities.rules import CHINA

NOT_CARE: Final = "演练 · 不计入任何指标"
UNFINISHED: Final = "未复盘"
HEAD: Final = {
    "house": "机构", "name": "名称", "scenario": "情景", "state": "状态", "planned": "计划",
    "begun": "开始", "ended": "结束", "debrief": "复盘", "debriefed": "复盘人",
}  # fmt: skip
TABLES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "people": ("参加人员", {"name": "姓名", "post": "岗位", "passed": "考核"}),
    "milestones": ("时间节点", {"name": "节点", "at": "时间", "after": "距开始", "late": "来源"}),
    "intervals": (
        "绿色通道时钟",
        {"name": "时钟", "took": "用时", "target": "目标", "met": "结果"},
    ),
    "actions": (
        "整改措施",
        {"what": "措施", "owner": "责任人", "due": "期限", "state": "状态", "by": "完成依据"},
    ),
}


def book_of(found: ExerciseDetail, actions: RecordActions, at: datetime) -> bytes:
    """The file; what is not debriefed yet says so.

    Args:
        at: when it is exported.
    """
    said = said_of(found, actions)
    book = Workbook()
    page = book.active
    page.title = "演练记录"
    put(page, 1, 1, said["title"], font=Font(bold=True, size=14), boxed=False)
    mark = NOT_CARE if said["final"] else f"{NOT_CARE} · {UNFINISHED}"
    put(page, 2, 1, mark, boxed=False)
    put(page, 3, 1, f"导出于 {at.astimezone(CHINA):%Y-%m-%d %H:%M}", boxed=False)
    for row, (name, words) in enumerate(HEAD.items(), 5):
        put(page, row, 1, words, font=Font(bold=True))
        put(page, row, 2, said[name])
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 14, 90
    for name, (title, heads) in TABLES.items():
        rows: Sequence[list[Cell]] = said[name]
        table(book.create_sheet(title), 1, list(heads), dict(heads), list(rows))
    return bytes_of(book)
