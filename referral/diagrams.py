"""Draws docs/referral-states.md from the tables: `python -m referral.diagrams`."""

from pathlib import Path
from typing import Any

from kernel.states import StateTable
from referral.rules.timers import TIMERS
from referral.states import HOLD, LEG, OFFER, REFERRAL

PAGE = Path(__file__).parents[1] / "docs" / "referral-states.md"

_HEAD = """# The four machines of a transfer

Drawn from `referral/states.py` by `python -m referral.diagrams`; a test fails when this page is
stale. A case (Referral) may have several offers (one per receiver asked), legs (journeys) and holds
(bed, cot, theatre, blood). Numbers are those of the project's list of 22 transitions; number 22,
late entry, is no edge: any permitted action may carry an earlier moment with a reason.
"""


def _table(table: StateTable[Any, Any, Any]) -> str:
    lines = ["| from | action | to | who | no. |", "|---|---|---|---|---|"]
    lines += [
        f"| {state} | {action} | {edge.to} | {', '.join(sorted(edge.actors))} |"
        f" {edge.number or ''} |"
        for state, action, edge in table
    ]
    return "\n".join(lines)


def _limits() -> str:
    lines = [
        f"Version {TIMERS.version}, source: {TIMERS.source}, {TIMERS.status}.",
        "",
        "| step | limit |",
        "|---|---|",
    ]
    lines += [f"| {step} | {limit} |" for step, limit in TIMERS.limits.items()]
    return "\n".join(lines)


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for table in (REFERRAL, OFFER, LEG, HOLD):
        title = table.name.capitalize()
        parts += [f"## {title}\n", f"```mermaid\n{table.mermaid()}\n```\n", _table(table) + "\n"]
    parts += ["## Time limits\n", _limits() + "\n"]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
