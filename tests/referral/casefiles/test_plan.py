"""The plan: three parts, versions that stay, agreed when both sides have signed the same one."""

from hashlib import sha256

import pytest
from sqlalchemy import text

from kernel.chain import canonical
from kernel.errors import IllegalTransition
from kernel.ids import CaseId
from referral.casefiles.commands import CommentPlan, DraftPlan, SignPlan
from referral.casefiles.errors import (
    FileWrongSide,
    NoUpperCentre,
    PlaceUnknown,
    PlanSigned,
    PlanVersionStale,
)
from referral.casefiles.service import plan
from tests.referral.casefiles import filing
from tests.referral.network import SEEDER, Network


async def _said(net: Network, case_id: CaseId, kind: str) -> list[dict[str, object]]:
    found = await net.events(case_id)
    return [dict(event.payload) for event in found if event.row.kind == kind]


async def test_agreed_when_both_have_signed(net: Network) -> None:
    case_id = await filing.opened(net)
    await filing.planned(net, case_id)
    assert (await filing.look(net, "county_doctor", case_id)).state == "planned"
    await filing.signed(net, "city_expert", case_id)
    half = await filing.look(net, "county_doctor", case_id)
    assert (half.state, [step.code for step in half.waiting][-1]) == ("planned", "owner_signature")
    await filing.signed(net, "county_doctor", case_id)
    file = await filing.look(net, "city_expert", case_id)
    assert file.state == "agreed"
    (version,) = file.plans
    assert version.agreed
    assert {one.side: one.person and one.person.name for one in version.signatures} == {
        "upper": "测试city_expert",
        "owner": "测试county_doctor",
    }
    assert await net.kinds(case_id) == [
        "casefile.opened",
        "casefile.plan_drafted",
        "casefile.plan_signed",
        "casefile.plan_signed",
        "casefile.plan_agreed",
    ]


async def test_the_chain_holds_what_was_signed_and_none_of_its_words(net: Network) -> None:
    case_id = await filing.opened(net)
    await filing.agreed(net, case_id)
    (version,) = (await filing.look(net, "county_doctor", case_id)).plans
    rows = text("SELECT * FROM case_file_plan WHERE case_id = :id")
    async with net.clone.system.session(SEEDER) as session:
        row = (await session.execute(rows, {"id": case_id})).one()
    said = canonical.encode(
        {name: value for name, value in row._mapping.items() if name != "digest"}
    )
    assert sha256(said).hexdigest() == version.digest
    signed = await _said(net, case_id, "casefile.plan_signed")
    assert {one["plan_sha256"] for one in signed} == {version.digest}
    assert {one["sha256"] for one in signed} == {one.digest for one in version.signatures}
    events = str([dict(event.payload) for event in await net.events(case_id)])
    assert not any(part in events for part in filing.PLAN.values())


async def test_a_new_version_needs_both_again_and_the_agreed_one_counts_until_then(
    net: Network,
) -> None:
    case_id = await filing.opened(net)
    await filing.agreed(net, case_id)
    await filing.planned(net, case_id)
    file = await filing.look(net, "county_doctor", case_id)
    assert file.state == "planned"
    assert [(one.no, one.agreed, len(one.signatures)) for one in file.plans] == [
        (2, False, 0),
        (1, True, 2),
    ]
    with pytest.raises(PlanVersionStale):
        await filing.act(
            net, "city_expert", case_id, plan.sign_plan, SignPlan, plan_no=1, password="-"
        )


async def test_one_side_signs_once_and_never_for_the_other(net: Network) -> None:
    case_id = await filing.opened(net)
    await filing.planned(net, case_id)
    await filing.signed(net, "county_doctor", case_id)
    with pytest.raises(PlanSigned):
        await filing.signed(net, "county_expert", case_id)
    with pytest.raises(FileWrongSide):
        await filing.signed(net, "coordinator", case_id)
    await filing.signed(net, "city_second", case_id)
    assert (await filing.look(net, "county_doctor", case_id)).state == "agreed"


async def test_a_remark_changes_no_version(net: Network) -> None:
    case_id = await filing.opened(net)
    with pytest.raises(IllegalTransition):
        await filing.act(net, "city_expert", case_id, plan.comment_plan, CommentPlan, text="?")
    await filing.planned(net, case_id)
    before = await filing.look(net, "county_doctor", case_id)
    words = "建议加用阿司匹林 100 mg"
    await filing.act(net, "city_expert", case_id, plan.comment_plan, CommentPlan, text=words)
    after = await filing.look(net, "county_doctor", case_id)
    assert (after.version, after.entries[0].data["text"]) == (before.version, words)


async def test_at_the_top_the_partner_is_named(net: Network) -> None:
    case_id = await filing.opened(net, by="province_expert")
    with pytest.raises(NoUpperCentre):
        await filing.planned(net, case_id, "province_expert")
    own, city = net.places["province"], net.places["city"]
    with pytest.raises(PlaceUnknown):
        await filing.act(
            net,
            "province_expert",
            case_id,
            plan.draft_plan,
            DraftPlan,
            **filing.PLAN,
            upper_id=own,
        )
    await filing.act(
        net,
        "province_expert",
        case_id,
        plan.draft_plan,
        DraftPlan,
        **filing.PLAN,
        upper_id=city,
    )
    await filing.signed(net, "city_expert", case_id)
    await filing.signed(net, "province_expert", case_id)
    assert (await filing.look(net, "province_expert", case_id)).state == "agreed"


async def test_a_plan_older_than_the_grade_is_said_to_be(fresh_net: Network) -> None:
    net = fresh_net
    pregnancy = await net.pregnancy(net.staff["county_doctor"])
    case_id = await filing.opened(net, "orange", pregnancy=pregnancy)
    await filing.planned(net, case_id)
    assert not (await filing.look(net, "county_doctor", case_id)).plan_outdated
    net.wait(hours=1)
    await filing.opened(net, "red", pregnancy=pregnancy)
    assert (await filing.look(net, "county_doctor", case_id)).plan_outdated
