"""会诊单 of a consultation: asked, answered, held, advised, decided. Domain §4.3 (confidence B)."""

from collections.abc import Sequence

from consult.imaging.readmodel import MeasuredReport
from consult.readmodel import Advice
from consult.requests.schemas import ConsultDetail, ConsultOut, DecisionOut, InvitationOut
from consult.rooms.attendance import Attended
from consult.rooms.chat.schemas import RoomMessage
from consult.rooms.stills.schemas import RoomStill
from consult.telephone.schemas import ConsultCall
from referral.paper import words
from referral.paper.model import Box, Document, PaperKind, Section, ticks
from registry.facilities.rules import CHINA
from registry.pregnancies.schemas import PregnancyOut
from server.paper.biometry import biometry
from server.paper.opinion import opinions

URGENCY: words.Options = (("urgent", "急会诊"), ("ordinary", "普通会诊"))
KINDS: words.Options = (("single", "单个专家"), ("group", "专家组"), ("mdt", "多学科"))
CONSENT: words.Options = (("written", "书面"), ("spoken", "口头"), ("emergency", "紧急，未能取得"))
OUTCOMES: words.Options = (
    ("advised", "已给出意见"),
    ("transferred", "已转诊"),
    ("not_needed", "不再需要"),
    ("not_held", "未能进行"),
)
ADOPTIONS: words.Options = (
    ("adopted", "采纳"),
    ("partly", "部分采纳"),
    ("not_adopted", "未采纳"),
)
SOURCES = {
    "camera": "摄像头画面",
    "screen": "共享屏幕",
    "ultrasound": "超声画面",
    "tracing": "胎心监护",
}
ROLES = {"requester": "邀请方", "expert": "受邀专家", "colleague": "同道", "guest": "访客"}
ANSWERS = {
    "invited": "未应答",
    "accepted": "应邀",
    "declined": "不能参加",
    "handed_on": "转请他人",
    "called_off": "已取消",
    "informed": "已取消（已阅）",
}


def number(consult: ConsultOut) -> str:
    """Short enough to be read over the telephone."""
    day = consult.asked_at.astimezone(CHINA).strftime("%Y%m%d")
    return f"HZ{day}{consult.id.hex[-6:].upper()}"


def consultation_form(
    detail: ConsultDetail,
    woman: PregnancyOut,
    advice: Sequence[Advice],
    attended: Sequence[Attended],
    written: Sequence[RoomMessage],
    calls: Sequence[ConsultCall],
    stills: Sequence[RoomStill],
    measured: Sequence[MeasuredReport],
    *,
    demo: bool,
) -> Document:
    """The whole consultation on paper."""
    consult = detail.consult
    sections = [
        _asked(detail, woman),
        _invited(consult.invited),
        _held(consult),
        *_attended(attended),
        *_calls(calls),
        *_written(written),
        *_stills(stills),
        *biometry(measured),
        *opinions(advice),
        *_decisions(detail.decisions),
    ]
    return Document(
        kind=PaperKind.CONSULT,
        number=number(consult),
        facility=words.place(consult.facility) or "",
        sections=tuple(sections),
        source="平台归纳，未与官方表式核对",
        unverified=True,
        demo=demo,
    )


def _asked(detail: ConsultDetail, woman: PregnancyOut) -> Section:
    consult = detail.consult
    return Section(
        "会诊申请",
        (
            Box("姓名", woman.name),
            Box("年龄", words.number(woman.age, "岁")),
            Box("孕周", words.gestation(consult.gestation_days)),
            Box("邀请单位", words.place(consult.facility), 3),
            Box("邀请医师", words.person(consult.asked_by), 3),
            ticks("类别", URGENCY, consult.urgency, 3),
            ticks("形式", KINDS, consult.kind, 3),
            Box("申请时间", words.moment(consult.asked_at), 3),
            Box("约定时间", words.moment(consult.planned_at), 3),
            ticks("知情同意", CONSENT, detail.consent),
            Box("病情摘要", detail.summary, 6, 3),
            Box("会诊目的", consult.purpose, 6, 2),
        ),
        unverified=True,
    )


def _invited(invited: Sequence[InvitationOut]) -> Section:
    boxes = []
    for one in invited:
        asked = words.joined(words.place(one.facility), one.group, words.person(one.person), by=" ")
        who = words.person(one.answered_by)
        said = words.joined(
            ANSWERS[one.state], who, words.moment(one.answered_at), one.note, by=" "
        )
        boxes += [Box("受邀方", asked, 3), Box("应答", said, 3)]
    return Section("受邀各方", tuple(boxes), unverified=True)


def _held(consult: ConsultOut) -> Section:
    return Section(
        "会诊经过",
        (
            Box("开始时间", words.moment(consult.begun_at), 3),
            Box("结束时间", words.moment(consult.concluded_at), 3),
            ticks("结果", OUTCOMES, consult.outcome),
        ),
        unverified=True,
    )


def _attended(people: Sequence[Attended]) -> list[Section]:
    """Who was heard in the room from when to when, and what their line did."""
    if not people:
        return []
    boxes = [
        Box(
            words.joined(
                f"{n}.",
                words.person(one.person),
                words.place(one.facility),
                ROLES[one.role],
                by=" ",
            )
            or "",
            words.joined(
                f"{words.moment(one.joined_at)} 至 {words.moment(one.left_at) or '仍在会诊室'}"
                f"{'（连接中断）' if one.lost else ''}",
                f"由{words.person(one.admitted_by)}准入" if one.admitted_by else None,
                f"中断 {one.cuts} 次，共 {one.cut_s} 秒" if one.cuts else None,
                f"离开后再次进入 {again} 次" if (again := one.stays - 1 - one.cuts) else None,
                f"重连 {one.reconnects} 次" if one.reconnects else None,
                None if one.loss is None else f"丢包 {one.loss:.0%}",
                f"仅语音 {one.audio_only_s} 秒" if one.audio_only_s else None,
            ),
            6,
        )
        for n, one in enumerate(people, 1)
    ]
    return [Section("会诊室参加人员与网络", tuple(boxes), unverified=True)]


def _calls(calls: Sequence[ConsultCall]) -> list[Section]:
    """Each call with when it was and when it was entered."""
    return [
        Section(
            f"电话会诊 {one.n}" + (f"（更正第 {one.corrects} 条）" if one.corrects else ""),
            (
                Box("通话时间", f"{words.moment(one.called_at)}，{one.minutes} 分钟", 3),
                Box("补录时间" if one.late else "记录时间", words.moment(one.recorded_at), 3),
                Box("通话对象", one.spoke_with, 3),
                Box("拨打的号码", one.number, 3),
                Box("告知的病情", one.told, 6, 2),
                Box("对方的意见", one.advised, 6, 3),
                Box("复述确认", "是" if one.read_back else "否", 3),
                Box("记录人", words.person(one.person), 3),
            ),
            unverified=True,
        )
        for one in calls
    ]


def _written(messages: Sequence[RoomMessage]) -> list[Section]:
    """What was written in the room; what was corrected stays beside its correction."""
    if not messages:
        return []
    by = {one.corrects: one.n for one in messages if one.corrects is not None}
    boxes = []
    for one in messages:
        who = words.joined(
            f"{one.n}.", words.person(one.person), words.place(one.facility),
            words.moment(one.said_at), by=" ",
        )  # fmt: skip
        marks = words.joined(
            f"（更正第 {one.corrects} 条）" if one.corrects is not None else None,
            one.text,
            f"（已由第 {by[one.n]} 条更正）" if one.n in by else None,
            by="",
        )
        boxes.append(Box(who or "", marks, 6))
    return [Section("会诊室文字沟通", tuple(boxes), unverified=True)]


def _stills(stills: Sequence[RoomStill]) -> list[Section]:
    """Which pictures were frozen, by hash; the pictures themselves stay in the record."""
    if not stills:
        return []
    boxes = [
        Box(
            f"{n}. {SOURCES[one.source]} {words.person(one.of) or ''}".strip(),
            words.joined(
                words.moment(one.taken_at),
                f"{sum(mark.undone_by is None for mark in one.marks)} 处标注",
                None if one.at_source else "接收端截取",
                f"图像摘要 {one.sha256[:16]}",
                f"标注摘要 {one.marks_sha256[:16]}",
            ),
            6,
        )
        for n, one in enumerate(stills, 1)
    ]
    return [Section("会诊室定格图像", tuple(boxes), unverified=True)]


def _decisions(decisions: Sequence[DecisionOut]) -> list[Section]:
    """The advice is advice: what the treating hospital decides is its own, signed apart."""
    title = "邀请单位的决定（诊疗决定与责任由邀请单位承担）"
    if not decisions:
        blank = (
            ticks("会诊意见", ADOPTIONS, None),
            Box("处理", None, 6, 2),
            Box("邀请方医师（签名）", None, 3),
            Box("时间", None, 3),
        )
        return [Section(title, blank, unverified=True)]
    return [
        Section(
            title if one.n == 1 else f"邀请单位的补充决定 {one.n}",
            (
                ticks("会诊意见", ADOPTIONS, one.decision.adoption),
                Box("处理", one.decision.text, 6, 3),
                Box("邀请方医师", words.person(one.author), 3),
                Box("签署时间", words.moment(one.signed_at), 3),
                Box("签署摘要", one.sha256[:16], 6),
            ),
            unverified=True,
        )
        for one in decisions
    ]
