"""Whether a file is about her, as far as what is written in it can tell. Pure.

Machines in township hospitals are set to letters without tones, or to a number and no name. What
cannot be compared is never taken for the same: a person looks.
"""

import re
import unicodedata
from datetime import date
from typing import Final, Literal

import msgspec

Likeness = Literal["same", "differs", "unread", "absent"]
"""Same name; another name, birthday or sex; a name in letters; nothing to go by."""

WAITS: Final[frozenset[Likeness]] = frozenset({"differs", "unread"})
"""Answers after which a study waits for a person."""

_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_NOISE = re.compile(r"[\s^.,·•*_-]+")


class Header(msgspec.Struct, frozen=True):
    """Who a file says it is of, as it stands there."""

    name: str = ""
    number: str = ""
    birth: str = ""
    sex: str = ""


class Woman(msgspec.Struct, frozen=True):
    """Who the case is about; the birthday only where it is exact."""

    name: str
    birth_date: date | None


def likeness(header: Header, woman: Woman) -> Likeness:
    """Compare names in characters, and exact birthdays; a man is nobody's pregnancy."""
    if _other_birthday(header.birth, woman.birth_date) or header.sex.upper().startswith("M"):
        return "differs"
    groups = [plain for group in header.name.split("=") if (plain := _plain(group))]
    han = [group for group in groups if _HAN.search(group)]
    if han:
        return "same" if _plain(woman.name) in han else "differs"
    return "unread" if groups or header.number.strip() else "absent"


def _plain(name: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", name)).casefold()


def _other_birthday(said: str, known: date | None) -> bool:
    digits = re.sub(r"\D", "", said)
    return known is not None and len(digits) == 8 and digits != known.strftime("%Y%m%d")
