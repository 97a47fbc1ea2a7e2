"""A grade opens a file, once; higher starts the clock again, lower proposes and closes nothing."""

from datetime import timedelta

import pytest

from kernel.errors import NotFound
from kernel.ids import new_id
from referral.casefiles.errors import FileExists, OwnerUnknown
from tests.referral.casefiles import filing
from tests.referral.network import Network


@pytest.mark.parametrize("colour", ["orange", "pink", "red", "critical"])
async def test_a_high_grade_opens_a_file_with_a_named_owner(net: Network, colour: str) -> None:
    case_id = await filing.opened(net, colour)
    file = await filing.look(net, "county_doctor", case_id)
    assert (file.state, file.colour, file.reason) == ("opened", colour, "grade")
    assert file.owner is not None
    assert file.owner.name == "测试county_doctor"
    assert file.facility.short_name == "石桥县医院"
    assert file.upper is not None
    assert file.upper.short_name == "清江市妇幼"
    assert file.county is not None
    assert file.county.short_name == "清江市孕管中心"
    assert await net.kinds(case_id) == ["casefile.opened"]
    assert [task.state for task in file.tasks] == ["due"]


async def test_purple_alone_opens_a_file(net: Network) -> None:
    case_id = await filing.graded(net, "yellow", purple=True)
    assert case_id is not None


async def test_yellow_and_green_open_none(net: Network) -> None:
    assert await filing.graded(net, "yellow") is None
    assert await filing.graded(net, "green") is None
    assert await filing.graded(net, None) is None


async def test_the_same_grade_twice_opens_one_file(net: Network) -> None:
    pregnancy, grade = await net.pregnancy(net.staff["county_doctor"]), new_id()
    first = await filing.opened(net, pregnancy=pregnancy, grade_id=grade)
    again = await filing.opened(net, pregnancy=pregnancy, grade_id=grade)
    assert first == again
    assert await net.kinds(first) == ["casefile.opened"]
    assert (await filing.look(net, "county_doctor", first)).version == 1


async def test_a_higher_grade_is_reported_anew_and_seen_sooner(fresh_net: Network) -> None:
    net = fresh_net
    pregnancy = await net.pregnancy(net.staff["county_doctor"])
    case_id = await filing.opened(net, "orange", pregnancy=pregnancy, grade_id=new_id())
    before = await filing.look(net, "county_doctor", case_id)
    assert before.reports[0].due_at == net.clock.now() + timedelta(days=3)
    net.wait(hours=5)
    await filing.opened(net, "red", pregnancy=pregnancy, grade_id=new_id())
    after = await filing.look(net, "county_doctor", case_id)
    assert [(one.colour, one.state) for one in after.reports] == [
        ("red", "due"),
        ("orange", "superseded"),
    ]
    assert after.reports[0].due_at == net.clock.now() + timedelta(hours=24)
    assert [task.state for task in after.tasks] == ["due", "cancelled"]
    assert after.tasks[0].due_at < before.tasks[0].due_at
    assert "casefile.regraded" in await net.kinds(case_id)


async def test_a_lower_grade_proposes_and_closes_nothing(net: Network) -> None:
    pregnancy = await net.pregnancy(net.staff["county_doctor"])
    case_id = await filing.opened(net, "red", pregnancy=pregnancy, grade_id=new_id())
    await filing.opened(net, "yellow", pregnancy=pregnancy, grade_id=new_id())
    file = await filing.look(net, "county_doctor", case_id)
    assert (file.state, file.colour, file.lowered) == ("opened", "yellow", True)
    assert len(file.reports) == 1
    await filing.opened(net, "orange", pregnancy=pregnancy, grade_id=new_id())
    assert (await filing.look(net, "county_doctor", case_id)).lowered is False


async def test_by_hand_with_a_reason(net: Network) -> None:
    case_id = await filing.by_hand(net)
    file = await filing.look(net, "county_doctor", case_id)
    assert (file.reason, file.colour) == ("manual", None)
    assert file.entries[0].data == {"reason": "社会因素复杂，需专人管理"}
    assert file.reports[0].due_at is None, "no colour, no deadline"


async def test_one_open_file_per_pregnancy(net: Network) -> None:
    pregnancy = await net.pregnancy(net.staff["county_doctor"])
    first = await filing.opened(net, pregnancy=pregnancy)
    with pytest.raises(FileExists) as refused:
        await filing.by_hand(net, pregnancy_id=pregnancy)
    assert refused.value.fields["case_id"] == str(first)


async def test_the_owner_works_where_the_file_is(net: Network) -> None:
    colleague = net.staff["county_expert"].person_id
    case_id = await filing.by_hand(net, owner_id=colleague)
    assert (await filing.look(net, "county_expert", case_id)).mine
    with pytest.raises(OwnerUnknown):
        await filing.by_hand(net, owner_id=net.staff["city_expert"].person_id)


async def test_a_foreign_pregnancy_does_not_exist(net: Network) -> None:
    foreign = await net.pregnancy(net.staff["outsider"])
    with pytest.raises(NotFound):
        await filing.by_hand(net, pregnancy_id=foreign)
