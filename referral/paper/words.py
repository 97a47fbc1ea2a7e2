"""How values are written on paper: Beijing time, gestation, official words for codes."""

from datetime import date, datetime

from referral.commands.fields import HoldKind, Vitals
from registry.facilities.rules import CHINA
from registry.facilities.schemas import FacilityRef
from registry.people.schemas import PersonRef

RAISED = "⁰¹²³⁴⁵⁶"

Options = tuple[tuple[str, str], ...]

OUTCOME: Options = (
    ("rescued", "抢救成功"),
    ("improved", "好转"),
    ("still_treated", "仍在治疗"),
    ("died", "抢救失败（死亡）"),
    ("dead_on_arrival", "来院时已死亡"),
    ("transferred_on", "再次转出"),
    ("other", "其他"),
)
TIMELINESS: Options = (("timely", "及时"), ("delayed", "延误"))
FETUS: Options = (("alive", "存活"), ("dead", "死亡"), ("distress", "窘迫"))
COLOURS: Options = (("green", "绿"), ("yellow", "黄"), ("orange", "橙"), ("red", "红"))
LOCAL_COLOURS = {"pink": "粉", "critical": "危重"}
"""Colours of regional variants; they stand on paper where they were given."""

CONSENT: Options = (
    ("signed", "书面签署"),
    ("verbal", "口头同意（补签）"),
    ("emergency_waiver", "紧急免签（机构负责人授权）"),
)
GIVEN_BY: Options = (
    ("patient", "孕产妇本人"),
    ("relative", "近亲属"),
    ("institution_head", "机构负责人"),
)
MODE = {"ambulance": "救护车", "helicopter": "直升机", "own_vehicle": "自备车辆"}
ACUITY = {"resuscitation": "抢救", "critical": "危急", "urgent": "紧急", "stable": "平稳"}
HOLD: dict[HoldKind, str] = {
    "maternal_bed": "产科床",
    "icu_bed": "重症床",
    "neonatal_cot": "新生儿床",
    "theatre": "手术间",
    "blood": "血液",
}
SEX = {"female": "女", "male": "男", "undetermined": "性别未定", "unknown": "不详"}
AVPU = {"alert": "清醒", "voice": "对声音有反应", "pain": "对疼痛有反应", "unresponsive": "无反应"}
RELATION = {
    "spouse": "配偶",
    "parent": "父母",
    "child": "子女",
    "sibling": "兄弟姐妹",
    "other": "其他",
}
EDUCATION = {
    "none": "未上学",
    "primary": "小学",
    "junior": "初中",
    "senior": "高中/中专",
    "college": "大专",
    "university": "本科",
    "postgraduate": "研究生",
}


def colours(chosen: str | None, *, purple: bool = False) -> Options:
    """The colours to tick; a region's own one joins where it was given."""
    local = () if chosen not in LOCAL_COLOURS else ((str(chosen), LOCAL_COLOURS[str(chosen)]),)
    return (*COLOURS, *local, *((("purple", "紫"),) if purple else ()))


def moment(at: datetime | None) -> str | None:
    """To the minute, in Beijing."""
    return None if at is None else at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def day(on: date | None) -> str | None:
    """A calendar day."""
    return None if on is None else on.isoformat()


def gestation(days: int | None) -> str | None:
    """Completed weeks with the days raised."""
    return None if days is None else f"{days // 7}⁺{RAISED[days % 7]}周"


def number(value: float | None, unit: str) -> str | None:
    """A number with its unit."""
    return None if value is None else f"{value:g} {unit}"


def pressure(vitals: Vitals | None) -> str | None:
    """Systolic over diastolic."""
    if vitals is None or vitals.sbp_mmhg is None:
        return None
    return f"{vitals.sbp_mmhg}/{vitals.dbp_mmhg or '—'} mmHg"


def sign(vitals: Vitals | None, name: str, unit: str) -> str | None:
    """One vital sign."""
    return None if vitals is None else number(getattr(vitals, name), unit)


def person(who: PersonRef | None) -> str | None:
    """Name and title."""
    return None if who is None else f"{who.name} {who.title}".strip()


def place(where: FacilityRef | None) -> str | None:
    """A facility by its full name."""
    return None if where is None else where.name


def joined(*parts: object, by: str = "；") -> str | None:
    """What is there of these, in one line."""
    known = [str(part) for part in parts if part not in (None, "")]
    return by.join(known) or None
