"""Workbooks as bytes that depend on their cells alone: equal figures are equal files."""

from datetime import datetime
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.xml.constants import ARC_CORE
from openpyxl.xml.functions import tostring

EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001  (a fixed file date, in no zone)


def bytes_of(book: Workbook) -> bytes:
    """The file, whenever it is written."""
    first, out = BytesIO(), BytesIO()
    book.save(first)  # stamps the book, and every part of the archive, with the machine's clock
    book.properties.created = book.properties.modified = EPOCH
    with ZipFile(first) as made, ZipFile(out, "w") as archive:
        for name in made.namelist():
            core = name == ARC_CORE
            part = tostring(book.properties.to_tree()) if core else made.read(name)
            archive.writestr(ZipInfo(name, EPOCH.timetuple()[:6]), part, ZIP_DEFLATED)
    return out.getvalue()
