"""Pure: text without anybody's identity. Known names and numbers by list, others by their shape.

What is replaced stays readable: a house is its letter, a person what they are, a date and a time
of day are said to have stood there. Times that matter are given apart, counted from the request.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

SHAPES: Final = (
    (re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)\d{15}(?!\d)"), "［证件号］"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1\d{10}(?!\d)"), "［电话］"),
    (re.compile(r"(?<!\d)0\d{2,3}[- ]\d{7,8}(?!\d)"), "［电话］"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII), "［邮箱］"),
    (
        re.compile(r"(?<!\d)(?:19|20)\d{2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}(?:\s*日)?"),
        "［日期］",
    ),
    (re.compile(r"(?<!\d)\d{1,2}\s*月\s*\d{1,2}\s*[日号]"), "［日期］"),
    (
        re.compile(r"(?<![\d.])(?:[01]?\d|2[0-3])\s*[:：]\s*[0-5]\d(?:[:：][0-5]\d)?(?!\d)"),
        "［时刻］",
    ),
    (re.compile(r"(?<!\d)(?:[01]?\d|2[0-3])\s*[时点]\s*[0-5]?\d\s*分"), "［时刻］"),
    (re.compile(r"(?:住院号|病案号|门诊号|床号|就诊卡号)\s*[:：]?\s*[A-Za-z0-9-]+"), "［编号］"),
)
SHORTEST: Final = 2
"""A single character is no name: it would be taken out of every other word."""


def letters(houses: Iterable[str]) -> dict[str, str]:
    """A letter for each house, in order: A … Z, then A1 …"""
    found: dict[str, str] = {}
    for one in houses:
        turn, at = divmod(len(found), 26)
        found.setdefault(one, chr(ord("A") + at) + (str(turn) if turn else ""))
    return found


class Mask:
    """Takes identity out of text.

    Args:
        known: names, numbers and addresses of this case, each with what stands in its place.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        usable = {text.strip(): word for text, word in known.items()}
        longest = sorted((one for one in usable if len(one) >= SHORTEST), key=len, reverse=True)
        self._words = {one: usable[one] for one in longest}
        self._known = re.compile("|".join(map(re.escape, longest))) if longest else None

    def __call__(self, text: str) -> str:
        """The text with everything masked that is known or has the shape of an identity."""
        if self._known is not None:
            text = self._known.sub(lambda hit: self._words[hit.group()], text)
        for shape, word in SHAPES:
            text = shape.sub(word, text)
        return text


def age_band(age: int | None) -> str | None:
    """Five years, e.g. `30–34`; open at both ends."""
    if age is None:
        return None
    if age < 18:
        return "<18"
    if age >= 45:
        return "≥45"
    low = 18 if age < 20 else age // 5 * 5
    return f"{low}–{19 if low == 18 else low + 4}"
