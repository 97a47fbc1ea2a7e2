"""Pure: made-up figures of a year that fit together, by the names that imported rows have.

The demo writes them into files for the importer, the benchmark straight into its tables.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal, TypeAlias

from quality.imports.sheets import Column, SheetCode, sheets

Content: TypeAlias = Mapping[str, object]
Covers: TypeAlias = Literal["house", "area"]
Residence: TypeAlias = Literal["registered", "other", "all"]


def mothers(
    covers: Covers, residence: Residence, births: int, *, high_risk: float, deaths: int
) -> Content:
    """A year's return of maternal health.

    Args:
        births: live births.
        high_risk: share of the women delivered.
    """
    women = round(births * 0.988)
    return {
        "covers": covers,
        "residence": residence,
        "women": women,
        "live_births": births,
        "booked_early": round(women * 0.93),
        "examined": round(women * 0.985),
        "managed": round(women * 0.94),
        "high_risk": round(women * high_risk),
        "born_in_hospital": births,
        "visited": round(women * 0.965),
        "deaths": deaths,
    }


def children(residence: Residence, births: int, infants: int) -> Content:
    """An area's return of child health: `infants` of the `births` died in their first year."""
    return {
        "covers": "area",
        "residence": residence,
        "live_births": births,
        "neonatal_deaths": infants // 2,
        "infant_deaths": infants,
        "under5_deaths": infants + infants // 3,
    }


def row_of(sheet: SheetCode, key: str, day: date, content: Content) -> Mapping[str, object]:
    """The row of a file that is read as `content`, by its headings."""
    kind = sheets()[sheet]
    said = {kind.key: key, kind.day: day, **content}
    return {one.heading: _cell(one, said[one.field]) for one in kind.columns if one.field in said}


def _cell(column: Column, value: object) -> object:
    return {kept: word for word, kept in column.words.items()}.get(str(value), value)
