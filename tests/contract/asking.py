"""Query strings that a read must refuse, or at least survive."""

from collections.abc import Iterator
from urllib.parse import quote

from tests.contract.description import Description, Operation, Schema

HUGE = str(10**30)

_BAD = {
    "integer": ("x", "", "1.5x", "[1]"),
    "boolean": ("maybe", "2"),
}
_BAD_FORMATS = {
    "uuid": ("x", "00000000-0000-0000-0000-00000000000g", "' OR 1=1--"),
    "date": ("x", "2026-02-30", "22.11.2026"),
    "date-time": ("x", "2026-13-22T01:00:00Z", "22.11.2026"),
}
_STRANGE_FORMATS = {
    "uuid": (),
    "date": ("0001-01-01", "9999-12-31", "-1", HUGE),
    "date-time": (
        "2026-11-22T01:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "-1",
        HUGE,
    ),
}
PATTERNS = (
    "%",
    "_",
    "%%%",
    "\\",
    ".*",
    "(",
    "'; DROP TABLE page; --",
    "林%",
    "\r\nSet-Cookie: a=b",
)
"""What means something to LIKE, to a regular expression, to SQL or to a header."""


def refused(description: Description, operation: Operation) -> Iterator[str]:
    """Query strings outside the described values."""
    for name, schema in operation.named("query").items():
        plain = description.plain(schema)
        for value in _bad(plain):
            yield f"?{name}={quote(value, safe='')}"
        yield f"?{name}=%00"
    for one in operation.parameters:
        if one["in"] == "query" and one.get("required"):
            yield ""


def survived(description: Description, operation: Operation) -> Iterator[str]:
    """Query strings that may be answered, but never with a failure."""
    for name, schema in operation.named("query").items():
        plain = description.plain(schema)
        values: tuple[str, ...] = ()
        if plain.get("type") == "integer":
            values = (HUGE, f"-{HUGE}", str(2**63), "-1", "0")
        elif "format" in plain:
            values = _STRANGE_FORMATS[plain["format"]]
        elif plain.get("type") == "string" and not plain.get("enum"):
            values = PATTERNS
        for value in values:
            yield f"?{name}={quote(value, safe='')}"
        yield f"?{name}=1&{name}=2"
        yield f"?{name}"


def _bad(plain: Schema) -> Iterator[str]:
    yield from _BAD.get(plain.get("type", ""), ())
    yield from _BAD_FORMATS.get(plain.get("format", ""), ())
    if plain.get("enum"):
        yield "no such word"
    if "maxLength" in plain:
        yield "甲" * (plain["maxLength"] + 1)
    for limit, step in (("maximum", 1), ("minimum", -1)):
        if limit in plain:
            yield str(int(plain[limit]) + step)
