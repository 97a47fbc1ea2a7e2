"""Makes the smallest good body from a schema, and then every way to get it wrong."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import pairwise
from typing import Any
from uuid import UUID

from tests.contract.description import Description, Schema

NOWHERE = str(UUID(int=1))
UNKNOWN_FIELDS = {"roles": ["system_admin"], "facility_id_": NOWHERE}
"""What somebody would add who hopes that the server copies fields without looking."""

_OTHERS: dict[str, tuple[Any, ...]] = {
    "string": (5, True, [], {}),
    "integer": ("x", 1.5, True, [], {}),
    "number": ("x", True, [], {}),
    "boolean": ("x", 5, [], {}),
    "array": ("x", 5, {}),
    "object": ("x", 5, []),
}
_MOMENTS = ("x", "2026-11-22T01:00:00", "2026-13-22T01:00:00Z", "0001-01-01T00:00:00+14:00")
_BY_FORMAT: dict[str, tuple[Any, ...]] = {
    "uuid": ("x", "00000000-0000-0000-0000-00000000000g", NOWHERE[:-1]),
    "date-time": (*_MOMENTS, "9999-12-31T23:59:59-14:00", 1763773200),
    "date": ("x", "2026-02-30", "22.11.2026"),
}

Spoilt = tuple[str, Any]


class Spoiler:
    """Knows the schemas, and the values that fit fields by their names."""

    def __init__(self, description: Description) -> None:
        self._described = description

    def good(self, schema: Schema, fitting: Mapping[str, Any], name: str = "") -> Any:
        """The smallest value; required fields only, and what `fitting` names."""
        if name in fitting:
            return deepcopy(fitting[name])
        plain = self._described.plain(schema)
        match plain.get("type"):
            case "object":
                wanted = set(plain.get("required", ())) | (
                    fitting.keys() & plain.get("properties", {}).keys()
                )
                return {
                    one: self.good(plain["properties"][one], fitting, one) for one in sorted(wanted)
                }
            case "array":
                return [self.good(plain["items"], fitting)] * plain.get("minItems", 0)
            case "string":
                return _text(plain)
            case "integer":
                return int(plain.get("minimum", 1))
            case "number":
                return plain.get("minimum", 1)
            case "boolean":
                return True
        raise AssertionError(f"no sample for {name}: {plain}")

    def spoilt(self, schema: Schema, good: dict[str, Any]) -> Iterator[Spoilt]:
        """(what is wrong, body); each differs from `good` in one respect."""
        for where, label, value in self._wrong(schema, good, ()):
            body = deepcopy(good)
            _put(body, where, value)
            if where[-1:] == ("event_at",):
                body["late_reason"] = "补记"
            yield f"{'.'.join(map(str, where))}: {label}", body

    def other(self, schema: Schema | None, good: dict[str, Any]) -> Iterator[Spoilt]:
        """One well-formed body with another content, if the schema has room for one."""
        assert schema is not None
        for name, inner in self._described.plain(schema)["properties"].items():
            plain = self._described.plain(inner)
            if plain.get("type") == "integer" and name == "version":
                yield name, {**good, name: good[name] + 1}
                return
            closed = {"enum", "format", "pattern"} & plain.keys() or name == "password"
            if plain.get("type") == "string" and not closed:
                yield name, {**good, name: "另一份内容" * 4}
                return

    def _wrong(
        self, schema: Schema, good: Any, where: tuple[str | int, ...]
    ) -> Iterator[tuple[tuple[str | int, ...], str, Any]]:
        plain = self._described.plain(schema)
        if where:
            for value in self._values(plain, nullable=self._described.nullable(schema)):
                yield where, repr(value)[:60], value
        if plain.get("type") == "array":
            sample = self.good(plain["items"], {})
            yield from self._wrong(plain["items"], sample, (*where, 0))
        if plain.get("type") != "object" or "properties" not in plain:
            return  # a plain value, or an object whose content is judged where it is used
        for name in plain.get("required", ()):
            yield (*where, name), "missing", _Missing
        for name, value in UNKNOWN_FIELDS.items():
            yield (*where, name), "unknown field", value
        for name, inner in plain["properties"].items():
            present = good.get(name) if isinstance(good, dict) else None
            yield from self._wrong(inner, present, (*where, name))

    def _values(self, plain: Schema, *, nullable: bool) -> Iterator[Any]:
        kind = plain["type"]
        yield from _OTHERS[kind]
        if not nullable:
            yield None
        if kind == "string":
            yield from _texts(plain)
        elif kind in ("integer", "number"):
            yield from _numbers(plain)
        elif kind == "array":
            sample = self.good(plain["items"], {})
            yield [sample] * (plain.get("maxItems", 1000) + 1)
            if plain.get("minItems"):
                yield []


class _Missing:
    """Stands for a field that is taken out."""


def _put(body: Any, where: tuple[str | int, ...], value: Any) -> None:
    for step, following in pairwise(where):
        if isinstance(step, int):
            if body[step] is None:
                body[step] = {}
            body = body[step]
        else:
            if body.get(step) is None or (following == 0 and not body[step]):
                item = {} if where[-1] != 0 else None
                body[step] = [item] if following == 0 else {}
            body = body[step]
    if value is _Missing:
        body.pop(where[-1], None)
    else:
        body[where[-1]] = value


def _text(plain: Schema) -> str:
    if plain.get("enum"):
        return str(plain["enum"][0])
    samples = {"uuid": NOWHERE, "date-time": "2026-11-22T01:00:00Z", "date": "2026-11-20"}
    sample = samples.get(plain.get("format", ""))
    return sample or "甲" * max(plain.get("minLength", 0), 1)


def _texts(plain: Schema) -> Iterator[str]:
    if plain.get("enum"):
        yield "no such word"
    elif "format" in plain:
        yield from _BY_FORMAT[plain["format"]]
    else:
        yield "甲\0乙" * max(plain.get("minLength", 0), 1)
        if plain.get("minLength"):
            yield "甲" * (plain["minLength"] - 1)
        if "maxLength" in plain:
            yield "甲" * (plain["maxLength"] + 1)
        if "pattern" in plain:
            yield "not of this pattern"


def _numbers(plain: Schema) -> Iterator[float]:
    yield 10**30
    yield -(10**30)
    if "maximum" in plain:
        yield plain["maximum"] + 1
    if "minimum" in plain:
        yield plain["minimum"] - 1
