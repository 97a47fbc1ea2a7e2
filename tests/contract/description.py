"""What the interface says of itself: the operations of the OpenAPI document, one by one.

Nothing here is written by hand, so a new route is attacked on the day it is served.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with references resolved where they are used."""

    method: str
    path: str
    parameters: tuple[Schema, ...]
    body: Schema | None
    keyed: bool

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """`POST /api/patients`."""
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """True if it may change something."""
        return self.method not in SAFE

    def named(self, place: str) -> dict[str, Schema]:
        """Name → schema of its parameters in `path` or `query`."""
        return {one["name"]: one["schema"] for one in self.parameters if one["in"] == place}


class Description:
    """The document and its named schemas."""

    def __init__(self, document: Schema) -> None:
        self._named: Schema = document["components"]["schemas"]
        self.operations = {one.name: one for one in self._read(document)}

    def _read(self, document: Schema) -> Iterator[Operation]:
        for path, methods in document["paths"].items():
            for method, said in methods.items():
                parameters = tuple(said.get("parameters", ()))
                content = said.get("requestBody", {}).get("content", {})
                keys = [one for one in parameters if one["name"].lower() == "idempotency-key"]
                yield Operation(
                    method.upper(),
                    path,
                    parameters,
                    content.get("application/json", {}).get("schema"),
                    keyed=bool(keys) and method.upper() not in SAFE,
                )

    def plain(self, schema: Schema) -> Schema:
        """The schema without references and without its null branch; limits beside it kept."""
        if "$ref" in schema:
            return self.plain(self._named[schema["$ref"].rpartition("/")[2]])
        branches = [one for one in schema.get("oneOf", ()) if one.get("type") != "null"]
        if branches:
            beside = {name: value for name, value in schema.items() if name != "oneOf"}
            return {**self.plain(branches[0]), **beside}
        if isinstance(schema.get("type"), list):
            (kind,) = (one for one in schema["type"] if one != "null")
            words = [word for word in schema.get("enum", ()) if word is not None]
            return {**schema, "type": kind, "enum": words}
        return schema

    def nullable(self, schema: Schema) -> bool:
        """True if null is a value of it."""
        return any(one.get("type") == "null" for one in schema.get("oneOf", ())) or (
            isinstance(schema.get("type"), list) and "null" in schema["type"]
        )

    def texts(self, schema: Schema, where: str = "$") -> Iterator[tuple[str, Schema]]:
        """Every string and list of a body, wherever it is nested."""
        plain = self.plain(schema)
        if plain.get("type") in ("string", "array"):
            yield where, plain
        if plain.get("type") == "array":
            yield from self.texts(plain["items"], f"{where}[]")
        for name, inner in plain.get("properties", {}).items():
            yield from self.texts(inner, f"{where}.{name}")
