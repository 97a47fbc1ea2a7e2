"""One case with everything that papers tell: sent, treated, moved, advised, ended, sent back."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from consult import service as consult
from consult import signing
from consult.commands import NewAdvice, NewOrder, ReportOrder
from kernel.ids import CaseId
from referral.commands.on_case import BackRefer, Close, Commit, CompleteRecord
from referral.commands.on_leg import Arrive, Depart, Replan, Report, SignHandover
from referral.commands.on_offer import Accept
from referral.commands.on_papers import FillNewborn, GiveTreatment, RecordConsent
from referral.service import send
from referral.service.accept import accept
from referral.service.arrive import arrive, sign_handover
from referral.service.commit import take_up
from referral.service.complete import complete_record
from referral.service.consent import record_consent
from referral.service.finish import close
from referral.service.identify import complete_identity
from referral.service.newborn import fill_newborn
from referral.service.travel import depart, replan, report
from referral.service.treat import give
from registry.pregnancies.details import PatientDetails
from server.tracings import RecordedTracings
from tests.referral.network import SEALER, STABLE, Network

DETAILS = PatientDetails(
    handbook_no="SB-2026-0042",
    ethnicity="汉族",
    education="college",
    registered_residence="云山省石桥县柳湾镇 3 组",
    actual_residence="云山省石桥县城关镇测试路 1 号",
    relative_name="赵测试",
    relative_relation="spouse",
    relative_phone="19900000017",
    gravida=2,
    para=1,
)
RECORD = {
    "chief_complaint": "停经 38⁺² 周，产后阴道流血 1 小时",
    "diagnosis": "产后出血；宫缩乏力",
    "treatment": "按摩子宫，宫腔填塞，双通路补液",
    "allergies": "青霉素",
    "blood_group": "O",
    "rh": "+",
    "hb_g_per_l": 62,
    "plt_10e9_per_l": 88,
    "fibrinogen_g_per_l": 1.4,
    "pt_s": 16.2,
    "blood_given": "红细胞 4 U",
    "lines": "左、右肘正中静脉 18G",
    "infection": "乙肝表面抗原阴性",
    "contractions": "弱",
    "fetus": "alive",
    "labour_hours": 9.5,
}
HALF = {"condition": "平稳", "drugs": "缩宫素 20 U", "blood": "红细胞 4 U", "documents": "病历"}


ID_NUMBER = "990000199003070005"


async def sent(net: Network, id_number: str | None = None) -> CaseId:
    """Sent by the county to the city, with forms, treatments and consent."""
    doctor = net.staff["county_doctor"]
    woman = await net.pregnancy(doctor, id_number=id_number)
    case = await net.sent(net.places["city"], pregnancy_id=woman)
    async with net.clone.app.session(doctor) as session:
        await complete_identity(session, net.clock, doctor, SEALER, case, DETAILS)
    await net.act("county_doctor", case, complete_record, CompleteRecord, **RECORD)
    oxytocin = GiveTreatment(code="oxytocin", dose=20, unit="U", route="iv_drip")
    await net.do("county_doctor", give, case, oxytocin)
    agreed = RecordConsent(
        kind="signed",
        given_by="relative",
        relation="spouse",
        giver_name="赵测试",
        explained_by="测试医师",
    )
    async with net.clone.app.session(doctor) as session:
        await record_consent(session, net.clock, doctor, SEALER, case, agreed)
    return case


async def advised(net: Network, case: CaseId) -> None:
    """The city signs advice; the county carries out the first order and explains the second."""
    expert = net.staff["city_expert"]
    order = NewAdvice(
        text="考虑宫缩乏力性产后出血",
        orders=[NewOrder(text="卡前列素 250 µg 肌注"), NewOrder(text="氨甲环酸 1 g 静滴")],
    )
    write = partial(consult.write_advice, tracings=RecordedTracings())
    advice = UUID(str(await net.do("city_expert", write, case, order)))
    async with net.clone.app.session(expert) as session:
        await signing.sign_advice(session, net.clock, expert, advice, 1)
    doctor = net.staff["county_doctor"]
    for n, told in ((1, ReportOrder(state="executed")), (2, ReportOrder(state="read_back"))):
        async with net.clone.app.session(doctor) as session:
            await consult.report_order(session, net.clock, doctor, advice, n, told)


async def moved(net: Network, case: CaseId) -> None:
    """Accepted, driven, handed over."""
    offer = (await net.see("county_doctor", case)).offers[0].id
    await net.act("city_expert", case, accept, Accept, on=offer, bed="产科 ICU 1 床")
    await net.act("county_doctor", case, take_up, Commit, offer_id=offer)
    leg = (await net.see("county_doctor", case)).legs[0].id
    crew = {"vehicle": "云A·测001", "escort": "王测试，产科主治医师"}
    await net.act("county_doctor", case, replan, Replan, on=leg, **crew)
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE)
    net.wait(minutes=20)
    await net.act("county_doctor", case, report, Report, on=leg, note="途中加压输液")
    net.wait(minutes=30)
    await net.act("city_expert", case, arrive, Arrive, on=leg)
    for who in ("county_doctor", "city_expert"):
        await net.act(who, case, sign_handover, SignHandover, on=leg, **HALF)


async def ended(net: Network, case: CaseId) -> None:
    """Outcome and feedback."""
    said = {
        "outcome": "rescued",
        "diagnosis": "产后出血，失血性休克（已纠正）",
        "treatment": "子宫动脉栓塞，红细胞 6 U，血浆 600 mL",
        "feedback": "转运及时，途中处理得当",
        "to_correct": "出发前未备血",
        "advice": "产后出血早用氨甲环酸",
        "timeliness": "delayed",
    }
    await net.act("city_expert", case, close, Close, **said)


async def sent_back(net: Network, case: CaseId) -> CaseId:
    """Down again with a plan."""
    viewer = net.staff["city_expert"]
    order = BackRefer(
        version=(await net.see("city_expert", case)).version,
        plan="每周复查血常规，42 天产后检查",
        red_flags="发热、出血增多、头晕心慌，立即返诊",
        drugs="琥珀酸亚铁 0.1 g 每日 3 次",
        risk_colour="orange",
        follow_up_facility_id=net.places["township"],
        follow_up_on=(net.clock.now() + timedelta(days=7)).date(),
    )
    async with net.clone.app.session(viewer) as session:
        return await send.back_refer(session, net.clock, viewer, SEALER, case, order)


async def with_newborn(net: Network, case: CaseId) -> None:
    """Her child's form."""
    child = FillNewborn(
        born_at=net.clock.now() - timedelta(hours=2),
        sex="female",
        weight_g=2980,
        gestation_days=268,
        apgar_1=7,
        apgar_5=9,
        diagnosis="足月儿，轻度窒息（已复苏）",
        reason="观察",
        resuscitation=["initial_steps", "positive_pressure"],
        respiration="oxygen",
        fio2_percent=30,
    )
    viewer = net.staff["county_doctor"]
    async with net.clone.app.session(viewer) as session:
        await fill_newborn(session, net.clock, viewer, case, 1, child)


async def whole(net: Network) -> tuple[CaseId, CaseId]:
    """The case up, closed, and the case down again."""
    case = await sent(net, ID_NUMBER)
    await with_newborn(net, case)
    await advised(net, case)
    await moved(net, case)
    await ended(net, case)
    return case, await sent_back(net, case)
