"""Figures that others have printed: recomputed from their own counts before anybody compares.

A rate that does not follow from the counts beside it is shown with both values and as inconsistent;
it is never corrected silently.
"""

import tomllib
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from kernel.confidence import Confidence
from quality.definitions import MULTIPLES
from referral.clocks.data import Text

FILE = Path(__file__).with_name("published.toml")


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A printed rate with the counts behind it; `code` is the indicator that it is of."""

    code: str
    place: Text
    n: Annotated[int, msgspec.Meta(ge=0)]
    of: Annotated[int, msgspec.Meta(ge=1)]
    unit: Literal["percent", "per_1000", "per_100000"]
    printed: Annotated[str, msgspec.Meta(pattern=r"^\d+(\.\d+)?$")]
    source: str
    confidence: Confidence
    note: Text | None = None

    @property
    def recomputed(self) -> str:
        """The rate that follows from the counts, to as many places as are printed."""
        exact = Decimal(self.n) * MULTIPLES[self.unit] / Decimal(self.of)
        step = Decimal(1).scaleb(Decimal(self.printed).as_tuple().exponent)  # type: ignore[arg-type]
        return str(exact.quantize(step, ROUND_HALF_UP))

    @property
    def consistent(self) -> bool:
        """Whether the printed rate follows from the counts."""
        return self.printed == self.recomputed


class _Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    figure: list[Figure]


@lru_cache
def figures(path: Path = FILE) -> tuple[Figure, ...]:
    """All of them."""
    return tuple(msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Figures).figure)


def figures_of(code: str) -> list[Figure]:
    """Those of one indicator."""
    return [one for one in figures() if one.code == code]
