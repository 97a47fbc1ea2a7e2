"""Canonical bytes of an event's payload: RFC 8785 (JSON Canonicalization Scheme).

The chain hashes stored bytes, never a re-rendering of `jsonb`: what was signed must be
exactly what can be read back in thirty years, by any program that knows JSON.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from uuid import UUID

import rfc8785

from kernel.chain.errors import PayloadInvalid

MAX_PAYLOAD_BYTES = 262_144
"""Also a CHECK on the table. An event names facts; documents are stored elsewhere."""


def encode(payload: Mapping[str, object]) -> bytes:
    """RFC 8785 bytes of a JSON object.

    UUIDs, dates, aware datetimes and enums become strings. Raises `PayloadInvalid` for
    anything that JSON or PostgreSQL cannot store (NaN, integers beyond 2^53, NUL, lone
    surrogates, naive datetimes, unknown types) and for more than `MAX_PAYLOAD_BYTES`.
    """
    try:
        data = rfc8785.dumps(_plain(payload))  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise PayloadInvalid(reason=str(error)) from error
    if len(data) > MAX_PAYLOAD_BYTES:
        raise PayloadInvalid(reason=f"{len(data)} bytes, at most {MAX_PAYLOAD_BYTES}")
    return data


def decode(payload: bytes) -> dict[str, object]:
    """The payload as a dict; the bytes were checked to be an object when they were stored."""
    value = json.loads(payload)
    if not isinstance(value, dict):
        raise PayloadInvalid(reason="not an object")
    return value


def utc_text(at: datetime) -> str:
    """`2026-11-22T06:10:16.123456Z`: always UTC, always microseconds, so text order is time."""
    if at.tzinfo is None:
        raise PayloadInvalid(reason="naive datetime")
    offset = at.utcoffset()
    assert offset is not None  # noqa: S101  (aware, see above)
    return f"{(at.replace(tzinfo=None) - offset).isoformat(timespec='microseconds')}Z"


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise PayloadInvalid(reason=f"cannot store a {type(value).__name__}")


def _key(key: object) -> str:
    if isinstance(key, Enum):
        key = key.value
    if isinstance(key, UUID):
        return str(key)
    if not isinstance(key, str):
        raise PayloadInvalid(reason="object keys must be text")
    return _text(key)


def _text(value: str) -> str:
    if "\x00" in value:
        raise PayloadInvalid(reason="NUL character")
    return value
