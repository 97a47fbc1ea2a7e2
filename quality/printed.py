"""Indicators as A4 PDF: the numbers of the file, what was noted of the months, what it means.

All is text, never markup.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from quality import noted
from quality.noted import Notes
from quality.returns.paper import plain
from quality.schemas import Indicators
from quality.workbook import WORDS, Cell, Language, Shown, head, line, notes_of, shown
from referral.paper.press import printed

TEMPLATE: Final = Path(__file__).with_name("printed.typ")
COLUMNS: Final = ("name", "value", "n", "p50", "aim", "baseline", "mean", "beside")
LABELS: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh": {"p50": "P50 / P90（分）", "n": "例数", "baseline": "基线与比较", "beside": "另有"},
    "en": {"p50": "P50 / P90 (min)", "n": "n", "baseline": "Baseline", "beside": "Beside them"},
}
"""Headings of columns that hold several of the file's."""

BESIDE: Final = ("open", "inconsistent", "late", "demo")


def paper_of(
    found: Indicators, notes: Notes, fonts: Path, *, hide: bool, language: Language, at: datetime
) -> bytes:
    """The PDF.

    Args:
        hide: print counts of 1 to 4 as "<5", for a table that is handed on.
        at: when it is printed.

    Raises:
        TypefaceMissing: the web bundle, and the typeface with it, has not been built.
    """
    words = {**WORDS[language], **LABELS[language]}
    title, *covered = head(found, notes, hide, language, at)
    every = shown(found, hide=hide)
    said = {
        "lang": language,
        "title": title,
        "head": covered,
        "unverified": words["yes"],
        "heads": [words[name] for name in COLUMNS],
        "rows": [_row(one, language, words) for one in every],
        "notes": words["notes"],
        "note_heads": [words[name] for name in noted.COLUMNS],
        "noted": [[*map(_text, row)] for row in notes_of(found, notes, hide, language)],
        "meaning": words["meaning"],
        "meaning_heads": [words[name] for name in ("name", "definition", "source", "data")],
        "meanings": [_meaning(one, language) for one in every],
    }
    document = msgspec.json.encode(plain(said)).decode()
    return printed(TEMPLATE, fonts, {"document": document}, at)


def _row(some: Shown, language: Language, words: Mapping[str, str]) -> list[str]:
    cells = {name: _text(cell) for name, cell in line(some, language).items()}
    numbered = [cells["standing"], cells["no"], f"v{cells['version']}", cells["verify"]]
    value = f"{cells['value']} {cells['unit']}" if cells["n"] and cells["value"] else cells["value"]
    spread = [one for one in (cells["p50"], cells["p90"]) if one]
    mean = f"{cells['mean']} (n={cells['centres']})" if cells["mean"] else ""
    beside = [f"{words[name]} {cells[name]}" for name in BESIDE if cells[name] not in ("", "0")]
    return [
        f"{cells['name']}\n{' · '.join(one for one in numbered if one)}",
        value,
        "/".join(one for one in (cells["met"], cells["n"]) if one),
        " / ".join(spread),
        cells["aim"],
        " · ".join(one for one in (cells["baseline"], cells["compared"]) if one),
        mean,
        " · ".join(beside),
    ]


def _meaning(some: Shown, language: Language) -> list[str]:
    one: Any = some.indicator.definition
    english = language == "en"
    said = one.definition.en if english and one.definition.en else one.definition.zh
    name = one.name.en if english and one.name.en else one.name.zh
    return [name, said, one.source, one.data_source]


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return f"{cell:g}" if isinstance(cell, float) else str(cell)
