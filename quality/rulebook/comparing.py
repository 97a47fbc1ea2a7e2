"""Pure: what a version changes, line by line, for whoever enters it and whoever compares it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from quality.rulebook.schemas import FieldChange, RuleChange

HEAD: Final = ""
"""The part of what stands over the lines: names, sources, reminders."""
UNSAID: Final = frozenset({"version", "valid_from", "code"})
"""The server writes these; they change with every version."""

Lines: TypeAlias = dict[tuple[str, str], dict[str, str]]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[RuleChange]:
    """Lines that were added, removed or changed, in the order of the newer version."""
    old, new = lines(before), lines(after)
    keys = [*new, *(key for key in old if key not in new)]
    found = []
    for part, code in keys:
        was, now = old.get((part, code)), new.get((part, code))
        names = [*(now or {}), *(name for name in was or {} if name not in (now or {}))]
        fields = [
            FieldChange(name, (was or {}).get(name, ""), (now or {}).get(name, ""))
            for name in names
            if (was or {}).get(name, "") != (now or {}).get(name, "")
        ]
        how = "added" if was is None else "removed" if now is None else "changed"
        if fields or how != "changed":
            said = now or was or {}
            name = said.get("name.zh") or said.get("zh") or code
            found.append(RuleChange(part, code, name, how, fields))  # type: ignore[arg-type]
    return found


def lines(content: Mapping[str, Any]) -> Lines:
    """A content as named lines of plain fields; items of a form say which section they are in."""
    found: Lines = {(HEAD, ""): {}}
    for part, value in content.items():
        if part in UNSAID:
            continue
        if part == "section":
            for section in value:
                for item in section["item"]:
                    said = {"section": section["zh"], "section_en": section["en"], **item}
                    found["item", item["code"]] = dict(_fields(said))
        elif isinstance(value, list) and all(_is_line(one) for one in value):
            for one in value:
                found[part, one["code"]] = dict(_fields(one))
        else:
            found[HEAD, ""] |= dict(_fields({part: value}))
    return found


def _is_line(value: object) -> bool:
    return isinstance(value, dict) and "code" in value


def _fields(said: Mapping[str, Any], over: str = "") -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        path = f"{over}{name}"
        if path in UNSAID or value is None or value == [] or value == "":
            continue
        if isinstance(value, dict):
            yield from _fields(value, f"{path}.")
        else:
            yield path, _text(value)


def _text(value: object) -> str:
    if isinstance(value, list):
        return "、".join(_text(one) for one in value)
    if isinstance(value, dict):
        return f"{value.get('zh', '')} ({value.get('code', '')})"
    return f"{value:g}" if isinstance(value, float) else str(value)
