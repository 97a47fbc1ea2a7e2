"""The page for clinicians tells every decided boundary and every table."""

from pathlib import Path

from registry.risk.rulesets import rulebook

DOCUMENT = Path(__file__).parents[3] / "docs" / "risk.md"
TABLES = rulebook().rulesets.values()


def test_every_decided_boundary_is_on_the_page_and_none_besides() -> None:
    text = DOCUMENT.read_text("utf-8")
    decided = {
        f"| {one.code} | {one.note_zh} · {one.note_en} |"
        for table in TABLES
        for one in table.conditions
        if one.note_zh
    }
    codes = {one.code for table in TABLES for one in table.conditions}
    rows = {line for line in text.splitlines() if line.split("|")[1:2] and line.count("|") == 3}
    told = {row for row in rows if row.split("|")[1].strip() in codes}
    assert told == decided


def test_every_table_is_on_the_page() -> None:
    text = DOCUMENT.read_text("utf-8")
    for table in TABLES:
        begin = f"| `{table.variant}` | {table.zh} · {table.en} | {table.valid_from} – "
        assert begin in text
