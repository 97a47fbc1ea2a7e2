"""Feedback to the sender, and the way back down. Beyond the card's block the order is ours."""

from referral.paper import words
from referral.paper.model import Box, Document, PaperKind, Section, ticks
from referral.paper.transfer import head
from referral.readmodel.dossier import Dossier
from referral.readmodel.whole import Referral
from referral.rules.conditions import CATALOGUE


def feedback(case: Referral, dossier: Dossier) -> Document:
    """Outcome and feedback, as the sender reads them."""
    end, woman = case.ending, case.pregnancy
    sections = [
        Section(
            "一般情况",
            (
                Box("姓名", woman.name if woman else None),
                Box("年龄", words.number(woman.age if woman else None, "岁")),
                Box("孕周", words.gestation(case.patient.gestation_days)),
                Box("转出单位", case.origin.name, 3),
                Box("接收单位", words.place(case.receiver), 3),
            ),
        ),
        Section(
            "转归与评价",
            (
                ticks("转归", words.OUTCOME, end.outcome if end else None),
                ticks("对转诊的评价", words.TIMELINESS, end.timeliness if end else None),
                Box("需改正之处", end.to_correct if end else None, 6, 2),
            ),
        ),
        Section(
            "诊治情况",
            (
                Box("确定诊断", end.diagnosis if end else None, 6, 2),
                Box("救治经过", end.treatment if end else None, 6, 3),
                Box("反馈意见", end.feedback if end else None, 6, 3),
                Box("给转出单位的建议", end.advice if end else None, 6, 2),
            ),
            unverified=True,
        ),
        Section(
            "签署",
            (
                Box("反馈医师", words.person(end.by if end else None)),
                Box("反馈时间", words.moment(end.at if end else None), 4),
                Box("转出单位阅知人", words.person(end.feedback_read_by if end else None)),
                Box("阅知时间", words.moment(end.feedback_read_at if end else None), 4),
                Box("结局上报主管部门", None, 6),
            ),
        ),
    ]
    return head(case, PaperKind.FEEDBACK, sections, unverified=False)


def back_referral(case: Referral, dossier: Dossier) -> Document:
    """Down again: plan, drugs, red flags, follow-up, the new colour, confirmed receipt."""
    plan, woman = case.plan, case.pregnancy
    taken = case.offers[0] if case.offers else None
    named = CATALOGUE.get(case.condition)
    colour = plan.risk_colour if plan else None
    children = [one.plan for one in plan.newborns] if plan else []
    sections = [
        Section(
            "一般情况",
            (
                Box("姓名", woman.name if woman else None),
                Box("年龄", words.number(woman.age if woman else None, "岁")),
                Box("联系电话", woman.phone if woman else None),
                Box("下转单位", case.origin.name, 3),
                Box("接收单位", words.place(taken.facility if taken else None), 3),
                Box("原转诊病情", named.zh if named else None, 3),
                Box("目前情况", words.ACUITY[case.acuity], 3),
            ),
        ),
        Section(
            "后续管理",
            (
                Box("管理计划", plan.plan if plan else None, 6, 3),
                Box("用药", plan.drugs if plan else None, 6, 2),
                Box("需立即返诊的情况", plan.red_flags if plan else None, 6, 3),
                ticks("重新评定的妊娠风险", words.colours(colour), colour),
                Box("随访机构", words.place(plan.follow_up_facility if plan else None), 4),
                Box("随访日期", words.day(plan.follow_up_on if plan else None)),
                *(Box(f"新生儿 {n}", text, 6) for n, text in enumerate(children, 1)),
            ),
            unverified=True,
        ),
        Section(
            "签署与签收",
            (
                Box("下转医师", words.person(plan.by if plan else None), 3),
                Box("下转时间", words.moment(plan.at if plan else None), 3),
                Box("签收人", words.person(taken.acknowledged_by if taken else None), 3),
                Box(
                    "签收时间（24 小时内）",
                    words.moment(taken.acknowledged_at if taken else None),
                    3,
                ),
            ),
            unverified=True,
        ),
    ]
    return head(case, PaperKind.BACK_REFERRAL, sections, unverified=True)
