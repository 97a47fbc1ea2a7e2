"""How a file ends: an outcome with what it needs, and nothing that waits for ever."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.errors import BadInput, NotFound
from kernel.ids import new_id
from referral.casefiles.commands import CloseFile, VoidFile
from referral.casefiles.errors import OutcomeIncomplete
from referral.casefiles.queries.files import file_list
from referral.casefiles.service import ending
from referral.casefiles.service.ending import NEEDS
from registry.facilities.rules import local_date
from tests.referral.casefiles import filing
from tests.referral.network import SEALER, Network

FULL: dict[str, Any] = {
    "delivered_place": "清江市妇幼",
    "delivery_way": "caesarean",
    "maternal": "well",
    "neonatal": "alive_well",
    "efforts": "电话 5 次，上门 2 次",
    "moved_to": "外省",
}


async def _close(net: Network, case_id: Any, who: str = "county_doctor", **fields: Any) -> None:
    said = {"reason": "产后42天访视完成", **fields}
    await filing.act(net, who, case_id, ending.close_file, CloseFile, **said)


@pytest.mark.parametrize("outcome", list(NEEDS))
async def test_each_outcome_asks_for_what_it_needs(net: Network, outcome: str) -> None:
    case_id = await filing.opened(net)
    given = {**FULL, "delivered_at": local_date(net.clock.now()) - timedelta(days=42)}
    needed = {name: given[name] for name in NEEDS[outcome]}
    for name in needed:
        less = {key: value for key, value in needed.items() if key != name}
        with pytest.raises(OutcomeIncomplete) as refused:
            await _close(net, case_id, outcome=outcome, **less)
        assert refused.value.fields["missing"] == name
    await _close(net, case_id, outcome=outcome, **needed)
    file = await filing.look(net, "county_doctor", case_id)
    assert (file.state, file.outcome, file.waiting) == ("closed", outcome, [])


async def test_what_waited_ends_and_stays_readable(net: Network) -> None:
    case_id = await filing.opened(net)
    await filing.asked(net, case_id)
    await _close(net, case_id, "coordinator", outcome="resolved")
    file = await filing.look(net, "county_doctor", case_id)
    assert [one.state for one in file.tasks] == ["cancelled"]
    assert [one.state for one in file.reports] == ["superseded"]
    assert [one.state for one in file.handovers] == ["withdrawn"]
    assert file.allowed == []
    event = (await net.events(case_id))[-1]
    assert (event.payload["tasks_dropped"], event.payload["reports_unwritten"]) == (1, 1)


async def test_nobody_is_delivered_tomorrow(net: Network) -> None:
    case_id = await filing.opened(net)
    tomorrow = local_date(net.clock.now()) + timedelta(days=1)
    fields = {key: FULL[key] for key in NEEDS["postpartum_42d"] if key in FULL}
    with pytest.raises(BadInput):
        await _close(net, case_id, outcome="postpartum_42d", delivered_at=tomorrow, **fields)


async def test_after_the_end_a_new_grade_opens_a_new_file(net: Network) -> None:
    pregnancy = await net.pregnancy(net.staff["county_doctor"])
    first = await filing.opened(net, pregnancy=pregnancy)
    await _close(net, first, outcome="resolved")
    assert await filing.opened(net, pregnancy=pregnancy) != first


async def test_the_grade_of_a_file_that_is_over_opens_no_other(net: Network) -> None:
    pregnancy, grade = await net.pregnancy(net.staff["county_doctor"]), new_id()
    case_id = await filing.opened(net, pregnancy=pregnancy, grade_id=grade)
    await _close(net, case_id, outcome="resolved")
    assert await filing.graded(net, pregnancy=pregnancy, grade_id=grade) is None


async def test_voided_is_hidden_and_frees_the_pregnancy(net: Network) -> None:
    pregnancy = await net.pregnancy(net.staff["county_doctor"])
    case_id = await filing.opened(net, pregnancy=pregnancy)
    order = VoidFile(version=1, code="test", reason="误建")
    told = await net.do("admin", ending.void_file, case_id, order)
    assert told.state == "voided"
    for who in ("county_doctor", "admin"):
        with pytest.raises(NotFound):
            await filing.look(net, who, case_id)
    assert (await net.kinds(case_id))[-1] == "casefile.voided"
    assert await filing.opened(net, pregnancy=pregnancy) != case_id


async def test_closed_ones_have_a_list_of_their_own(fresh_net: Network) -> None:
    net = fresh_net
    done, running = await filing.opened(net), await filing.opened(net, "orange")
    await _close(net, done, outcome="resolved")
    viewer = net.staff["county_doctor"]
    async with net.clone.app.session(viewer) as session:
        for which, expected in (("open", running), ("closed", done)):
            found = await file_list(session, net.clock, viewer, SEALER, which=which)  # type: ignore[arg-type]
            assert [row.id for row in found.rows] == [expected]
