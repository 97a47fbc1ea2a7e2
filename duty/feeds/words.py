"""What tiers and specialties are called where no page translates them: in calendars and sheets."""

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
