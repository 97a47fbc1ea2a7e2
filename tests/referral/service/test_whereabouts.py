"""Where is she? The query is answered by those who know, and an alarm is owned by a person."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from referral.commands.on_leg import AnswerQuery, Arrive, Depart, Miss, Oxygen, Ready
from referral.errors import Incomplete, WrongMoment, WrongSide
from referral.links.errors import OxygenShort
from referral.rules.timers import TIMERS
from referral.service.arrive import arrive, miss
from referral.service.travel import depart, ready
from referral.service.whereabouts import answer_query
from referral.timers import run_due
from tests.referral.links import road
from tests.referral.network import SEEDER, STABLE, Network

LATE = {"answer": "delayed", "reason": "堵车"}


async def _queried(net: Network, case: Any) -> bool:
    wanted = text("SELECT queried_at IS NOT NULL FROM leg WHERE case_id = :case")
    async with net.clone.system.session(SEEDER) as session:
        return bool((await session.execute(wanted, {"case": case})).scalar_one())


async def _departed(net: Network) -> tuple[Any, UUID]:
    case, leg = await road.committed(net)
    eta = net.clock.now() + timedelta(minutes=30)
    await net.act("county_doctor", case, depart, Depart, on=leg, checklist=STABLE, eta=eta)
    return case, leg


async def _overdue(net: Network) -> tuple[Any, UUID]:
    case, leg = await _departed(net)
    net.wait(minutes=31)
    net.simulated.advance(TIMERS["late_arrival"])
    await run_due(net.clone.system, net.clock)
    assert await _queried(net, case)
    return case, leg


async def test_delayed_with_a_new_time_starts_the_clock_anew(fresh_net: Network) -> None:
    net = fresh_net
    case, leg = await _overdue(net)
    with pytest.raises(Incomplete):
        await net.act("county_doctor", case, answer_query, AnswerQuery, on=leg, **LATE)
    eta = net.clock.now() + timedelta(minutes=40)
    await net.act("county_doctor", case, answer_query, AnswerQuery, on=leg, eta=eta, **LATE)
    assert not await _queried(net, case)
    net.simulated.advance(TIMERS["missing_arrival"])
    await run_due(net.clone.system, net.clock)
    seen = await net.see("city_expert", case)
    assert (seen.legs[0].state, seen.legs[0].eta) == ("departed", eta)
    assert seen.legs[0].entries[-1].kind == "query_delayed"


async def test_not_here_yet_lets_the_alarm_come(fresh_net: Network) -> None:
    net = fresh_net
    case, leg = await _overdue(net)
    with pytest.raises(WrongSide):
        await net.act("city_expert", case, answer_query, AnswerQuery, on=leg, **LATE)
    with pytest.raises(WrongSide):
        await net.act(
            "county_doctor", case, answer_query, AnswerQuery, on=leg, answer="not_here", reason="x"
        )
    await net.act(
        "city_expert", case, answer_query, AnswerQuery, on=leg, answer="not_here", reason="未见"
    )
    assert not await _queried(net, case)
    net.simulated.advance(TIMERS["missing_arrival"])
    await run_due(net.clone.system, net.clock)
    assert (await net.see("city_expert", case)).legs[0].state == "not_arrived"
    assert await net.count("page WHERE event = 'leg.not_arrived'") == 1
    # Found again: the same answer moves her on.
    eta = net.clock.now() + timedelta(minutes=10)
    await net.act("county_doctor", case, answer_query, AnswerQuery, on=leg, eta=eta, **LATE)
    assert (await net.see("city_expert", case)).legs[0].state == "departed"


async def test_a_person_who_misses_her_pages_the_coordinator_too(net: Network) -> None:
    case, leg = await _departed(net)
    await net.act("city_expert", case, miss, Miss, on=leg, note="未见车辆")
    mine = f"page WHERE case_id = '{case}' AND event = 'leg.not_arrived'"
    assert await net.count(mine) == 1


async def test_once_arrived_there_is_nothing_to_ask(net: Network) -> None:
    case, leg = await _departed(net)
    await net.act("city_expert", case, arrive, Arrive, on=leg)
    with pytest.raises(WrongMoment):
        await net.act(
            "city_expert", case, answer_query, AnswerQuery, on=leg, answer="not_here", reason="x"
        )


async def test_too_little_oxygen_needs_a_reason(net: Network) -> None:
    case, leg = await road.committed(net)
    known = {name: getattr(STABLE, name) for name in STABLE.__struct_fields__}
    short = Oxygen(available_l=500, flow_l_per_min=10, trip_min=60)
    with pytest.raises(OxygenShort) as refused:
        checked = type(STABLE)(**{**known, "oxygen": short})
        await net.act("county_doctor", case, ready, Ready, on=leg, checklist=checked)
    assert refused.value.fields == {"needed_l": 900, "available_l": 500}
    explained = type(STABLE)(**{**known, "oxygen": short, "exception": "途中换瓶"})
    await net.act("county_doctor", case, ready, Ready, on=leg, checklist=explained)
    shown = (await net.see("city_expert", case)).legs[0].checklist
    assert shown is not None
    assert shown.oxygen == short
