"""Many numbers at once: as PostgreSQL reads and sends them, and where equal ones begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_ELEMENTS: Final = {20: ">i8", 23: ">i4"}
"""By the OID of `bigint` and `int`."""


def array_text(numbers: Sequence[int]) -> str:
    """An array in PostgreSQL's text form, to be cast: `$1::text::bigint[]`.

    asyncpg asks of every element of a list whether it is a list itself; for the hundreds of a flush
    that costs ten times as much as writing them down.
    """
    return f"{{{str(list(numbers))[1:-1]}}}"


def array_of(sent: bytes) -> npt.NDArray[np.int64]:
    """The numbers of `array_send(bigint[])` or `array_send(int[])`, without an object for each.

    Their form: dimensions, nulls, element type (OID), then for the one dimension its length and
    first index, all of 32 bits and big-endian; then each element's length and the element.
    """
    dimensions, _, type_ = np.frombuffer(sent, ">i4", 3).tolist()
    if not dimensions:
        return np.empty(0, np.int64)
    element = np.dtype([("length", ">i4"), ("value", _ELEMENTS[type_])])
    found: npt.NDArray[np.int64] = np.frombuffer(sent, element, offset=20)["value"].astype(np.int64)
    return found


def starts_of(ordered: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Where each run of equal numbers begins; there is at least one number."""
    begins = np.empty(len(ordered), bool)
    begins[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    return begins.nonzero()[0]


def ends_of(starts: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """Where each of these runs ends."""
    return np.append(starts[1:], length)
