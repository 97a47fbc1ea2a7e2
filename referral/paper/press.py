"""Prints a document as A4 PDF. The typeface comes with the web bundle, never from the machine."""

import io
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec
import segno
import typst

from referral.paper.errors import TypefaceMissing
from referral.paper.model import Document

TEMPLATE = Path(__file__).with_name("sheet.typ")
FAMILY = "Noto Sans SC"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What stands at the foot of each page.

    Attributes:
        code: 16 characters by which the document is looked up.
        url: where the code is checked; the code itself travels in the fragment.
        head: the case's chain as it was, e.g. `#41 9f3ac07e`.
    """

    code: str
    url: str
    issued_at: datetime
    issued_at_text: str
    issued_by: str
    head: str

    @property
    def grouped(self) -> str:
        """The code as people type it."""
        return "-".join(self.code[start : start + 4] for start in range(0, len(self.code), 4))

    def inputs(self) -> bytes:
        """The stamp as the template takes it."""
        return msgspec.json.encode(
            {
                "code": self.grouped,
                "address": self.url.partition("//")[2] or self.url,
                "issued_at": self.issued_at_text,
                "issued_by": self.issued_by,
                "head": self.head,
                "qr": _qr(f"{self.url}#{self.code}"),
            }
        )


def _qr(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=1, xmldecl=False)
    return out.getvalue().decode()


class Press:
    """Sets documents with the fonts of one folder."""

    def __init__(self, fonts: Path) -> None:
        self._folder = fonts

    def print(self, document: Document, stamp: Stamp) -> bytes:
        """The PDF; equal input gives equal bytes.

        Raises:
            TypefaceMissing: the web bundle, and the typeface with it, has not been built.
        """
        said = {"document": document.content().decode(), "stamp": stamp.inputs().decode()}
        return printed(TEMPLATE, self._folder, said, stamp.issued_at)


def printed(template: Path, folder: Path, inputs: dict[str, str], at: datetime) -> bytes:
    """A template's PDF, set with the fonts of `folder` alone; equal input gives equal bytes.

    Raises:
        TypefaceMissing: the web bundle, and the typeface with it, has not been built.
    """
    compiler = typst.Compiler(
        template, font_paths=_fonts(folder), ignore_system_fonts=True, sys_inputs=inputs
    )
    made = compiler.compile(format="pdf", timestamp=int(at.timestamp()))
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


@lru_cache
def _fonts(folder: Path) -> typst.Fonts:
    """Read once per process; no font of the machine lends a character."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
    )
    if FAMILY not in fonts.families():
        _fonts.cache_clear()
        raise TypefaceMissing()
    return fonts
