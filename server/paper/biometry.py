"""What the ultrasound machine measured, on paper: each number with what it rests on, or that nobody
says. Nothing is computed; whose table it is stands beside it."""

from collections.abc import Sequence
from typing import Final

from consult.imaging.readmodel import Measured, MeasuredReport
from consult.imaging.references import Reference
from referral.paper import words
from referral.paper.model import Box, Section

MOST: Final = 60
"""Lines of one report; what is more stands in the record."""
UNSAID: Final = {
    "none": "设备未注明参考出处",
    "removed": "去标识时文字已删除，出处不明",
    "measured": "实测值",
}
HOW: Final = (
    "按设备报告原样列出，平台未重新计算；参考表名称按 DICOM 代码核对，"
    "设备是否确按该表计算未经核实。非诊断级显示。"
)


def biometry(reports: Sequence[MeasuredReport]) -> list[Section]:
    """A section for each report."""
    return [_report(one) for one in reports]


def _report(report: MeasuredReport) -> Section:
    boxes = [Box(_label(one), _line(one), 6) for one in report.measurements[:MOST]]
    more = len(report.measurements) - MOST
    if more > 0:
        boxes.append(Box("未列出", f"其余 {more} 项见系统", 6))
    by = words.joined(report.station, f"报告摘要 {report.sha256[:16]}", by="，")
    boxes += [Box("设备", by, 6), Box("说明", HOW, 6)]
    day = report.study_at[:8]
    at = f"（{day[:4]}-{day[4:6]}-{day[6:]}）" if len(day) == 8 else ""
    return Section(f"超声测量，设备报告{at}", tuple(boxes), unverified=True)


def _label(one: Measured) -> str:
    return f"胎儿 {one.fetus} · {one.name}" if one.fetus else one.name


def _line(one: Measured) -> str | None:
    value = f"{one.value} {one.unit}".strip()
    return words.joined(value, one.how, _rests(one.reference), by="；")


def _rests(one: Reference) -> str:
    if one.said == "unread":
        return f"早期收入，出处未分列：{one.words}（{one.confidence}）"
    if one.said in UNSAID:
        return UNSAID[one.said]
    year = "未注明年份" if one.year is None else f"{one.year} 年"
    return f"{one.words}，{year}（{one.confidence}）"
