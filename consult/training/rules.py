"""When attendance is verified: one shipped version, named in every result."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of the rules; times in seconds, shares in percent."""

    version: str
    source: str
    confidence: str
    silent_s: int
    present_percent: int
    first_check_s: tuple[int, int]
    check_every_s: tuple[int, int]
    answer_within_s: int
    answered_percent: int
    tries_per_day: int
    forgotten_s: int
    seats: int


def shipped() -> Rules:
    """This release's rules."""
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Rules)


RULES: Final = shipped()
