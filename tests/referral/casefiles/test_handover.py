"""Township → county → city, by name: until somebody takes it, the former owner is responsible."""

from uuid import UUID

import pytest

from kernel.errors import IllegalTransition, NotFound
from kernel.ids import CaseId
from referral.casefiles.commands import (
    AcceptHandover,
    AssignOwner,
    DeclineHandover,
    ProposeHandover,
    WithdrawHandover,
)
from referral.casefiles.errors import FileWrongSide, HandoverOpen, OwnerUnknown, PlaceUnknown
from referral.casefiles.service import handover
from tests.referral.casefiles import filing
from tests.referral.network import Network


async def _ask(net: Network, who: str, case_id: CaseId, to: str) -> UUID:
    where, reason = net.places[to], "分级上升"
    await filing.act(
        net,
        who,
        case_id,
        handover.propose_handover,
        ProposeHandover,
        facility_id=where,
        reason=reason,
    )
    return (await filing.look(net, who, case_id)).handovers[0].id


async def _take(net: Network, who: str, case_id: CaseId, handover_id: UUID, **more: object) -> None:
    await filing.act(
        net,
        who,
        case_id,
        handover.accept_handover,
        AcceptHandover,
        on=handover_id,
        **more,
    )


async def test_up_the_ladder_by_name(net: Network) -> None:
    case_id = await filing.opened(net, by="township_midwife")
    file = await filing.look(net, "township_midwife", case_id)
    assert (file.mine, file.upper and file.upper.short_name) == (True, "石桥县医院")
    asked = await _ask(net, "township_midwife", case_id, "county")
    still = await filing.look(net, "township_midwife", case_id)
    assert (still.mine, still.handover_to and still.handover_to.short_name) == (True, "石桥县医院")
    await _take(net, "county_doctor", case_id, asked)
    county = await filing.look(net, "county_doctor", case_id)
    assert (county.mine, county.facility.short_name) == (True, "石桥县医院")
    assert county.upper is not None
    assert county.upper.short_name == "清江市妇幼"
    asked = await _ask(net, "county_doctor", case_id, "city")
    await _take(net, "city_second", case_id, asked, owner_id=net.staff["city_expert"].person_id)
    city = await filing.look(net, "city_expert", case_id)
    assert (city.mine, city.upper and city.upper.short_name) == (True, "云山省妇幼")
    assert [
        (one.from_facility and one.from_facility.short_name, one.to_person and one.to_person.name)
        for one in city.handovers
    ] == [("石桥县医院", "测试city_expert"), ("柳湾镇卫生院", "测试county_doctor")]
    # Whoever cared for her before still reads on, and no longer decides.
    below = await filing.look(net, "township_midwife", case_id)
    assert (below.my_side, below.allowed) == ("observer", [])


async def test_asked_and_not_asked(net: Network) -> None:
    case_id = await filing.opened(net)
    with pytest.raises(NotFound):
        await filing.look(net, "province_expert", case_id)
    asked = await _ask(net, "county_doctor", case_id, "province")
    assert (await filing.look(net, "province_expert", case_id)).my_side == "heir"
    with pytest.raises(HandoverOpen):
        await _ask(net, "county_doctor", case_id, "city")
    with pytest.raises(FileWrongSide):
        await _take(net, "city_expert", case_id, asked)
    with pytest.raises(OwnerUnknown):
        owner = net.staff["city_expert"].person_id
        await _take(net, "province_expert", case_id, asked, owner_id=owner)


async def test_declined_stays_where_it_is(net: Network) -> None:
    case_id = await filing.opened(net)
    asked = await _ask(net, "county_doctor", case_id, "city_two")
    await filing.act(
        net,
        "city_two_expert",
        case_id,
        handover.decline_handover,
        DeclineHandover,
        on=asked,
        reason="不在本片区",
    )
    file = await filing.look(net, "county_doctor", case_id)
    assert (file.mine, file.handovers[0].state) == (True, "declined")
    assert file.entries[0].data == {"declined": "不在本片区"}
    with pytest.raises(IllegalTransition):
        await _take(net, "city_two_expert", case_id, asked)
    await _ask(net, "county_doctor", case_id, "city")


async def test_the_county_may_ask_and_withdraw(net: Network) -> None:
    case_id = await filing.opened(net)
    asked = await _ask(net, "coordinator", case_id, "city")
    await filing.act(
        net,
        "coordinator",
        case_id,
        handover.withdraw_handover,
        WithdrawHandover,
        on=asked,
        reason="改由原机构管理",
    )
    file = await filing.look(net, "coordinator", case_id)
    assert (file.handovers[0].state, file.handover_to) == ("withdrawn", None)


async def test_nobody_is_handed_what_they_have(net: Network) -> None:
    case_id = await filing.opened(net)
    with pytest.raises(PlaceUnknown):
        await _ask(net, "county_doctor", case_id, "county")


async def test_within_a_house_by_name(net: Network) -> None:
    case_id = await filing.opened(net)
    for who, fits in (("county_expert", True), ("city_expert", False)):
        fields = {"owner_id": net.staff[who].person_id, "reason": "休假"}
        call = filing.act(
            net,
            "county_doctor",
            case_id,
            handover.assign_owner,
            AssignOwner,
            **fields,
        )
        if fits:
            await call
        else:
            with pytest.raises(OwnerUnknown):
                await call
    file = await filing.look(net, "county_expert", case_id)
    assert (file.mine, file.owner and file.owner.name) == (True, "测试county_expert")


async def test_a_new_owner_signs_for_itself(net: Network) -> None:
    case_id = await filing.opened(net, by="township_midwife")
    await filing.planned(net, case_id, "township_midwife")
    await filing.signed(net, "township_midwife", case_id)
    await _take(
        net, "county_doctor", case_id, await _ask(net, "township_midwife", case_id, "county")
    )
    await filing.signed(net, "city_expert", case_id)
    assert (await filing.look(net, "county_doctor", case_id)).state == "planned"
    await filing.signed(net, "county_doctor", case_id)
    assert (await filing.look(net, "county_doctor", case_id)).state == "agreed"
