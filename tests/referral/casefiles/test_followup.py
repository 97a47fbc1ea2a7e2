"""Follow-up: she is never without a next visit, and what was measured is not typed twice."""

from datetime import timedelta
from uuid import UUID

import pytest

from kernel.errors import NotFound
from kernel.ids import PregnancyId, new_id
from referral.casefiles.commands import AddTask, CancelTask, FollowUp
from referral.casefiles.errors import DueOutOfRange
from referral.casefiles.readmodel import FileTask
from referral.casefiles.service import followup
from referral.commands.fields import Vitals
from registry.observations import queries
from tests.referral.casefiles import filing
from tests.referral.network import Network


async def _tasks(net: Network, case_id: UUID, state: str = "due") -> list[FileTask]:
    file = await filing.look(net, "county_doctor", case_id)
    return [task for task in file.tasks if task.state == state]


@pytest.mark.parametrize(("colour", "days"), [("red", 7), ("orange", 14)])
async def test_seen_and_seen_again_by_the_colours_interval(
    net: Network, colour: str, days: int
) -> None:
    case_id = await filing.opened(net, colour)
    (first,) = await _tasks(net, case_id)
    assert first.due_at.date() == (net.clock.now() + timedelta(days=days)).date()
    net.wait(days=2)
    await filing.seen(net, case_id)
    (done,) = await _tasks(net, case_id, "done")
    (following,) = await _tasks(net, case_id)
    assert (done.id, done.done_by and done.done_by.name) == (first.id, "测试county_doctor")
    assert following.due_at.date() == (net.clock.now() + timedelta(days=days)).date()


async def test_the_day_agreed_with_her_counts(net: Network) -> None:
    case_id = await filing.opened(net)
    agreed = net.clock.now() + timedelta(days=3)
    await filing.seen(net, case_id, next_at=agreed)
    assert [task.due_at for task in await _tasks(net, case_id)] == [agreed]
    for wrong in (net.clock.now(), net.clock.now() + timedelta(days=401)):
        with pytest.raises(DueOutOfRange):
            await filing.seen(net, case_id, next_at=wrong)


async def test_the_upper_centre_and_the_county_may_see_her_too(net: Network) -> None:
    case_id = await filing.opened(net)
    for who in ("city_expert", "coordinator"):
        await filing.seen(net, case_id, who)
    names = {
        one.done_by.name for one in await _tasks(net, case_id, "done") if one.done_by is not None
    }
    assert names == {"测试city_expert", "测试coordinator"}


async def test_what_was_measured_becomes_readings(net: Network) -> None:
    case_id = await filing.opened(net)
    await filing.act(
        net,
        "county_doctor",
        case_id,
        followup.follow_up,
        FollowUp,
        **filing.SEEN,
        vitals=Vitals(sbp_mmhg=142, dbp_mmhg=92, fhr_bpm=148),
        fetal_movement="normal",
    )
    file = await filing.look(net, "county_doctor", case_id)
    viewer = net.staff["county_doctor"]
    async with net.clone.app.session(viewer) as session:
        latest = await queries.latest(session, viewer, PregnancyId(file.pregnancy_id))
    assert {code: latest[code].number for code in ("sbp_mmhg", "dbp_mmhg")} == {
        "sbp_mmhg": 142,
        "dbp_mmhg": 92,
    }
    assert file.entries[0].data["fetal_movement"] == "normal"


async def test_a_task_by_hand(net: Network) -> None:
    case_id = await filing.opened(net)
    due, words = net.clock.now() + timedelta(days=1), "复查血小板"
    await filing.act(
        net, "city_expert", case_id, followup.add_task, AddTask, due_at=due, text=words
    )
    (manual,) = [task for task in await _tasks(net, case_id) if task.kind == "manual"]
    assert (manual.text, manual.due_at) == (words, due)
    await filing.seen(net, case_id)
    assert manual.id in {task.id for task in await _tasks(net, case_id)}, "a visit does visits only"
    order = {"task_id": manual.id, **filing.SEEN}
    await filing.act(net, "county_doctor", case_id, followup.follow_up, FollowUp, **order)
    assert manual.id in {task.id for task in await _tasks(net, case_id, "done")}
    with pytest.raises(NotFound):
        order = {"task_id": new_id(), **filing.SEEN}
        await filing.act(net, "county_doctor", case_id, followup.follow_up, FollowUp, **order)


async def test_a_cancelled_visit_leaves_another(net: Network) -> None:
    case_id = await filing.opened(net)
    (first,) = await _tasks(net, case_id)
    reason = "已住院"
    await filing.act(
        net,
        "county_doctor",
        case_id,
        followup.cancel_task,
        CancelTask,
        on=first.id,
        reason=reason,
    )
    (following,) = await _tasks(net, case_id)
    assert following.id != first.id
