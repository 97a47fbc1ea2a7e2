"""What refusals say, in Chinese and English.

Each package keeps its texts in `messages.toml` beside its code:

    ["kernel.version_stale"]
    zh_title = "…"    zh_detail = "…"    en_title = "…"    en_detail = "…"

`{field}` in a detail is filled from the refusal. Every text says what to do next.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One code's texts."""

    zh_title: str
    zh_detail: str
    en_title: str
    en_detail: str


class Said(msgspec.Struct, frozen=True):
    """Title and detail in one language."""

    title: str
    detail: str


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"


class Catalogue:
    """All texts of all packages."""

    def __init__(self, messages: Mapping[str, Message]) -> None:
        self.messages = dict(messages)

    @classmethod
    def load(cls, packages: Iterable[Path]) -> "Catalogue":
        """Read every `messages.toml` below the given package folders; a code may stand once."""
        found: dict[str, Message] = {}
        for package in packages:
            for path in sorted(package.rglob("messages.toml")):
                entries = msgspec.convert(
                    tomllib.loads(path.read_text("utf-8")), dict[str, Message]
                )
                if twice := found.keys() & entries.keys():
                    raise ValueError(f"{path}: already defined: {sorted(twice)}")
                found |= entries
        return cls(found)

    def say(self, code: str, fields: Mapping[str, Any]) -> tuple[Said, Said]:
        """The Chinese and the English text of `code`."""
        message = self.messages[code]
        blanks = _Blank(fields)
        return (
            Said(message.zh_title, message.zh_detail.format_map(blanks)),
            Said(message.en_title, message.en_detail.format_map(blanks)),
        )
