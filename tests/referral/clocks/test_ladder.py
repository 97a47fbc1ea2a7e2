"""A breach climbs from the bed to the region until somebody owns it: once, whatever restarts."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.chain.errors import AmendmentInvalid
from kernel.clock import SystemClock
from kernel.errors import NotFound
from kernel.ids import CaseId
from referral.clocks import ladder, service
from referral.clocks.errors import (
    NotAmendable,
    NothingToOwn,
    NotLate,
    PromptUnknown,
    ReasonUnknown,
    UndoOver,
)
from referral.clocks.queries import case_clock
from referral.clocks.schemas import (
    AmendEvent,
    AnswerPrompt,
    AttributeDelay,
    CaseClock,
    ClockOut,
    OwnBreach,
    UndoMoment,
)
from referral.commands.on_case import Cancel, Milestone
from referral.errors import WrongSide
from referral.service.complete import add_milestone
from referral.service.finish import cancel
from tests.referral.network import SEEDER, Network


async def _run(net: Network) -> bool:
    return await ladder.run_due(net.clone.system, net.clock)


async def decided(net: Network, **more: Any) -> CaseId:
    """A category-1 decision, now; answers to the request are not what these tests are about."""
    case = await net.sent(net.places["city"], condition="fetal_distress")
    order = Milestone(kind="decision_for_cs", urgency_class=1, **more)
    await net.do("county_doctor", add_milestone, case, order)
    return case


async def press(net: Network, case: CaseId, kind: str, who: str = "county_doctor") -> None:
    await net.do(who, add_milestone, case, Milestone(kind=kind))  # type: ignore[arg-type]


async def clock_of(net: Network, case: CaseId, who: str = "county_doctor") -> CaseClock:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return await case_clock(session, net.clock, viewer, case)


async def ddi(net: Network, case: CaseId) -> ClockOut:
    found = (await clock_of(net, case)).clocks
    return next(one for one in found if one.code == "ddi_category_1")


async def steps(net: Network, case: CaseId, interval: str = "ddi_category_1") -> list[str]:
    return [
        str(event.payload["who"])
        for event in await net.events(case)
        if event.row.kind == "clock.breached" and event.payload["interval"] == interval
    ]


async def watches(net: Network, case: CaseId) -> dict[str, tuple[int, Any]]:
    async with net.clone.system.session(SEEDER) as session:
        rows = await session.execute(
            text("SELECT interval, step, due_at FROM clock_watch WHERE case_id = :id"),
            {"id": case},
        )
        return {row.interval: (row.step, row.due_at) for row in rows}


async def test_within_the_target_nobody_is_told(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    net.wait(minutes=30)
    await _run(net)
    assert await steps(net, case) == ["bedside"], "at the target's last second the bed is told"
    assert not (await ddi(net, case)).overdue


async def test_the_ladder_climbs_once_per_step_and_survives_restarts(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    net.wait(minutes=29, seconds=59)
    await _run(net)
    assert await steps(net, case) == []
    net.wait(seconds=2)
    await asyncio.gather(*(_run(net) for _ in range(3)))
    await _run(net)
    assert await steps(net, case) == ["bedside"]
    net.wait(minutes=2)
    assert await _run(net)
    assert not await _run(net)
    assert await steps(net, case) == ["bedside", "unit"]
    net.wait(minutes=8)
    await _run(net)
    assert await steps(net, case) == ["bedside", "unit", "coordinator"]
    assert "ddi_category_1" not in await watches(net, case)
    events = await net.events(case)
    told = [e for e in events if e.payload.get("interval") == "ddi_category_1"]
    assert all(event.row.auto for event in told)
    pages = [page for event in told for page in event.payload["page_ids"]]  # type: ignore[attr-defined]
    sent = {e.payload["page_id"]: e.payload for e in events if e.row.kind == "page.sent"}
    assert [sent[page]["facility_id"] for page in pages] == [
        str(net.places["county"]),
        str(net.places["institute"]),
    ]


async def test_an_engine_that_slept_takes_one_step_at_a_time(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    net.wait(hours=3)
    while await _run(net):
        pass
    assert await steps(net, case) == ["bedside", "unit", "coordinator"]


async def test_a_name_stops_the_ladder(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    mine = OwnBreach(interval="ddi_category_1")
    with pytest.raises(NothingToOwn):
        await net.do("county_doctor", service.own_breach, case, mine)
    net.wait(minutes=33)
    await _run(net)
    await _run(net)
    await net.do("city_expert", service.own_breach, case, mine)
    seen = await ddi(net, case)
    assert seen.owner is not None
    assert seen.owner.person is not None
    assert seen.owner.person.name == "测试city_expert"
    assert seen.next_step_at is None
    net.wait(hours=1)
    await _run(net)
    assert await steps(net, case) == ["bedside", "unit"]
    with pytest.raises(NothingToOwn):
        await net.do("city_expert", service.own_breach, case, mine)


async def test_whoever_takes_the_page_owns_the_breach(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    net.wait(minutes=33)
    await _run(net)
    await _run(net)
    page = next(
        UUID(str(event.payload["page_ids"][0]))  # type: ignore[index]
        for event in await net.events(case)
        if event.payload.get("page_ids")
    )
    person = net.staff["county_expert"].person_id
    for _ in range(2):
        async with net.clone.system.session(SEEDER) as session:
            await service.note_page_acknowledged(session, net.clock, SEEDER, page, person)
    owned = [e.payload for e in await net.events(case) if e.row.kind == "clock.breach_owned"]
    assert [said["person_id"] for said in owned] == [str(person)]


async def test_birth_stops_the_clock_and_the_delay_is_explained(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    with pytest.raises(NotLate):
        await net.do(
            "county_doctor",
            service.attribute_delay,
            case,
            AttributeDelay(interval="ddi_category_1", code="no_theatre"),
        )
    net.wait(minutes=41)
    await press(net, case, "birth")
    assert "ddi_category_1" not in await watches(net, case)
    for code, note in (("nonsense", None), ("other", None)):
        with pytest.raises(ReasonUnknown):
            order = AttributeDelay(interval="ddi_category_1", code=code, note=note)
            await net.do("county_doctor", service.attribute_delay, case, order)
    order = AttributeDelay(interval="ddi_category_1", code="other", note="电梯停运")
    await net.do("county_doctor", service.attribute_delay, case, order)
    seen = await ddi(net, case)
    assert (seen.state, seen.elapsed_s, seen.overdue) == ("stopped", 41 * 60, True)
    assert [(one.code, one.words.zh) for one in seen.delays] == [("other", "其他")]
    chain = [event.row.payload.decode() for event in await net.events(case)]
    assert not any("电梯" in body for body in chain), "words stay off the chain"


async def test_the_end_of_the_case_ends_the_ladder(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    await net.act("county_doctor", case, cancel, Cancel, code="improved")
    net.wait(hours=2)
    await _run(net)
    assert await steps(net, case) == []
    assert await watches(net, case) == {}


async def test_a_prompt_is_answered_yes_or_not_needed(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    assert {"ddi_blood", "ddi_newborn_team"} <= {
        one.code for one in (await clock_of(net, case)).prompts
    }
    yes = AnswerPrompt(prompt="ddi_newborn_team", answer="yes")
    await net.do("county_doctor", service.answer_prompt, case, yes)
    assert "milestone.newborn_team_called" in await net.kinds(case)
    with pytest.raises(ReasonUnknown):
        no = AnswerPrompt(prompt="ddi_blood", answer="not_needed")
        await net.do("county_doctor", service.answer_prompt, case, no)
    no = AnswerPrompt(prompt="ddi_blood", answer="not_needed", code="not_indicated")
    await net.do("city_expert", service.answer_prompt, case, no)
    assert not {"ddi_blood", "ddi_newborn_team"} & {
        one.code for one in (await clock_of(net, case)).prompts
    }
    with pytest.raises(PromptUnknown):
        await net.do("county_doctor", service.answer_prompt, case, yes)


async def test_a_corrected_decision_moves_the_clock_and_the_ladder(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    start = net.clock.now()
    net.wait(minutes=31)
    await _run(net)
    assert await steps(net, case) == ["bedside"]
    seq = next(m.seq for m in (await clock_of(net, case)).milestones if m.name == "decision_for_cs")
    order = AmendEvent(
        reason="登记早了",
        second_person_id=net.staff["county_expert"].person_id,
        occurred_at=start + timedelta(minutes=10),
    )
    await _amend(net, case, seq, order)
    seen = await ddi(net, case)
    assert (seen.overdue, seen.due_at) == (False, start + timedelta(minutes=40))
    assert (await watches(net, case))["ddi_category_1"] == (0, start + timedelta(minutes=40))
    net.wait(minutes=10)
    await _run(net)
    assert await steps(net, case) == ["bedside", "bedside"]
    # To another class: another clock.
    order = AmendEvent(
        reason="类别登记有误",
        second_person_id=net.staff["county_expert"].person_id,
        urgency_class=2,
    )
    await _amend(net, case, seq, order)
    codes = {one.code for one in (await clock_of(net, case)).clocks}
    assert "ddi_category_2" in codes
    assert "ddi_category_1" not in codes


async def _amend(
    net: Network, case: CaseId, seq: int, order: AmendEvent, who: str = "county_doctor"
) -> None:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        await service.amend_event(session, net.clock, viewer, case, seq, order)


async def test_a_correction_needs_a_moment_and_a_second_person(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    me, other = (net.staff[name].person_id for name in ("county_doctor", "county_expert"))
    seq = next(m.seq for m in (await clock_of(net, case)).milestones if m.name == "decision_for_cs")
    with pytest.raises(AmendmentInvalid):
        await _amend(net, case, seq, AmendEvent(reason="x", second_person_id=me, withdrawn=True))
    with pytest.raises(AmendmentInvalid):
        await _amend(net, case, seq, AmendEvent(reason="x", second_person_id=other))
    note = AmendEvent(reason="x", second_person_id=other, withdrawn=True)
    with pytest.raises(NotAmendable):
        await _amend(net, case, 1, note)  # the request itself is not withdrawn this way
    with pytest.raises(NotFound):
        await _amend(net, case, 999, note)
    await _amend(net, case, seq, note)
    assert "decision_for_cs" not in {m.name for m in (await clock_of(net, case)).milestones}


async def test_a_slip_is_taken_back_by_who_made_it_and_soon(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    await press(net, case, "birth")
    (birth,) = [m for m in (await clock_of(net, case)).milestones if m.name == "birth"]
    with pytest.raises(UndoOver):
        await net.do("city_expert", service.undo, case, UndoMoment(seq=birth.seq))
    with pytest.raises(UndoOver):
        await net.do("county_doctor", service.undo, case, UndoMoment(seq=1))
    await net.do("county_doctor", service.undo, case, UndoMoment(seq=birth.seq))
    seen = await ddi(net, case)
    assert (seen.state, seen.stopped_at) == ("running", None)
    assert "milestone.birth" in await net.kinds(case), "the slip stays on the timeline"
    assert "ddi_category_1" in await watches(net, case)


async def test_strangers_find_nothing_and_onlookers_change_nothing(fresh_net: Network) -> None:
    net = fresh_net
    case = await decided(net)
    net.wait(minutes=31)
    order = OwnBreach(interval="ddi_category_1")
    with pytest.raises(NotFound):
        await net.do("outsider", service.own_breach, case, order)
    with pytest.raises((WrongSide, NotFound)):
        await net.do("commission", service.own_breach, case, order)
    assert not (await clock_of(net, case, "commission")).may_act
    async with net.clone.app.session(net.staff["outsider"]) as session:
        seen = await session.execute(text("SELECT count(*) FROM clock_watch"))
        assert seen.scalar_one() == 0


async def test_real_time_leaves_made_up_cases_alone(fresh_net: Network) -> None:
    net = fresh_net
    await decided(net)
    assert not await ladder.run_due(net.clone.system, SystemClock())
