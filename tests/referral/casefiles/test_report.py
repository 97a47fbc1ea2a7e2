"""The report form: judged by when it was sent; returned and received by the county centre."""

from datetime import timedelta

import pytest

from kernel.errors import IllegalTransition
from referral.casefiles.commands import ReceiveReport, ReturnReport, SubmitReport
from referral.casefiles.service import report
from tests.referral.casefiles import filing
from tests.referral.network import Network


@pytest.mark.parametrize(
    ("colour", "hours"), [("red", 24), ("pink", 24), ("critical", 24), ("orange", 72)]
)
@pytest.mark.parametrize(("minutes", "late"), [(0, False), (1, True)])
async def test_in_time_to_the_minute(
    net: Network, colour: str, hours: int, minutes: int, late: bool
) -> None:
    case_id = await filing.opened(net, colour)
    file = await filing.look(net, "county_doctor", case_id)
    assert file.reports[0].due_at == net.clock.now() + timedelta(hours=hours)
    assert file.reports[0].rules_version == "national/2026-11-25"
    net.wait(hours=hours, minutes=minutes)
    await filing.reported(net, case_id)
    sent = (await filing.look(net, "coordinator", case_id)).reports[0]
    assert (sent.state, sent.late) == ("submitted", late)


async def test_returned_is_written_again_and_received(fresh_net: Network) -> None:
    net = fresh_net
    case_id = await filing.opened(net)
    report_id = await filing.reported(net, case_id)
    with pytest.raises(IllegalTransition):
        await filing.reported(net, case_id)
    reason = "缺检验结果"
    await filing.act(
        net,
        "coordinator",
        case_id,
        report.return_report,
        ReturnReport,
        on=report_id,
        reason=reason,
    )
    file = await filing.look(net, "county_doctor", case_id)
    assert (file.reports[0].state, file.next and file.next.code) == ("returned", "report")
    net.wait(hours=30)
    await filing.act(
        net,
        "county_doctor",
        case_id,
        report.submit_report,
        SubmitReport,
        on=report_id,
        **filing.FORM,
    )
    await filing.act(
        net, "coordinator", case_id, report.receive_report, ReceiveReport, on=report_id, note="已收"
    )
    got = (await filing.look(net, "county_doctor", case_id)).reports[0]
    assert (got.state, got.late) == ("received", False), "a deadline that was met stays met"
    assert got.received_by is not None
    assert got.received_by.name == "测试coordinator"
    assert [kind for kind in await net.kinds(case_id) if "report" in kind] == [
        "casefile.report_submitted",
        "casefile.report_returned",
        "casefile.report_submitted",
        "casefile.report_received",
    ]


async def test_every_writing_of_the_form_is_kept(net: Network) -> None:
    case_id = await filing.opened(net)
    await filing.reported(net, case_id)
    (entry,) = [
        one
        for one in (await filing.look(net, "coordinator", case_id)).entries
        if one.kind == "report"
    ]
    assert entry.data["factors"] == filing.FORM["factors"]
    events = await net.events(case_id)
    assert not any(filing.FORM["factors"] in str(event.payload) for event in events)
