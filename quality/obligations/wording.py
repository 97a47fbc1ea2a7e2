"""Pure: how the board of obligations reads in a file and on paper."""

from collections.abc import Iterator
from typing import Final

from quality.obligations.schemas import ObligationBoard, ObligationOut

VERIFY: Final = "待核实"
STANDINGS: Final = {"done": "已完成", "done_late": "逾期完成", "late": "已逾期", "due": "待办"}
CADENCES: Final = {"month": "每月", "quarter": "每季度", "half_year": "每半年", "year": "每年"}
TITLE: Final = "应办事项情况表"
BOARD: Final = {
    "house": "机构", "region": "地区", "what": "事项", "period": "期次", "due": "截止日",
    "due_verify": "截止日依据", "standing": "情况", "done": "完成日", "calendar": "日历版本",
}  # fmt: skip
RULES: Final = {
    "calendar": "日历版本", "what": "事项", "cadence": "周期", "verify": "周期依据",
    "due_verify": "截止日依据", "source": "来源",
}  # fmt: skip


def period(code: str) -> str:
    """2026-Q4 is 2026 年第 4 季度, 2026-H1 上半年, 2026-11 the month."""
    year, _, part = code.partition("-")
    if part.startswith("Q"):
        return f"{year} 年第 {part[1:]} 季度"
    if part.startswith("H"):
        return f"{year} 年{'上' if part == 'H1' else '下'}半年"
    return f"{year} 年 {int(part)} 月" if part else f"{year} 年"


def head(board: ObligationBoard) -> list[str]:
    """Above the table: the day, and how many are late, due and done."""
    sums = f"逾期 {board.late} 项，待办 {board.due} 项，已完成 {board.done} 项"
    return [f"截至 {board.today}（北京时间）", sums]


def lines(board: ObligationBoard) -> Iterator[list[str]]:
    """A line of each obligation of each house and period, as `BOARD` has them."""
    for unit in board.units:
        for one in unit.owed:
            rule = _rules(board)[one.calendar, one.obligation]
            yield [
                unit.facility,
                unit.region,
                rule.zh,
                period(one.period),
                f"{one.due_on}",
                VERIFY if rule.due_to_be_verified else "",
                STANDINGS[one.standing],
                "" if one.done_on is None else f"{one.done_on}",
                one.calendar,
            ]


def rules(board: ObligationBoard) -> Iterator[list[str]]:
    """What the calendars say, with their sources, as `RULES` has them."""
    for (calendar, _), one in _rules(board).items():
        yield [
            calendar,
            one.zh,
            CADENCES[one.cadence],
            VERIFY if one.to_be_verified else "",
            VERIFY if one.due_to_be_verified else "",
            one.source,
        ]


def _rules(board: ObligationBoard) -> dict[tuple[str, str], ObligationOut]:
    return {(book.version, one.code): one for book in board.calendars for one in book.obligations}
