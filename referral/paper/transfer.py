"""转诊单 in the order of the 联系（转诊）卡: identity, condition, journey, receiver, feedback.

The card's order is that of the Shandong-type card [V]; what it lacks and a receiver wants follows
in sections of their own, marked 待核实.
"""

from referral.paper import words
from referral.paper.dosing import given
from referral.paper.model import Box, Document, PaperKind, Section, Ticks, ticks
from referral.readmodel.dossier import Dossier
from referral.readmodel.parts import Hold, Leg, Record
from referral.readmodel.whole import Referral
from referral.rules.conditions import CATALOGUE
from referral.states import HoldState, ReferralState

CARD = "联系（转诊）卡各栏（山东式样）"


def last_leg(case: Referral) -> Leg | None:
    """The journey that counts."""
    return case.legs[-1] if case.legs else None


def head(case: Referral, kind: PaperKind, sections: list[Section], *, unverified: bool) -> Document:
    """A document of this case."""
    return Document(
        kind=kind,
        number=case.number,
        facility=case.origin.name,
        sections=tuple(sections),
        source=CARD if not unverified else "平台归纳，未与官方表式核对",
        unverified=unverified,
        drill=case.drill,
        demo=case.demo,
        voided=case.state == ReferralState.VOIDED,
    )


def transfer(case: Referral, dossier: Dossier) -> Document:
    """The transfer form of a woman."""
    sections = [
        identity(case, dossier),
        condition(case),
        journey(case),
        receiving(case),
        feedback_block(case),
        beyond_card(case, dossier),
        laboratory(case, dossier),
    ]
    return head(case, PaperKind.TRANSFER, sections, unverified=False)


def identity(case: Referral, dossier: Dossier) -> Section:
    """Who she is."""
    woman, known = case.pregnancy, dossier.identity
    relative = words.joined(
        known.relative_name,
        words.RELATION.get(known.relative_relation or ""),
        by=" / ",
    )
    return Section(
        "一般情况",
        (
            Box("姓名", woman.name if woman else None),
            Box("年龄", words.number(woman.age if woman else None, "岁"), 1),
            Box("民族", known.ethnicity, 1),
            Box("文化程度", words.EDUCATION.get(known.education or "")),
            Box("住址", known.actual_residence, 6),
            Box("家属姓名及与患者关系", relative, 3),
            Box("联系电话", known.relative_phone or (woman.phone if woman else None), 3),
        ),
    )


def condition(case: Referral) -> Section:
    """How she is and why she is moved."""
    record, sbar = case.record, case.snapshot
    seen = record.vitals or (sbar.vitals if sbar else None)
    named = CATALOGUE.get(case.condition)
    return Section(
        "病情与转诊原因",
        (
            Box("入院时主诉", record.chief_complaint, 6, 2),
            Box("诊断", record.diagnosis or (named.zh if named else None), 6, 2),
            Box("处理经过", record.treatment, 6, 3),
            Box("血压", words.pressure(seen)),
            Box("呼吸", words.sign(seen, "rr_per_min", "次/分")),
            Box("脉搏", words.sign(seen, "hr_per_min", "次/分")),
            Box("胎心率", words.sign(seen, "fhr_bpm", "次/分")),
            ticks("胎儿情况", words.FETUS, record.fetus, 4),
            Box("宫缩", record.contractions),
            Box("出血量（截至转出）", words.sign(seen, "blood_loss_ml", "mL")),
            Box("产程时间", words.number(record.labour_hours, "小时")),
            Box("转诊原因", sbar.reason if sbar else None, 6, 2),
        ),
    )


def journey(case: Referral) -> Section:
    """Who sends, when and how she leaves."""
    leg = last_leg(case)
    entries = [] if leg is None else [entry for entry in leg.entries if entry.note]
    on_the_way = "；".join(f"{words.moment(e.at)} {e.note}" for e in entries) or None
    return Section(
        "转送",
        (
            Box("途中处理", on_the_way, 6, 2),
            Box("转出单位", case.origin.name, 4),
            Box("转出医师（签名）", words.person(case.created_by)),
            Box("出发时间", words.moment(leg.departed_at if leg else None), 3),
            Box("护送人员姓名、职务", leg.escort if leg else None, 3),
        ),
    )


def receiving(case: Referral) -> Section:
    """Who receives her, when she arrives."""
    leg = last_leg(case)
    taken = next((one for one in case.offers if one.state == "accepted"), None)
    vehicle = words.joined(words.MODE[leg.mode], leg.vehicle, by=" ") if leg else None
    return Section(
        "接收",
        (
            Box("接收单位", words.place(case.receiver), 4),
            Box("接诊医师（签名）", words.person(taken.answered_by if taken else None)),
            Box("到达时间", words.moment(leg.arrived_at if leg else None), 3),
            Box("交通工具", vehicle, 3),
        ),
    )


def feedback_block(case: Referral) -> Section:
    """What the receiver sends back, on the card itself."""
    end = case.ending
    boxes: tuple[Box | Ticks, ...] = (
        ticks("转归", words.OUTCOME, end.outcome if end else None),
        ticks("对转诊的评价", words.TIMELINESS, end.timeliness if end else None, 3),
        Box("需改正之处", end.to_correct if end else None, 3),
        Box("结局上报主管部门", None, 6),
    )
    return Section("反馈转出单位", boxes)


def beyond_card(case: Referral, dossier: Dossier) -> Section:
    """What the card does not ask and a receiver wants."""
    woman, known, record = case.pregnancy, dossier.identity, case.record
    born = None
    if woman is not None and woman.gravida is not None:
        born = f"G{woman.gravida} P{woman.para if woman.para is not None else '—'}"
    named = CATALOGUE.get(case.condition)
    blood = words.joined(record.blood_group, record.rh and f"Rh {record.rh}", by=" ")
    return Section(
        "补充信息",
        (
            Box("身份证号", known.id_number, 3),
            Box("母子健康手册编号", known.handbook_no, 3),
            Box("户籍地址", known.registered_residence, 6),
            Box("孕周", words.gestation(case.patient.gestation_days), 1),
            Box("孕产次", born, 1),
            Box("末次月经", words.day(woman.lmp if woman else None), 2),
            Box("预产期", words.day(woman.edd if woman else None), 2),
            ticks("妊娠风险", words.colours(case.risk_colour, purple=True), _colours(case), 4),
            Box("紧急程度", words.ACUITY[case.acuity], 2),
            Box("病情", named.zh if named else None, 2),
            Box("过敏史", record.allergies, 2),
            Box("血型", blood, 2),
            Box("传染病情况", record.infection, 3),
            Box("静脉通路与管道", record.lines, 3),
            Box("已备床位/手术/血液", words.joined(*map(_kept, case.holds)), 3),
            ticks("知情同意", words.CONSENT, case.consent, 6),
        ),
        unverified=True,
    )


def _kept(one: Hold) -> str | None:
    if one.state not in (HoldState.HELD, HoldState.USED):
        return None
    what = words.joined(words.HOLD[one.kind], one.label, by=" ")
    return f"{what}（{one.facility.short_name}）"


def _clotting(record: Record) -> str | None:
    times = (record.pt_s, record.aptt_s)
    if times == (None, None):
        return None
    return " / ".join("—" if one is None else f"{one:g}" for one in times) + " s"


def _colours(case: Referral) -> list[str]:
    found = [] if case.risk_colour is None else [str(case.risk_colour)]
    return [*found, "purple"] if case.purple else found


def laboratory(case: Referral, dossier: Dossier) -> Section:
    """Laboratory values, drugs with their times, blood."""
    record = case.record
    return Section(
        "检验、用药与输血",
        (
            Box("血红蛋白", words.number(record.hb_g_per_l, "g/L")),
            Box("血小板", words.number(record.plt_10e9_per_l, "×10⁹/L")),
            Box("白细胞", words.number(record.wbc_10e9_per_l, "×10⁹/L")),
            Box("纤维蛋白原", words.number(record.fibrinogen_g_per_l, "g/L")),
            Box("PT / APTT", _clotting(record)),
            Box("D-二聚体", words.number(record.d_dimer_mg_per_l, "mg/L")),
            Box("肌酐", words.number(record.creatinine_umol_per_l, "μmol/L")),
            Box("ALT", words.number(record.alt_u_per_l, "U/L")),
            Box("血糖", words.number(record.glucose_mmol_per_l, "mmol/L")),
            Box("乳酸", words.number(record.lactate_mmol_per_l, "mmol/L")),
            Box("尿蛋白", record.urine_protein),
            Box("检验时间", words.moment(record.labs_at)),
            Box("用药及处理（时间）", given(dossier, 0) or record.drugs, 6, 3),
            Box("已输血", record.blood_given, 3),
            Box("预计到达", words.moment(case.eta), 3),
        ),
        unverified=True,
    )
