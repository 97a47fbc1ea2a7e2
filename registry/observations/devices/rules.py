"""What each kind of device may say, and when it said it. Pure."""

from datetime import datetime, timedelta
from typing import Literal

DeviceKind = Literal["bilirubinometer", "home_blood_pressure", "home_ctg", "ward_monitor"]

CODES: dict[DeviceKind, frozenset[str]] = {
    "bilirubinometer": frozenset({"tcb_mg_per_dl"}),
    "home_blood_pressure": frozenset({"sbp_mmhg", "dbp_mmhg", "hr_per_min"}),
    "home_ctg": frozenset({"fhr_bpm"}),
    "ward_monitor": frozenset(
        {"sbp_mmhg", "dbp_mmhg", "hr_per_min", "rr_per_min", "spo2_percent", "temp_c", "fhr_bpm"}
    ),
}
"""Anything else a device sends is refused: it was registered as something else."""

AT_HOME: frozenset[DeviceKind] = frozenset({"home_blood_pressure", "home_ctg"})
"""Nobody of the house stood by when these were read."""

ON_NEWBORNS: frozenset[DeviceKind] = frozenset({"bilirubinometer"})
"""Paired with a newborn; every other kind with a mother."""


def offset_of(device_now: datetime, now: datetime) -> timedelta:
    """What must be added to the device's clock to have ours."""
    return now - device_now


def milliseconds(offset: timedelta) -> int:
    """A clock's offset as it is stored."""
    return round(offset / timedelta(milliseconds=1))
