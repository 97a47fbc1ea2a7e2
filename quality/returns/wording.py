"""Pure: what stands in the cells of a printed return."""

from typing import Final

from quality.returns.schemas import EvidenceRef, FormItem, Pulled, ReturnDetail
from registry.facilities.rules import CHINA

UNITS = {
    "percent": "%", "per_1000": "‰", "per_100000": "/10万", "sessions": "场", "cases": "例",
    "ratio": "", "yuan": "元", "yes_no": "", "s": "",
}  # fmt: skip
VERIFY = "（待核实）"
SHOWN: Final = 12
"""So many records stand in a cell."""


def figure(pulled: Pulled) -> str:
    """A figure in words."""
    match pulled.kind:
        case "count":
            return f"{pulled.n}{UNITS.get(pulled.unit or '', '')}"
        case "share":
            if pulled.value is None:
                return "无分母"
            return f"{pulled.value:.1f}{UNITS.get(pulled.unit or '', '')}（{pulled.n}/{pulled.of}）"
        case "interval":
            if pulled.p50_s is None or pulled.p90_s is None:
                return f"无记录（应有 {pulled.of}）"
            return f"中位 {_minutes(pulled.p50_s)}，P90 {_minutes(pulled.p90_s)}（n={pulled.n}）"
        case "parts":
            parts = "；".join(f"{one.zh} {one.n}" for one in pulled.parts if one.n)
            return f"{pulled.n}人" + (f"：{parts}" if parts else "")
    return "无权查看或平台无此数据"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} 分钟"


def content(item: FormItem) -> str:
    """What the house says and what the system says, in one cell; tables stand apart."""
    parts = []
    if item.pulled is not None:
        parts.append(figure(item.pulled))
    if item.stated is not None and item.stated.text:
        parts.append(item.stated.text)
    return "\n".join(parts)


def evidence(item: FormItem) -> str:
    """The records that the figure rests on."""
    return "、".join(one.label for one in shown(item)) + beyond(item)


def shown(item: FormItem) -> list[EvidenceRef]:
    """The records that stand in the cell."""
    return [] if item.pulled is None else item.pulled.refs[:SHOWN]


def beyond(item: FormItem) -> str:
    """How many more there are."""
    if item.pulled is None:
        return ""
    more = item.pulled.more + max(0, len(item.pulled.refs) - SHOWN)
    return f" 等另 {more} 条" if more else ""


def author(item: FormItem) -> str:
    """Who stated it."""
    return item.stated.by.name if item.stated is not None and item.stated.by is not None else ""


def points(value: float | None) -> str:
    """Points without a needless decimal."""
    return "" if value is None else f"{value:g}"


def title(found: ReturnDetail) -> str:
    """What the form is called, with its annex."""
    annex = f"{found.form.annex}　" if found.form.annex else ""
    return annex + found.form.zh


def state(found: ReturnDetail) -> str:
    """Whether it was handed in, by whom and when."""
    one = found.quality_return
    if one.submitted_at is None:
        return "草稿，尚未提交"
    who = one.submitted_by.name if one.submitted_by is not None else "–"
    return f"{who} 于 {one.submitted_at.astimezone(CHINA):%Y-%m-%d %H:%M} 提交，已锁定"
