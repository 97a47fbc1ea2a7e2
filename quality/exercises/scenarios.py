"""What is drilled: one shipped version."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec

from kernel.confidence import Confidence


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scenario, in two languages."""

    code: str
    zh: str
    en: str
    confidence: Confidence


class Scenarios(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"scenarios": "scenario"}
):
    """A version of the list."""

    version: str
    source: str
    scenarios: list[Scenario]


def shipped() -> Scenarios:
    """This release's list."""
    text = Path(__file__).with_name("scenarios.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Scenarios)


SCENARIOS: Final = shipped()
KNOWN: Final = {one.code: one for one in SCENARIOS.scenarios}
