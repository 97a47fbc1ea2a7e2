"""The smallest body that a route accepts, made from its type; so every route can be knocked at."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect

NOWHERE = str(UUID(int=1))


def minimal(body_type: Any) -> Any:
    """JSON for a value of `body_type` with only its required fields."""
    return _value(inspect.type_info(body_type))


def _value(kind: inspect.Type) -> Any:
    if isinstance(kind, inspect.StructType):
        return {field.encode_name: _value(field.type) for field in kind.fields if field.required}
    if isinstance(kind, inspect.UnionType):
        return _value(kind.types[0])
    if isinstance(kind, inspect.EnumType):
        return next(iter(kind.cls)).value
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    if isinstance(kind, inspect.Metadata):
        return _value(kind.type)
    if isinstance(kind, inspect.StrType):
        return "甲" * max(kind.min_length or 0, 1)
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return kind.ge if kind.ge is not None else 1
    if isinstance(kind, inspect.CollectionType):
        return [_value(kind.item_type)] * (kind.min_length or 0)
    return _plain(kind)


def _plain(kind: inspect.Type) -> Any:
    samples = {
        inspect.UUIDType: NOWHERE,
        inspect.DateTimeType: "2026-11-22T01:00:00Z",
        inspect.DateType: "2026-11-22",
        inspect.BoolType: False,
        inspect.NoneType: None,
        inspect.DictType: {},
        inspect.AnyType: None,
    }
    if type(kind) not in samples:
        raise msgspec.ValidationError(f"no sample for {kind}; give the body in matrix.toml")
    return samples[type(kind)]
