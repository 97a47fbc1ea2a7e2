"""What a PDF says, for tests."""

from collections.abc import Iterable

from pypdf import PageObject

BREAK = "\u200b"
"""Where a long word may be broken: papers put it in wherever a line needs it."""


def said_in(pages: Iterable[PageObject]) -> str:
    """All of it, without spaces, ends of lines and places where long words may be broken."""
    said = "".join("".join(page.extract_text().split()) for page in pages)
    return said.replace(BREAK, "")
