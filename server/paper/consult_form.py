"""会诊单: signed advice on a case. Composed here, where transfers and consults meet."""

from collections.abc import Sequence

from consult.readmodel import Advice
from referral.paper import words
from referral.paper.model import Box, Document, PaperKind, Section, Ticks, ticks
from referral.paper.transfer import head
from referral.readmodel.whole import Referral
from referral.rules.conditions import CATALOGUE
from server.paper.opinion import opinions

URGENCY: words.Options = (("urgent", "急会诊"), ("plain", "普通会诊"))
PLACES: words.Options = (("in_place", "就地救治"), ("transfer", "转诊"), ("team", "派专家组"))


def consult_form(case: Referral, advice: Sequence[Advice]) -> Document:
    """Everything signed on this case, with what became of each order."""
    sections = [_asked(case), *opinions(advice), _decision(case)]
    return head(case, PaperKind.CONSULT, sections, unverified=True)


def _asked(case: Referral) -> Section:
    woman, seen = case.pregnancy, case.record.vitals
    named = CATALOGUE.get(case.condition)
    urgency = "plain" if case.acuity == "stable" else "urgent"
    boxes: tuple[Box | Ticks, ...] = (
        Box("姓名", woman.name if woman else None),
        Box("年龄", words.number(woman.age if woman else None, "岁")),
        Box("孕周", words.gestation(case.patient.gestation_days)),
        Box("邀请单位", case.origin.name, 3),
        Box("邀请医师", words.person(case.created_by), 3),
        ticks("类别", URGENCY, urgency, 3),
        Box("申请时间", words.moment(case.sent_at), 3),
        Box("病情摘要", case.record.diagnosis or (named.zh if named else None), 6, 2),
        Box("血压", words.pressure(seen)),
        Box("脉搏", words.sign(seen, "hr_per_min", "次/分")),
        Box("血氧饱和度", words.sign(seen, "spo2_percent", "%")),
        Box("会诊目的", case.snapshot.reason if case.snapshot else None, 6, 2),
    )
    return Section("会诊申请", boxes, unverified=True)


def _decision(case: Referral) -> Section:
    """The advice is advice: what the treating hospital decides is its own, signed apart."""
    chosen = []
    if case.guidance is not None:
        chosen.append("in_place")
        if case.guidance.team_travelling:
            chosen.append("team")
    if case.legs:
        chosen.append("transfer")
    return Section(
        "邀请单位的决定（诊疗决定与责任由邀请单位承担）",
        (
            ticks("处理", PLACES, chosen),
            Box("邀请方医师（签名）", None, 3, 2),
            Box("时间", None, 3, 2),
        ),
        unverified=True,
    )
