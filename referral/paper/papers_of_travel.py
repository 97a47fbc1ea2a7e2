"""Checklist, consent and handover: what is signed around a journey. Orders are ours, 待核实."""

from referral.paper import words
from referral.paper.model import Box, Document, PaperKind, Section, Ticks, ticks
from referral.paper.transfer import head, last_leg
from referral.readmodel.dossier import ConsentAct, Dossier
from referral.readmodel.parts import Leg, Signature
from referral.readmodel.whole import Referral

ITEMS: tuple[tuple[str, str], ...] = (
    ("airway_and_breathing_stable", "气道与呼吸稳定"),
    ("circulation_stable", "循环稳定"),
    ("iv_access", "静脉通路通畅"),
    ("oxygen_for_trip_plus_30_min", "氧气够全程并余 30 分钟以上"),
    ("emergency_kit", "急救器材与药品齐备"),
    ("papers_and_consent", "病历资料与知情同意书齐备"),
    ("family_informed", "已告知家属"),
)

EXPLAINED = (
    "医师已向本人/家属说明：目前诊断与病情；转运的必要性与目的；途中可能出现病情加重、分娩、出血、"
    "抽搐、心搏呼吸骤停乃至母儿死亡等风险；不转运的风险与其他可选处理；途中的监护与抢救措施。"
    "本人/家属已理解上述内容，并有机会提问。"
)


def checklist(case: Referral, dossier: Dossier) -> Document:
    """What was checked before the doors closed (Fujian table 2, of which the start was seen)."""
    leg = last_leg(case)
    checked = leg.checklist if leg else None
    woman = case.pregnancy
    boxes: list[Box | Ticks] = []
    for code, label in ITEMS:
        answer = None if checked is None else getattr(checked, code)
        told = None if answer is None else ("yes" if answer else "no")
        boxes.append(ticks(label, (("yes", "是"), ("no", "欠妥")), told, 3))
        why = checked.exception if checked is not None and answer is False else None
        boxes.append(Box("欠妥时具体说明", why, 3))
    sections = [
        Section(
            "一般情况",
            (
                Box("姓名", woman.name if woman else None),
                Box("年龄", words.number(woman.age if woman else None, "岁")),
                Box("住院号", case.record.admission_no),
                Box("转出单位", case.origin.name, 3),
                Box("护送人员", leg.escort if leg else None, 3),
            ),
        ),
        Section("逐项核查", tuple(boxes), unverified=True),
        Section(
            "确认",
            (
                Box(
                    "车辆",
                    words.joined(words.MODE[leg.mode], leg.vehicle, by=" ") if leg else None,
                    3,
                ),
                Box(
                    "就绪时间", words.moment((leg.ready_at or leg.departed_at) if leg else None), 3
                ),
                Box("核查人（签名）", None, 3, 2),
                Box("护送人员（签名）", None, 3, 2),
            ),
            unverified=True,
        ),
    ]
    return head(case, PaperKind.CHECKLIST, sections, unverified=True)


def consent(case: Referral, dossier: Dossier) -> Document:
    """Consent to the transfer: signed, spoken, or waived by the head of the institution."""
    woman, act = case.pregnancy, dossier.consents[-1] if dossier.consents else None
    sections = [
        Section(
            "一般情况",
            (
                Box("姓名", woman.name if woman else None),
                Box("年龄", words.number(woman.age if woman else None, "岁")),
                Box("孕周", words.gestation(case.patient.gestation_days)),
                Box("诊断", case.record.diagnosis, 6, 2),
                Box("转出单位", case.origin.name, 3),
                Box("拟接收单位", words.place(case.receiver), 3),
            ),
        ),
        Section("告知内容", text=EXPLAINED, unverified=True),
        _consented(case, act),
        Section(
            "签名",
            (
                Box("本人或家属（签名）", None, 3, 2),
                Box("签名时间", None, 3, 2),
                Box("告知医师（签名）", None, 3, 2),
                Box("机构负责人（紧急免签时签名）", None, 3, 2),
            ),
            unverified=True,
        ),
    ]
    return head(case, PaperKind.CONSENT, sections, unverified=True)


def _consented(case: Referral, act: ConsentAct | None) -> Section:
    relation = words.RELATION.get(act.relation or "") if act else None
    return Section(
        "同意方式",
        (
            ticks("方式", words.CONSENT, act.kind if act else case.consent),
            ticks("同意人", words.GIVEN_BY, act.given_by if act else None),
            Box("同意人姓名", act.giver_name if act else None),
            Box("与患者关系", relation),
            Box("时间", words.moment(act.at if act else None)),
            Box("告知人", act.explained_by if act else None),
            Box(
                "授权人及职务",
                words.joined(act.authoriser_name, act.authoriser_post, by=" ") if act else None,
                4,
            ),
            Box("免签理由", act.reason if act else None, 6),
        ),
        unverified=True,
    )


def handover(case: Referral, dossier: Dossier) -> Document:
    """Both halves of the handover, side by side with who signed and when."""
    leg, woman = last_leg(case), case.pregnancy
    sections = [
        Section(
            "一般情况",
            (
                Box("姓名", woman.name if woman else None),
                Box("年龄", words.number(woman.age if woman else None, "岁")),
                Box("孕周", words.gestation(case.patient.gestation_days)),
                Box("诊断", case.record.diagnosis, 6),
                Box("转出单位", case.origin.name, 3),
                Box("接收单位", words.place(case.receiver), 3),
                Box("出发时间", words.moment(leg.departed_at if leg else None), 3),
                Box("到达时间", words.moment(leg.arrived_at if leg else None), 3),
            ),
        ),
        _half("转出方交班", leg, "origin"),
        _half("接收方接班", leg, "receiver"),
        Section(
            "交接完成", (Box("交接时间", words.moment(leg.handed_over_at if leg else None), 6),)
        ),
    ]
    return head(case, PaperKind.HANDOVER, sections, unverified=True)


def _half(title: str, leg: Leg | None, side: str) -> Section:
    signed: Signature | None = None
    if leg is not None:
        signed = next((one for one in leg.signatures if one.side == side), None)
    seen = signed.vitals if signed else None
    by = None
    if signed is not None:
        by = words.joined(words.person(signed.person), "代签" if signed.on_behalf else None, by=" ")
    return Section(
        title,
        (
            Box("血压", words.pressure(seen)),
            Box("脉搏", words.sign(seen, "hr_per_min", "次/分")),
            Box("血氧饱和度", words.sign(seen, "spo2_percent", "%")),
            Box("病情", signed.condition if signed else None, 6, 2),
            Box("用药", signed.drugs if signed else None, 6, 2),
            Box("血液制品", signed.blood if signed else None, 3),
            Box("资料", signed.documents if signed else None, 3),
            Box("签名", by, 3),
            Box("签名时间", words.moment(signed.signed_at if signed else None), 3),
        ),
        unverified=True,
    )
