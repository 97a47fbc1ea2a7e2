"""Limits of each channel: the shipped table, changed by the installation's providers file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from duty.notify.providers.file import Providers


@dataclass(frozen=True, slots=True)
class Limits:
    """How much at once, how long, and when silence is an answer (limits.toml says more)."""

    at_once: int
    timeout_s: float
    receipt_within_s: int
    confirms: bool


def limits_of(providers: Providers) -> dict[str, Limits]:
    """Every channel's limits in this installation."""
    found = {}
    for name, shipped in _shipped().items():
        own = providers.channels.get(name)
        changed = {
            field: value
            for field in ("at_once", "timeout_s", "receipt_within_s")
            if own is not None and (value := getattr(own, field)) is not None
        }
        found[name] = Limits(**{**shipped, **changed})
    return found


@cache
def _shipped() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))
