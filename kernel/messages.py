"""What refusals say, in Chinese and English.

Each package keeps its texts in `messages.toml` beside its code:

    ["kernel.version_stale"]
    zh_title = "…"    zh_detail = "…"    en_title = "…"    en_detail = "…"

`{field}` in a detail is filled from the refusal. Every text says what to do next.

A refusal's `reason` is a code. What it is called stands in `message_reasons.toml`:

    ["kernel.not_allowed"]
    not_your_shift = { zh = "…", en = "…" }

A reason without words is written as it is, and so is what follows a colon in it.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")
_K = TypeVar("_K")
_V = TypeVar("_V")


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One code's texts."""

    zh_title: str
    zh_detail: str
    en_title: str
    en_detail: str


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason, inside a sentence."""

    zh: str
    en: str


class Said(msgspec.Struct, frozen=True):
    """Title and detail in one language."""

    title: str
    detail: str


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"


class Catalogue:
    """All texts of all packages."""

    def __init__(
        self, messages: Mapping[str, Message], reasons: Mapping[tuple[str, str], Words]
    ) -> None:
        self.messages = dict(messages)
        self.reasons = dict(reasons)

    @classmethod
    def load(cls, packages: Iterable[Path]) -> "Catalogue":
        """Read the texts below the given package folders; a code or reason may stand once."""
        found: dict[str, Message] = {}
        reasons: dict[tuple[str, str], Words] = {}
        for package in packages:
            for path in sorted(package.rglob("messages.toml")):
                _add(found, _read(path, dict[str, Message]), path)
            for path in sorted(package.rglob("message_reasons.toml")):
                of = _read(path, dict[str, dict[str, Words]])
                named = {(code, one): of[code][one] for code in of for one in of[code]}
                _add(reasons, named, path)
        return cls(found, reasons)

    def say(self, code: str, fields: Mapping[str, Any]) -> tuple[Said, Said]:
        """The Chinese and the English text of `code`."""
        message = self.messages[code]
        zh, en = self._filled(code, fields)
        return (
            Said(message.zh_title, message.zh_detail.format_map(zh)),
            Said(message.en_title, message.en_detail.format_map(en)),
        )

    def _filled(self, code: str, fields: Mapping[str, Any]) -> tuple[_Blank, _Blank]:
        reason, colon, about = str(fields.get("reason", "")).partition(":")
        words = self.reasons.get((code, reason))
        if words is None:
            return _Blank(fields), _Blank(fields)
        zh, en = words.zh + colon + about, words.en + colon + about
        return _Blank(fields, reason=zh), _Blank(fields, reason=en)


def _read(path: Path, shape: type[_T]) -> _T:
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")), shape)


def _add(found: dict[_K, _V], more: Mapping[_K, _V], path: Path) -> None:
    if twice := found.keys() & more.keys():
        raise ValueError(f"{path}: already defined: {sorted(map(str, twice))}")
    found.update(more)
