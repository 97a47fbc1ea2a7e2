"""Case files in the test network: opened, moved along, looked at as somebody."""

from datetime import datetime
from uuid import UUID

from kernel.ids import CaseId
from referral.casefiles.commands import (
    DraftPlan,
    FollowUp,
    OpenFile,
    ProposeHandover,
    SignPlan,
    SubmitReport,
)
from referral.casefiles.queries.files import case_file
from referral.casefiles.readmodel import CaseFile
from referral.casefiles.service import followup, handover, opening, plan, report
from referral.casefiles.service.opening import Grade
from tests.referral.network import SEALER, SEEDER, Network

PLAN = {
    "management": "每周随访一次，家属陪护，出现头痛视物不清立即就诊",
    "treatment": "拉贝洛尔 100 mg 每 8 小时，监测尿蛋白与血小板",
    "emergency": "收缩压≥160 mmHg 或抽搐：呼叫 120，直送市中心",
}
SEEN = {
    "way": "face_to_face",
    "place": "柳湾镇卫生院",
    "findings": "血压 142/92，无头痛，胎动好",
    "advice": "继续服药，三日后复测血压",
}
FORM = {"factors": "重度子痫前期", "handling": "已告知并安排上级中心产检"}


async def graded(
    net: Network,
    colour: str | None = "red",
    *,
    purple: bool = False,
    by: str = "county_doctor",
    pregnancy: UUID | None = None,
    grade_id: UUID | None = None,
) -> CaseId | None:
    """What a grade that `by` confirmed does to the pregnancy's file."""
    doctor = net.staff[by]
    grade = Grade(
        pregnancy_id=pregnancy or await net.pregnancy(doctor),
        facility_id=doctor.facility_id,
        colour=colour,
        purple=purple,
        confirmed_by=doctor.person_id,
        grade_id=grade_id,
    )
    async with net.clone.system.session(SEEDER) as session:
        return await opening.open_by_grade(session, net.clock, SEEDER, grade)


async def opened(net: Network, colour: str = "red", **more: object) -> CaseId:
    """A file that certainly opens."""
    case_id = await graded(net, colour, **more)  # type: ignore[arg-type]
    assert case_id is not None
    return case_id


async def by_hand(net: Network, who: str = "county_doctor", **changes: object) -> CaseId:
    """A file opened for a reason."""
    viewer = net.staff[who]
    pregnancy = changes.pop("pregnancy_id", None) or await net.pregnancy(viewer)
    order = OpenFile(pregnancy_id=pregnancy, reason="社会因素复杂，需专人管理", **changes)
    async with net.clone.app.session(viewer) as session:
        return await opening.open_by_hand(session, net.clock, viewer, order)


async def look(net: Network, who: str, case_id: UUID) -> CaseFile:
    """The file as somebody sees it."""
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return await case_file(session, net.clock, viewer, SEALER, case_id)


async def act(  # type: ignore[no-untyped-def]
    net: Network, as_: str, case_id: UUID, command, order_type, *, on: UUID | None = None, **fields
):
    """One command at the version that `as_` sees."""
    version = (await look(net, as_, case_id)).version
    return await net.do(as_, command, on or case_id, order_type(version=version, **fields))


async def planned(net: Network, case_id: UUID, who: str = "county_doctor") -> None:
    """A version of the plan is drafted."""
    await act(net, who, case_id, plan.draft_plan, DraftPlan, **PLAN)


async def signed(net: Network, who: str, case_id: UUID) -> None:
    """`who` signs the newest version."""
    no = (await look(net, who, case_id)).plans[0].no
    await act(net, who, case_id, plan.sign_plan, SignPlan, plan_no=no, password="-")


async def agreed(net: Network, case_id: UUID) -> None:
    """Both sides sign."""
    await planned(net, case_id)
    await signed(net, "county_doctor", case_id)
    await signed(net, "city_expert", case_id)


async def reported(net: Network, case_id: UUID, who: str = "county_doctor") -> UUID:
    """The newest report form is handed in."""
    report_id = (await look(net, who, case_id)).reports[0].id
    await act(net, who, case_id, report.submit_report, SubmitReport, on=report_id, **FORM)
    return report_id


async def asked(net: Network, case_id: UUID, to: str = "city") -> UUID:
    """Another house is asked to be responsible."""
    where = net.places[to]
    reason = "分级上升，转市级专案管理"
    await act(
        net,
        "county_doctor",
        case_id,
        handover.propose_handover,
        ProposeHandover,
        facility_id=where,
        reason=reason,
    )
    return (await look(net, "county_doctor", case_id)).handovers[0].id


async def seen(
    net: Network, case_id: UUID, who: str = "county_doctor", next_at: datetime | None = None
) -> None:
    """She was seen."""
    await act(net, who, case_id, followup.follow_up, FollowUp, **SEEN, next_at=next_at)
