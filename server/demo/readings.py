"""Vital signs before a demo case was sent: a bleed, or pressure that climbs."""

from datetime import datetime, timedelta

from registry.observations.schemas import Entry

UNITS = {
    "sbp_mmhg": "mmHg",
    "dbp_mmhg": "mmHg",
    "hr_per_min": "/min",
    "rr_per_min": "/min",
    "spo2_percent": "%",
    "temp_c": "Cel",
}
BLEEDING: dict[int, tuple[float, ...]] = {
    120: (118, 74, 86, 16, 98, 36.8),
    75: (112, 70, 98, 18, 98, 36.7),
    40: (102, 64, 110, 20, 97, 36.5),
    15: (94, 58, 120, 22, 96, 36.3),
}
"""Minutes before → values in the order of `UNITS`."""

HYPERTENSIVE: dict[int, tuple[float, ...]] = {
    360: (132, 84, 82, 16, 98, 36.7),
    180: (142, 92, 86, 18, 98, 36.8),
    60: (152, 98, 92, 18, 97, 36.8),
    20: (158, 104, 96, 20, 96, 36.9),
}


def before(now: datetime, *, bleeding: bool) -> list[Entry]:
    """The sets that led to the call."""
    return [
        Entry(code=code, number=value, unit=unit, taken_at=now - timedelta(minutes=minutes))
        for minutes, values in (BLEEDING if bleeding else HYPERTENSIVE).items()
        for (code, unit), value in zip(UNITS.items(), values, strict=True)
    ]
