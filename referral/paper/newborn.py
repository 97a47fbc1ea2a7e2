"""新生儿转诊单: one section for each child. The order is ours, 待核实."""

from datetime import datetime
from typing import Any

from referral.paper import words
from referral.paper.dosing import given
from referral.paper.model import Box, Document, PaperKind, Section
from referral.paper.transfer import feedback_block, head, identity, journey, receiving
from referral.readmodel.dossier import Dossier, NewbornSheet
from referral.readmodel.whole import Referral

RESUSCITATION = {
    "none": "无",
    "initial_steps": "初步复苏",
    "positive_pressure": "正压通气",
    "intubation": "气管插管",
    "compressions": "胸外按压",
    "adrenaline": "肾上腺素",
}
RESPIRATION = {"room_air": "空气", "oxygen": "吸氧", "cpap": "CPAP", "ventilated": "机械通气"}
FEED = {"none": "未喂养", "breast_milk": "母乳", "formula": "配方奶", "mixed": "混合"}
VITAMIN_K = {"given": "已给", "not_given": "未给", "unknown": "不详"}


def newborn_transfer(case: Referral, dossier: Dossier) -> Document:
    """The transfer form of one or more newborns."""
    sheets = dossier.newborns or [_blank()]
    sections = [_child(case, dossier, sheet) for sheet in sheets]
    mother = identity(case, dossier)
    sections.append(Section("母亲情况", mother.boxes, unverified=True))
    sections += [journey(case), receiving(case), feedback_block(case)]
    return head(case, PaperKind.NEWBORN_TRANSFER, sections, unverified=True)


def _blank() -> NewbornSheet:
    return NewbornSheet(
        baby=1, newborn_id=None, fields={}, missing=[], updated_at=None, updated_by=None
    )


def _child(case: Referral, dossier: Dossier, sheet: NewbornSheet) -> Section:
    known = sheet.fields
    apgar = words.joined(*(f"{m} 分钟 {known[f'apgar_{m}']}" for m in (1, 5, 10) if _has(known, m)))
    steps = [RESUSCITATION.get(step, step) for step in known.get("resuscitation") or []]
    air = RESPIRATION.get(known.get("respiration") or "")
    first = case.snapshot.reason if case.snapshot else None
    reason: str | None = known.get("reason") or first
    return Section(
        f"新生儿 {sheet.baby}",
        (
            Box("出生时间", _moment(known.get("born_at"))),
            Box("性别", words.SEX.get(known.get("sex") or "")),
            Box("出生孕周", words.gestation(known.get("gestation_days"))),
            Box("出生体重", words.number(known.get("weight_g"), "g")),
            Box("Apgar 评分", apgar, 4),
            Box("复苏措施", "、".join(steps) or None, 6),
            Box("体温", words.number(known.get("temp_c"), "℃")),
            Box("心率", words.number(known.get("hr_per_min"), "次/分")),
            Box("血氧饱和度", words.number(known.get("spo2_percent"), "%")),
            Box(
                "呼吸支持",
                words.joined(air, words.number(known.get("fio2_percent"), "% O₂"), by=" "),
            ),
            Box("血糖", words.number(known.get("glucose_mmol_per_l"), "mmol/L")),
            Box("维生素 K", VITAMIN_K.get(known.get("vitamin_k") or "")),
            Box("末次喂养", FEED.get(known.get("last_feed") or ""), 3),
            Box("喂养时间", _moment(known.get("last_feed_at")), 3),
            Box("诊断", known.get("diagnosis"), 6, 2),
            Box("体征", known.get("findings"), 6, 2),
            Box("用药及处理（时间）", given(dossier, sheet.baby), 6, 2),
            Box("母亲相关病史", known.get("maternal_facts"), 6, 2),
            Box("转诊原因", reason, 6, 2),
        ),
        unverified=True,
    )


def _has(known: dict[str, Any], minute: int) -> bool:
    return known.get(f"apgar_{minute}") is not None


def _moment(raw: datetime | str | None) -> str | None:
    return words.moment(datetime.fromisoformat(raw) if isinstance(raw, str) else raw)
