"""Pure: forms as data, and what is wrong with answers to them."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from kernel.confidence import Confidence, unverified
from quality.obligations.calendar import Cadence, Code, Name, Source

Ask: TypeAlias = Literal["text", "date", "table"]
Answers: TypeAlias = Mapping[str, "Answer"]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
English = Annotated[str, msgspec.Meta(max_length=400)]
PULLED: Final = (
    r"^(cases:(sent|received|back)|guidance:(given|received)|special:women"
    r"|exercises:(any|skills|emergency)|returns:[a-z][a-z0-9_]{1,39}"
    r"|indicator:[a-z][a-z0-9_]{2,63})$"
)
"""What `quality/returns/pulling.py` can pull."""


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column of an item that is a table."""

    code: Code
    zh: Name
    en: English


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of a form.

    Attributes:
        pulled: which figure of the system stands there; see `quality/returns/pulling.py`.
        ask: what a person states; with neither, only points are given.
        points: the most that the house may give itself for it.
    """

    code: Code
    zh: Words
    en: English
    pulled: Annotated[str, msgspec.Meta(pattern=PULLED)] | None = None
    ask: Ask | None = None
    required: bool = False
    points: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    columns: Annotated[list[Column], msgspec.Meta(max_length=12)] = []
    confidence: Confidence
    source: Source

    @property
    def to_be_verified(self) -> bool:
        """No text was seen that asks for it."""
        return unverified(self.confidence)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"items": "item"}):
    """Items under one heading."""

    zh: Name
    en: English
    items: Annotated[list[Item], msgspec.Meta(min_length=1, max_length=60)]


class Form(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"sections": "section"},
):
    """A form; `many` if several may be handed in for one period (meetings).

    Attributes:
        after_period: handed in once the period is over: its figures are complete then.
        annex: as the official papers call it.
        confidence: of wording and layout; that of points is said apart.
    """

    code: Code
    version: str
    zh: Name
    en: English
    cadence: Cadence
    after_period: bool
    many: bool
    confidence: Confidence
    points_confidence: Confidence | None = None
    source: Source
    annex: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    signatures: Annotated[list[Name], msgspec.Meta(max_length=6)]
    sections: Annotated[list[Section], msgspec.Meta(min_length=1, max_length=20)]

    def items(self) -> Iterator[Item]:
        """All lines in order."""
        for section in self.sections:
            yield from section.items

    def item(self, code: str) -> Item | None:
        """A line by code."""
        return next((one for one in self.items() if one.code == code), None)

    @property
    def most_points(self) -> float | None:
        """What all items come to; None for a form without points."""
        points = [one.points for one in self.items() if one.points is not None]
        return sum(points) if points else None


def wrong(found: Form) -> str | None:
    """What is wrong with a form, in both languages; None if nothing is.

    When it is filled in, and whether several may be, is of the form itself: its records lie by
    that.
    """
    shipped = FORMS.get(found.code)
    if shipped is None:
        return f"没有这种表：{found.code} / no such form"
    for name in ("cadence", "after_period", "many"):
        if getattr(found, name) != getattr(shipped, name):
            return "填报周期与次数不能改 / how often a form is filled in stays"
    items = list(found.items())
    if len({one.code for one in items}) != len(items):
        return "项目代码重复 / an item stands twice"
    for one in items:
        if one.pulled is None and one.ask is None and one.points is None:
            return f"“{one.zh}”既无系统数据，也无填写内容或分值 / nothing stands there"
        if (one.ask == "table") != bool(one.columns):
            return f"“{one.zh}”：表格须有列，其他项目没有列 / tables, and only they, have columns"
        if len({column.code for column in one.columns}) != len(one.columns):
            return f"“{one.zh}”的列重复 / a column stands twice"
        if one.required and one.ask is None:
            return f"“{one.zh}”必填但没有填写内容 / required, and nothing is asked"
        if (one.pulled or "").startswith("returns:") and one.pulled[8:] not in FORMS:  # type: ignore[index]
            return f"“{one.zh}”引用的表不存在 / it counts a form that there is not"
    return None


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody states about one item."""

    text: str | None = None
    rows: list[dict[str, str]] | None = None
    points: float | None = None


def wrong_with(item: Item, answer: Answer) -> str | None:
    """Why an answer does not fit its item; None if it does."""
    if answer.points is not None and (item.points is None or not 0 <= answer.points <= item.points):
        return "points"
    if answer.rows is not None and item.ask != "table":
        return "not_a_table"
    if answer.text is not None and item.ask not in ("text", "date"):
        return "not_asked"
    if item.ask == "date" and answer.text:
        try:
            date.fromisoformat(answer.text)
        except ValueError:
            return "not_a_date"
    known = {one.code for one in item.columns}
    if any(not known.issuperset(row) for row in answer.rows or ()):
        return "column_unknown"
    return None


def missing(form: Form, answers: Answers) -> list[Item]:
    """Items without which the form is not handed in."""
    found = []
    for item in form.items():
        given = answers.get(item.code, Answer())
        said = bool((given.text or "").strip()) or any(
            any(value.strip() for value in row.values()) for row in given.rows or ()
        )
        if (item.required and not said) or (item.points is not None and given.points is None):
            found.append(item)
    return found


def claimed(form: Form, answers: Answers) -> float | None:
    """The points that the house gives itself; None for a form without points."""
    if form.most_points is None:
        return None
    return sum(answers[one.code].points or 0 for one in form.items() if one.code in answers)


def load(folder: Path) -> dict[str, Form]:
    """All forms of a folder."""
    forms = [
        msgspec.convert(tomllib.loads(path.read_text("utf-8")), Form)
        for path in sorted(folder.glob("*.toml"))
    ]
    return {one.code: one for one in forms}


FORMS: Final = load(Path(__file__).with_name("forms"))
