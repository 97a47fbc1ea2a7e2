"""Pure: forms as data, and what is wrong with answers to them."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from kernel.confidence import Confidence, unverified
from quality.obligations.calendar import Cadence

Ask: TypeAlias = Literal["text", "date", "table"]
Answers: TypeAlias = Mapping[str, "Answer"]


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column of an item that is a table."""

    code: str
    zh: str
    en: str


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line of a form.

    Attributes:
        pulled: which figure of the system stands there; see `quality/returns/pulling.py`.
        ask: what a person states; with neither, only points are given.
        points: the most that the house may give itself for it.
    """

    code: str
    zh: str
    en: str
    pulled: str | None = None
    ask: Ask | None = None
    required: bool = False
    points: float | None = None
    columns: list[Column] = []
    confidence: Confidence
    source: str

    @property
    def to_be_verified(self) -> bool:
        """No text was seen that asks for it."""
        return unverified(self.confidence)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"items": "item"}):
    """Items under one heading."""

    zh: str
    en: str
    items: list[Item]


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

    code: str
    version: str
    zh: str
    en: str
    cadence: Cadence
    after_period: bool
    many: bool
    confidence: Confidence
    points_confidence: Confidence | None = None
    source: str
    annex: str | None = None
    signatures: list[str]
    sections: list[Section]

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
