"""A round as A4 PDF: centres with points, then each centre's sheet; text, never markup."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from quality.returns.paper import plain
from quality.rounds.book import areas
from quality.rounds.schemas import CheckedItem, EntryDetail, RoundDetail
from quality.rounds.wording import LAYOUT, RESULTS, finding, period, state, unit, value
from referral.paper.press import printed
from registry.facilities.rules import CHINA

TEMPLATE = Path(__file__).with_name("round.typ")


def paper_of(
    found: RoundDetail, entries: Sequence[EntryDetail], fonts: Path, at: datetime
) -> bytes:
    """The PDF.

    Raises:
        TypefaceMissing: the web bundle, and the typeface with it, has not been built.
    """
    one = found.round
    said = {
        "title": one.title,
        "region": one.region.name,
        "period": period(one),
        "deadlines": f"自查截止 {one.self_check_by}　评估截止 {one.assess_by}",
        "rules": one.rules,
        "layout": LAYOUT,
        "results": RESULTS,
        "at": f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}",
        "centres": [_centre(entry) for entry in entries],
        "areas": [[_text(cell) for cell in row] for row in areas(entries)],
        "sheets": [
            {
                "centre": entry.entry.facility.name,
                "state": state(entry.entry.state),
                "rows": [_row(item) for item in entry.items],
                "signed": _signed(entry),
                "feedback": "" if entry.feedback is None else entry.feedback.words,
                "tasks": [f"{task.what}（{task.due_on}）" for task in entry.tasks],
            }
            for entry in entries
        ],
    }
    return printed(TEMPLATE, fonts, {"document": msgspec.json.encode(plain(said)).decode()}, at)


def _centre(one: EntryDetail) -> list[str]:
    total = one.entry.total
    points = ["", "", ""] if total is None else [total.points, total.of, total.without]
    cells = [one.entry.facility.name, one.entry.region.name, state(one.entry.state), *points]
    return [_text(cell) for cell in [*cells, one.entry.tasks_open]]


def _row(row: CheckedItem) -> dict[str, Any]:
    item, figures = row.item, row.figures
    of = (
        "" if figures is None else f"{figures.n}" + ("" if figures.of is None else f"/{figures.of}")
    )
    owner = [one for one in row.scores if one.level == "owner"]
    scores = owner or [one for one in row.scores if one.level == "city"]
    told = value(row)
    return {
        "name": item.name.zh,
        "unverified": item.to_be_verified,
        "value": "" if told is None else f"{_text(told)} {unit(item)}",
        "n": of,
        "weight": _text(item.weight),
        "weight_unverified": item.weight_to_be_verified,
        "points": _text(scores[0].points) if scores else "",
        "said": finding(row) or ("" if row.answer is None else row.answer.words),
    }


def _signed(one: EntryDetail) -> str:
    if one.submitted is None or one.submitted_by is None:
        return ""
    return f"自查签名 {one.submitted_by.name}　存证 {one.submitted[:16]}"


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return f"{cell:g}" if isinstance(cell, float) else str(cell)
