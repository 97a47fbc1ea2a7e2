"""What tiers and specialties are called where no page translates them: in calendars and sheets."""

from collections.abc import Iterable
from uuid import UUID

from duty.rosters.oncall import DutyTier

TIERS = {
    DutyTier.FIRST: "一线",
    DutyTier.SECOND: "二线",
    DutyTier.THIRD: "三线",
    DutyTier.LEAD: "组长",
    DutyTier.GENERAL_DUTY: "总值班",
}
SPECIALTIES = {
    "obstetrics": "产科",
    "neonatology": "新生儿科",
    "anaesthesia": "麻醉科",
    "transfusion": "输血科",
    "midwifery": "助产",
    "general_practice": "全科",
    "maternal_health": "孕产保健",
    "dispatch": "调度",
    "administration": "行政",
    "general_duty": "全院",
    "icu": "重症医学科",
}


def post(tier: str, specialty: str) -> str:
    """`一线 产科`; a specialty without a word stays readable as its code."""
    return f"{TIERS[DutyTier(tier)]} {SPECIALTIES.get(specialty, specialty)}"


def headings(places: Iterable[tuple[str, str, UUID]]) -> dict[str, UUID]:
    """What the columns of a sheet are called, in order; equals are numbered."""
    found: dict[str, UUID] = {}
    for tier, specialty, slot_id in places:
        name, number = post(tier, specialty), 2
        while name in found:
            name, number = f"{post(tier, specialty)} {number}", number + 1
        found[name] = slot_id
    return found
