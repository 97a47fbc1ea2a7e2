"""What no request may hold, whatever it asks: looked at once, before anything is done with it.

The framework converts leniently, as query strings need: `"3"` for 3, 1763773200 for a date. Bodies
are JSON and have types, so they are read here a first time, to the letter.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, ClassVar

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException

from kernel.errors import Refusal

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The escape, and not a backslash that is itself escaped before the letters u0000."""

_ECHO = re.compile(r"Invalid enum value .*(?= - at )", re.DOTALL)
"""Where the decoder repeats what was sent; a name typed into the wrong field ends up in logs."""

YEARS = range(1901, 2200)
"""Inside what the chain's columns take (migration 0002), in any time zone."""


class Unreadable(Refusal):
    """The request does not fit the interface. Fields: reason."""

    code: ClassVar[str] = "kernel.malformed"
    status: ClassVar[int] = 400


async def inspect(request: Request[Any, Any, Any]) -> None:
    """Refuse what does not fit the described types, and a NUL anywhere.

    PostgreSQL stores no NUL, and what is sealed would carry it unseen. Reading the body here also
    bounds it where the handler would not have looked at it, and takes it in before a transaction
    is opened, because networks are slow. A file (`opt={"content": …}`) is its route's to judge;
    one that its route reads piece by piece (`opt={"streamed": True}`) is not taken in here.

    Raises:
        Unreadable: with the place in the body.
    """
    scope, handler = request.scope, request.route_handler
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise Unreadable(reason="NUL in the address")
    if request.method == "GET" or handler.opt.get("streamed"):
        return
    try:
        body = await request.body()
    except InternalServerException as error:  # the framework's word for who left: no fault of ours
        raise Unreadable(reason="没有传完 / it ends before it is whole") from error
    if "content" in handler.opt:
        return
    if b"\\u0000" in body and _NUL.search(body):
        raise Unreadable(reason="NUL in a text")
    wanted = handler.parsed_data_field
    if wanted is not None:
        _check(wanted.annotation, body)


def _check(wanted: Any, body: bytes) -> None:
    try:
        read = _decoder(wanted).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(reason=_ECHO.sub("not one of the known words", str(error))) from error
    except RecursionError as error:
        raise Unreadable(reason="nested too deeply") from error
    if any(day.year not in YEARS for day in _dates(read)):
        raise Unreadable(reason=f"a date before {YEARS.start} or after {YEARS.stop - 1}")


@lru_cache(maxsize=256)
def _decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(wanted)


def _dates(value: Any) -> Iterator[date]:
    """Every date and moment in a decoded body."""
    if isinstance(value, date):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _dates(getattr(value, name))
    elif isinstance(value, list):
        for one in value:
            yield from _dates(one)
    elif isinstance(value, Mapping):
        yield from _dates(list(value.values()))
