"""Readings for tests: a healthy woman, and changes to her."""

from datetime import UTC, datetime, timedelta

from registry.observations.derived import Sample
from registry.observations.warning.evaluate import Readings, Warned, evaluate
from registry.observations.warning.rulesets import RULESETS

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TOOLS = {one.code: one for one in RULESETS}

HEALTHY: dict[str, float | str | bool] = {
    "sbp_mmhg": 118,
    "dbp_mmhg": 76,
    "hr_per_min": 78,
    "rr_per_min": 16,
    "spo2_percent": 98,
    "temp_c": 36.8,
    "consciousness": "alert",
    "oxygen": "room_air",
    "urine_ml_per_h": 60,
    "plt_10e9_per_l": 210,
    "fhr_bpm": 140,
    "preeclampsia": False,
    "headache": False,
    "dyspnoea": False,
    "disproportionate_pain": False,
    "nurse_concern": False,
}


def read(minutes_ago: float, **values: float | str | bool) -> list[Sample]:
    """Readings of one moment before `AT`."""
    moment = AT - timedelta(minutes=minutes_ago)
    return [Sample(code, value, moment) for code, value in values.items()]


def healthy(**changes: float | str | bool | None) -> list[Sample]:
    """Everything read just now; `None` takes a reading away."""
    values = {**HEALTHY, **changes}
    return read(0, **{code: value for code, value in values.items() if value is not None})


def say(tool: str, samples: list[Sample]) -> Warned:
    """What a tool says of them."""
    return evaluate(TOOLS[tool], Readings(samples), AT)


def lasting(**values: float | str | bool) -> list[Sample]:
    """A healthy woman but for these values, which have lasted for two hours."""
    return [*read(120, **values), *healthy(**values)]
