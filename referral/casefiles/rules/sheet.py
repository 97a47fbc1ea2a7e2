"""A sheet of text cells that a spreadsheet opens as text and never as a formula."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

MARK = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's old code page and shows Chinese as noise."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(rows: Iterable[Sequence[str]]) -> bytes:
    """Comma-separated UTF-8 with a byte-order mark."""
    text = StringIO(newline="")
    csv.writer(text).writerows([_inert(cell) for cell in row] for row in rows)
    return (MARK + text.getvalue()).encode()


def _inert(cell: str) -> str:
    """A cell typed by a person must not run when another one opens the sheet."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
