"""Statements that say only what is asked for.

After some questions PostgreSQL plans a statement for whatever may be asked. A condition that may
also be none then uses no index: a house's cases would be looked for among all.
"""

from collections.abc import Mapping
from typing import Any, Final

_OPTIONAL: Final[dict[str, tuple[str, str]]] = {}
"""The name asked for and the condition, by how both stand in a statement."""


def if_given(name: str, condition: str) -> str:
    """A condition on the region or the facility `name` asked for, if one is."""
    whole = f"(CAST(:{name} AS uuid) IS NULL OR {condition})"
    _OPTIONAL[whole] = name, condition
    return whole


def narrowed(statement: str, values: Mapping[str, Any]) -> str:
    """The statement with the conditions of what is given, and without those of what is not."""
    for whole, (name, condition) in _OPTIONAL.items():
        statement = statement.replace(whole, "true" if values[name] is None else f"({condition})")
    return statement


def used(statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a statement has."""
    return {name: value for name, value in values.items() if f":{name}" in statement}
