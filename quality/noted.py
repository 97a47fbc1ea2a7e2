"""Pure: what people wrote beside the charts of a file's indicators, as rows of that file.

Words are nobody's count and cannot be weighed: a file that is handed on without small numbers holds
none, and says so.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from quality.annotations.schemas import ChartNote
from quality.schemas import Indicator, PersonOut
from registry.facilities.rules import CHINA

Notes: TypeAlias = Mapping[str, Sequence[ChartNote]]
"""By code of the indicator, as its chart numbers them."""

COLUMNS = ("name", "note", "month", "said", "unit_of", "writer", "written")


def rows(
    indicators: Sequence[Indicator], notes: Notes, *, english: bool
) -> list[list[str | int | float | None]]:
    """The notes of some indicators in their order, by the names of `COLUMNS`."""
    found = list[list[str | int | float | None]]()
    for indicator in indicators:
        named = indicator.definition.name
        name = named.en if english and named.en else named.zh
        for number, one in enumerate(notes.get(indicator.definition.code, ()), 1):
            at = one.written_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
            said = [one.month, one.text, one.place.name, who(one.written_by), at]
            found.append([name, number, *said])
    return found


def who(person: PersonOut | None) -> str:
    """Name and function; a voided account has neither."""
    return "–" if person is None else f"{person.name} {person.title}".strip()
