"""How an assessment reads on paper and in files that are handed on."""

from typing import Final

from quality.rounds.schemas import AssessedItem, CheckedItem, RoundOut
from quality.rounds.scoring import Band, Proportion, Slope
from quality.workbook import UNITS, Cell

VERIFY: Final = "待核实"
LAYOUT: Final = "表样待核实：国家技术评估子系统的上报表样尚未取得，本表为平台自定格式"
RESULTS: Final = "数字取自已关账统计期；权重与计分办法由本省确定；无数据的项目不计分、不折算"

STATES: Final = {
    "planned": "尚未开始",
    "self_check_open": "自查中",
    "self_check_submitted": "自查已提交",
    "self_check_missed": "逾期未自查",
    "assessed_by_city": "市级已评估",
    "assessed_by_owner": "省级已评估",
    "feedback_given": "已反馈",
    "rectifying": "整改中",
    "closed": "已办结",
    "cancelled": "已取消",
}
LEVEL_NAMES: Final = {"city": "市级", "owner": "省级"}
TASK_STATES: Final = {
    "open": "待确定责任人",
    "assigned": "整改中",
    "reported": "待核实整改",
    "verified": "已核实",
}
VERDICTS: Final = {"met": "达到", "partly": "部分", "not_met": "未达到", "not_checked": "未查"}


def state(code: str) -> str:
    """Where a centre is."""
    return STATES[code]


def period(one: RoundOut) -> str:
    """A round's days; a trial says so."""
    trial = "" if one.whole_year else "（试评：统计期不是上一自然年）"
    return f"统计期 {one.first_day} 至 {one.last_day}{trial}"


def unit(item: AssessedItem) -> str:
    """Of an item's value; durations in minutes."""
    return "" if item.definition is None else UNITS["zh"][item.definition.unit]


def _scaled(number: float | None, item: AssessedItem) -> float | None:
    seconds = item.definition is not None and item.definition.unit == "s"
    return None if number is None else round(number / 60 if seconds else number, 2)


def value(row: CheckedItem) -> Cell:
    """What is scored, in the unit that `unit` says."""
    if row.figures is None:
        return None
    return _scaled(row.figures.value, row.item)


def finding(row: CheckedItem) -> str:
    """What was found on the spot."""
    if row.finding is None:
        return ""
    share = "" if row.finding.percent is None else f" {row.finding.percent}%"
    return f"{VERDICTS[row.finding.verdict]}{share} {row.finding.words}".strip()


def method(item: AssessedItem) -> str:
    """How a value becomes points."""
    match item.scoring:
        case Band(low, None):
            return f"不低于 {_end(low, item)} 得满分，否则 0 分"
        case Band(None, high):
            return f"不高于 {_end(high, item)} 得满分，否则 0 分"
        case Band(low, high):
            return f"{_end(low, item)} 至 {_end(high, item)} 得满分，否则 0 分"
        case Slope(zero, full):
            return f"{_end(zero, item)} 得 0 分，{_end(full, item)} 得满分，其间按直线"
        case Proportion(floor, full):
            return f"按 {_end(full, item)} 的比例，低于 {_end(floor, item)} 得 0 分"
        case _:
            return "现场判定" if item.kind == "on_site" and item.weight is not None else ""


def _end(number: float | None, item: AssessedItem) -> str:
    return "…" if number is None else f"{_scaled(number, item):g}{unit(item)}"
