"""Kinds of guidance and when a session counts: one shipped version, named in every session."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of guidance, in two languages."""

    code: str
    zh: str
    en: str


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"kinds": "kind"}):
    """A version of the rules; times in seconds."""

    version: str
    source: str
    confidence: str
    together_s: int
    silent_s: int
    forgotten_s: int
    kinds: list[Kind]


def shipped() -> Rules:
    """This release's rules."""
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Rules)


RULES: Final = shipped()
KINDS: Final = frozenset(one.code for one in RULES.kinds)
