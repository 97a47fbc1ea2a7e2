"""Every form prints its boxes in the order that the official card, or our own proposal, has."""

import io

import pytest
from pypdf import PdfReader

from kernel.ids import CaseId
from referral.paper.errors import IdentityClosed, NothingToPrint
from referral.paper.model import Box, Document, PaperKind
from server.paper.compose import Sources, available, compose, gather
from server.paper.routes import press
from tests.papers import said_in
from tests.referral.network import SEALER, Network
from tests.referral.paper.test_press import STAMP
from tests.server.paper import story

CARD = [
    "姓名",
    "年龄",
    "民族",
    "文化程度",
    "住址",
    "家属姓名及与患者关系",
    "联系电话",
    "入院时主诉",
    "诊断",
    "处理经过",
    "血压",
    "呼吸",
    "脉搏",
    "胎心率",
    "胎儿情况",
    "宫缩",
    "出血量（截至转出）",
    "产程时间",
    "转诊原因",
    "途中处理",
    "转出单位",
    "转出医师（签名）",
    "出发时间",
    "护送人员姓名、职务",
    "接收单位",
    "接诊医师（签名）",
    "到达时间",
    "交通工具",
    "转归",
    "对转诊的评价",
    "需改正之处",
    "结局上报主管部门",
]
"""The 联系（转诊）卡 of the Shandong type, box by box (domain rules 4.3)."""

ADDED = ["身份证号", "孕周", "妊娠风险", "过敏史", "血型", "血红蛋白", "纤维蛋白原", "已输血"]
CONSULT = [
    "邀请单位",
    "类别",
    "申请时间",
    "病情摘要",
    "会诊目的",
    "会诊单位",
    "会诊医师（职称）",
    "意见",
    "医嘱建议及执行情况",
    "签署时间",
    "处理",
    "邀请方医师（签名）",
]
FEEDBACK = [
    "转归",
    "对转诊的评价",
    "需改正之处",
    "确定诊断",
    "救治经过",
    "给转出单位的建议",
    "反馈医师",
    "转出单位阅知人",
]
BACK = [
    "下转单位",
    "接收单位",
    "管理计划",
    "用药",
    "需立即返诊的情况",
    "重新评定的妊娠风险",
    "随访机构",
    "随访日期",
    "下转医师",
    "签收人",
]
CONSENT = [
    "姓名",
    "诊断",
    "转出单位",
    "拟接收单位",
    "告知内容",
    "方式",
    "同意人",
    "同意人姓名",
    "授权人及职务",
    "本人或家属（签名）",
]
HANDOVER = ["转出方交班", "病情", "用药", "血液制品", "资料", "签名", "接收方接班", "交接时间"]
CHECKLIST = ["姓名", "年龄", "住院号", "逐项核查", "气道与呼吸稳定", "已告知家属", "核查人（签名）"]
NEWBORN = [
    "出生时间",
    "性别",
    "出生体重",
    "Apgar评分",
    "复苏措施",
    "呼吸支持",
    "维生素K",
    "转诊原因",
    "母亲情况",
    "转出单位",
]

ORDERS = {
    PaperKind.TRANSFER: [*CARD, *ADDED],
    PaperKind.NEWBORN_TRANSFER: NEWBORN,
    PaperKind.CHECKLIST: CHECKLIST,
    PaperKind.CONSENT: CONSENT,
    PaperKind.HANDOVER: HANDOVER,
    PaperKind.CONSULT: CONSULT,
    PaperKind.FEEDBACK: FEEDBACK,
    PaperKind.BACK_REFERRAL: BACK,
}


@pytest.fixture(scope="module")
async def cases(net: Network) -> tuple[CaseId, CaseId]:
    """Up and closed; down again."""
    return await story.whole(net)


async def sources(net: Network, who: str, case: CaseId) -> Sources:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return await gather(session, net.clock, viewer, SEALER, case)


def printed(document: Document) -> str:
    """The PDF's text without white space."""
    pdf = PdfReader(io.BytesIO(press().print(document, STAMP)))
    return said_in(pdf.pages)


@pytest.mark.parametrize("kind", [one for one in PaperKind if one is not PaperKind.CERTIFICATE])
async def test_boxes_stand_in_their_order_in_the_pdf(
    net: Network, cases: tuple[CaseId, CaseId], kind: PaperKind
) -> None:
    case = cases[1] if kind is PaperKind.BACK_REFERRAL else cases[0]
    said, place = printed(compose(await sources(net, "city_expert", case), kind)), 0
    for label in ORDERS[kind]:
        found = said.find(label, place)
        assert found >= 0, f"{label} does not follow in {said[place : place + 200]}"
        place = found + len(label)


async def test_the_cards_boxes_are_exactly_the_cards(
    net: Network, cases: tuple[CaseId, CaseId]
) -> None:
    form = compose(await sources(net, "city_expert", cases[0]), PaperKind.TRANSFER)
    verified = [part for part in form.sections if not part.unverified]
    assert [box.label for part in verified for box in part.boxes] == CARD
    assert not form.unverified


async def test_values_stand_where_they_belong(net: Network, cases: tuple[CaseId, CaseId]) -> None:
    up, down = cases
    form = compose(await sources(net, "city_expert", up), PaperKind.TRANSFER)
    told = {
        box.label: box.value for part in form.sections for box in part.boxes if isinstance(box, Box)
    }
    assert told["姓名"] == "林测试"
    assert told["家属姓名及与患者关系"] == "赵测试 / 配偶"
    assert told["血压"] == "84/50 mmHg"
    assert told["途中处理"] == "2026-11-22 10:20 途中加压输液"
    assert told["出发时间"] == "2026-11-22 10:00"
    assert told["到达时间"] == "2026-11-22 10:50"
    assert told["需改正之处"] == "出发前未备血"
    assert told["用药及处理（时间）"] == "2026-11-22 10:00 缩宫素 20 U 静滴"
    assert "***" in str(told["身份证号"])
    back = printed(compose(await sources(net, "county_expert", down), PaperKind.BACK_REFERRAL))
    for words in ("琥珀酸亚铁0.1g每日3次", "发热、出血增多", "柳湾镇卫生院", "✓橙"):
        assert words in back
    assert "✓红" not in back


async def test_what_is_not_there_is_not_offered(net: Network) -> None:
    case = await net.sent(net.places["city"])
    found = await sources(net, "county_doctor", case)
    assert [kind for kind in PaperKind if available(found, kind)] == [
        PaperKind.TRANSFER,
        PaperKind.CONSENT,
    ]
    with pytest.raises(NothingToPrint):
        compose(found, PaperKind.FEEDBACK)


async def test_the_commission_has_no_paper_that_names_her(
    net: Network, cases: tuple[CaseId, CaseId]
) -> None:
    with pytest.raises(IdentityClosed):
        await sources(net, "commission", cases[0])
