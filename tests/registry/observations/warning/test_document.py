"""The page for clinicians says what the data say, line by line."""

from pathlib import Path

import pytest

from registry.observations.catalogue import CATALOGUE
from registry.observations.warning.queries import rulesets
from registry.observations.warning.schemas import RulesetOut

DOCUMENT = Path(__file__).parents[4] / "docs" / "early-warning.md"
TOOLS = {one.code: one for one in rulesets()}


def section(one: RulesetOut) -> list[str]:
    """A tool's part of the page."""
    mark = " · 待核实" if one.verify else ""
    lines = [
        f"### {one.zh}",
        f"{one.en}. `{one.code}` v{one.version}, from {one.valid_from}. [{one.confidence}]{mark}",
        f"Rule: {one.rule_zh} · {one.rule_en}.",
        f"Source: {one.source}.",
    ]
    for row in one.criteria:
        lasting = f"{row.lasting_minutes} min" if row.lasting_minutes else "–"
        lines.append(
            f"| {row.tier} | {row.zh} · {row.en} | {row.condition_zh} · {row.condition_en}"
            f" | {lasting} | {row.confidence} |"
        )
    return [*lines, *(f"- {advice.zh} · {advice.en}" for advice in one.advice)]


@pytest.mark.parametrize("tool", TOOLS)
def test_every_line_of_a_tool_is_on_the_page(tool: str) -> None:
    lines = DOCUMENT.read_text("utf-8").splitlines()
    assert [line for line in section(TOOLS[tool]) if line not in lines] == []


def test_the_page_has_no_criterion_that_the_data_lack() -> None:
    known = {line for one in TOOLS.values() for line in section(one)}
    told = DOCUMENT.read_text("utf-8").split("## Tools", 1)[1].split("## ", 1)[0]
    rows = [line for line in told.splitlines() if line.startswith("| ")]
    assert [row for row in rows if row not in known and not row.startswith("| tier")] == []


def test_how_long_a_reading_speaks() -> None:
    text = DOCUMENT.read_text("utf-8")
    for code in ("hr_per_min", "urine_ml_per_h", "plt_10e9_per_l"):
        item = CATALOGUE.codes[code]
        assert f"| `{code}` | {item.zh} · {item.en} | {item.fresh} |" in text
