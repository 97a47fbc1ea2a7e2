"""The clock is no part of a file of figures."""

from datetime import timedelta
from io import BytesIO
from unittest.mock import patch

from openpyxl import Workbook, load_workbook

from quality.same_bytes import EPOCH, bytes_of


def book(said: str) -> Workbook:
    made = Workbook()
    made.active["A1"] = said
    return made


def test_equal_cells_are_equal_bytes_whenever_they_are_written() -> None:
    now = bytes_of(book("12"))
    with patch("zipfile.time.localtime", return_value=(EPOCH + timedelta(days=9)).timetuple()):
        assert bytes_of(book("12")) == now
    assert bytes_of(book("13")) != now


def test_the_file_opens_and_has_one_date() -> None:
    opened = load_workbook(BytesIO(bytes_of(book("12"))))
    assert opened.active["A1"].value == "12"
    assert (opened.properties.created, opened.properties.modified) == (EPOCH, EPOCH)
