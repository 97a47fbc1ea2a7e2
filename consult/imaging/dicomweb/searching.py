"""QIDO-RS: what is asked, and which files answer it. Pure.

A filter that is not understood is refused: left out, it would answer with more than was asked.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from consult.imaging.errors import QueryUnknown
from consult.imaging.parse import Summary

MOST: Final = 500

FILTERS: Final = {
    "StudyInstanceUID": "study_uid", "0020000D": "study_uid",
    "SeriesInstanceUID": "series_uid", "0020000E": "series_uid",
    "SOPInstanceUID": "sop_uid", "00080018": "sop_uid",
    "SOPClassUID": "sop_class", "00080016": "sop_class",
    "ModalitiesInStudy": "modality", "00080061": "modality",
    "Modality": "modality", "00080060": "modality",
    "StudyDate": "study_at", "00080020": "study_at",
}  # fmt: skip
IGNORED: Final = frozenset({"includefield", "fuzzymatching"})
"""What is told is fixed, and names are not searched."""


class Search(msgspec.Struct, frozen=True):
    """One search; each filter is a set of values, one of which must be met."""

    filters: Mapping[str, tuple[str, ...]]
    limit: int
    offset: int

    def matches(self, summary: Summary) -> bool:
        """Whether a file meets every filter."""
        return all(
            any(_meets(name, getattr(summary, name), value) for value in values)
            for name, values in self.filters.items()
        )


def search(asked: Mapping[str, list[str]]) -> Search:
    """Read a query string.

    Raises:
        QueryUnknown: a filter or a number is not understood. Fields: name.
    """
    filters: dict[str, tuple[str, ...]] = {}
    numbers = {"limit": MOST, "offset": 0}
    for name, values in asked.items():
        if name in numbers:
            if not values[0].isascii() or not values[0].isdigit() or len(values[0]) > 9:
                raise QueryUnknown(name=name)
            numbers[name] = int(values[0])
        elif name in FILTERS:
            filters[FILTERS[name]] = tuple(one for said in values for one in said.split(","))
        elif name not in IGNORED:
            raise QueryUnknown(name=name[:40])
    return Search(filters, min(numbers["limit"], MOST), numbers["offset"])


def _meets(name: str, has: str, wanted: str) -> bool:
    if name != "study_at":
        return has == wanted
    day = has[:8]
    first, dash, last = wanted.partition("-")
    if not dash:
        return day == first
    return day != "" and (not first or first <= day) and (not last or day <= last)
