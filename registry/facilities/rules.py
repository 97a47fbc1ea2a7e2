"""What tiers, roles and areas are called, and which local day a moment falls on."""

from datetime import date, datetime, timedelta, timezone
from enum import StrEnum

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one zone and no daylight saving; designations change at its midnight."""


class Level(StrEnum):
    """Levels of the region tree."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"


class Tier(StrEnum):
    """A facility's tier in the referral network (危急重症救治网络: 乡镇、县、市、省)."""

    TOWNSHIP = "township"
    COUNTY = "county"
    CITY = "city"
    PROVINCE = "province"


class FacilityRole(StrEnum):
    """What a facility is designated to do."""

    MATERNAL_CENTRE = "maternal_centre"
    NEONATAL_CENTRE = "neonatal_centre"
    MIDWIFERY = "midwifery"
    MCH_INSTITUTE = "mch_institute"
    AMBULANCE = "ambulance"
    BLOOD_STATION = "blood_station"
    HEALTH_COMMISSION = "health_commission"


class AreaKind(StrEnum):
    """What a responsible area is about."""

    MATERNAL = "maternal"
    NEONATAL = "neonatal"


def local_date(at: datetime) -> date:
    """The day on which `at` falls in China."""
    return at.astimezone(CHINA).date()
