"""Pure: the board of obligations as an Excel file: drills, meetings and forms, house by house."""

from collections.abc import Iterable
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

from quality.obligations.schemas import ObligationBoard
from quality.obligations.wording import BOARD, RULES, TITLE, head, lines, rules
from quality.same_bytes import bytes_of
from quality.workbook import Cell, put, table


def book_of(board: ObligationBoard) -> bytes:
    """The file: how everything stands, and the rules that say so."""
    book = Workbook()
    page = book.active
    page.title = "应办事项"
    put(page, 1, 1, TITLE, font=Font(bold=True, size=14), boxed=False)
    for number, line in enumerate(head(board), 2):
        put(page, number, 1, line, boxed=False)
    _table(page, 5, BOARD, lines(board))
    _table(book.create_sheet("规则与依据"), 1, RULES, rules(board))
    return bytes_of(book)


def _table(page: Any, start: int, heads: dict[str, str], rows: Iterable[list[str]]) -> None:
    cells: list[list[Cell]] = [list(row) for row in rows]
    table(page, start, list(heads), heads, cells)
