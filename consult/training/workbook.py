"""Pure: training per unit as an Excel file, with what the numbers mean."""

from io import BytesIO
from typing import Any, Final, Literal, TypeAlias

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from consult.training.schemas import TrainingStatistics
from registry.facilities.rules import CHINA

Language: TypeAlias = Literal["zh", "en"]

WORDS: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "title": "培训统计", "period": "统计期：{start} 至 {end}（不含）",
        "classes": "已结束场次：{n}",
        "house": "机构", "people": "参加人数", "attendances": "参加人次",
        "verified": "已核验人次", "certificates": "发证数",
        "rules": "已核验：在线不少于 {present}%，随机互动应答不少于 {answered}%"
        "（规则 {version}，{confidence}）",
    },
    "en": {
        "title": "Training per facility", "period": "Period: {start} to {end} (exclusive)",
        "classes": "Classes that are over: {n}", "house": "Facility", "people": "People",
        "attendances": "Attendances", "verified": "Verified", "certificates": "Certificates",
        "rules": "Verified: there for at least {present} % and answering at least {answered} % of"
        " the checks (rules {version}, {confidence})",
    },
}  # fmt: skip


def book(found: TrainingStatistics, language: Language) -> bytes:
    """The file."""
    said = WORDS[language]
    made = Workbook()
    page: Any = made.active
    page.title = said["title"]
    start, end = (at.astimezone(CHINA).date().isoformat() for at in (found.start, found.end))
    rules = found.rules
    lines: list[list[str | int]] = [
        [said["title"]],
        [said["period"].format(start=start, end=end)],
        [said["classes"].format(n=found.classes)],
        [
            said["rules"].format(
                present=rules.present_percent,
                answered=rules.answered_percent,
                version=rules.version,
                confidence=rules.confidence,
            )
        ],
        [],
        [said[name] for name in ("house", "people", "attendances", "verified", "certificates")],
    ]
    head = len(lines)
    lines += [
        [one.facility.name if one.facility else "", one.people, one.attendances, one.verified,
         one.certificates]
        for one in found.units
    ]  # fmt: skip
    for row, line in enumerate(lines, 1):
        for column, value in enumerate(line, 1):
            cell = page.cell(row, column, value)
            if isinstance(value, str):
                cell.data_type = "s"  # never a formula, whatever a name begins with
            if row in (1, head):
                cell.font = Font(bold=True)
    for column, width in enumerate((34, 14, 14, 14, 14), 1):
        page.column_dimensions[get_column_letter(column)].width = width
    page.freeze_panes = page.cell(head + 1, 2)
    out = BytesIO()
    made.save(out)
    return out.getvalue()
