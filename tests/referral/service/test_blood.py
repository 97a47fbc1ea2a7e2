"""Blood: asked for, issued by a station that is no party, at the bedside; each step a milestone."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId
from kernel.viewer import Viewer
from referral import timers
from referral.clocks.milestones import fold
from referral.commands.on_blood import (
    ArriveBlood,
    CancelBlood,
    DepartBlood,
    IssueBlood,
    RequestBlood,
)
from referral.commands.on_case import Cancel
from referral.errors import DestinationUnknown, WrongMoment, WrongSide
from referral.queries import blood as orders
from referral.readmodel.blood import BloodOrder
from referral.service import blood
from referral.service.finish import cancel
from registry.resources import service as resources
from registry.resources.errors import KindUnknown, StockTooSmall
from registry.resources.schemas import CountEntry, CountReport
from tests.referral.network import SEEDER, Network

BANK = "outsider"
"""Somebody of a house that has nothing to do with the case: here, the blood station."""


async def _stock(net: Network, units: int, subkey: str = "O+") -> None:
    viewer = net.staff[BANK]
    entry = CountEntry(kind="red_cells", subkey=subkey, free=units)
    order = CountReport(facility_id=net.places["stranger"], entries=[entry])
    async with net.clone.app.session(viewer) as session:
        await resources.report(session, net.clock, viewer, order)


async def _ask(net: Network, case: CaseId, who: str = "county_doctor", **more: object) -> UUID:
    fields = {"facility_id": net.places["stranger"], "product": "red_cells", "units": 4}
    order = RequestBlood(**{**fields, "abo": "O", "rh": "+", **more})  # type: ignore[arg-type]
    return await net.do(who, blood.request_blood, case, order)  # type: ignore[no-any-return]


async def _bank(net: Network, who: str = BANK) -> list[BloodOrder]:
    viewer: Viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return (await orders.of_bank(session, net.clock, viewer)).orders


async def _of_case(net: Network, case: CaseId, who: str = "county_doctor") -> list[BloodOrder]:
    viewer: Viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return (await orders.of_case(session, net.clock, viewer, case)).orders


async def _free(net: Network) -> int:
    newest = text(
        "SELECT free FROM resource_report WHERE kind = 'red_cells' ORDER BY seq DESC LIMIT 1"
    )
    async with net.clone.system.session(SEEDER) as session:
        return int((await session.execute(newest)).scalar_one())


async def test_request_issue_arrive_is_the_clock_and_no_form_is_filled_twice(
    fresh_net: Network,
) -> None:
    net = fresh_net
    await _stock(net, 10)
    case = await net.sent(net.places["city"])
    order = await _ask(net, case)
    asked = net.clock.now()
    net.wait(minutes=7)
    await net.do(BANK, blood.issue, order, IssueBlood())
    net.wait(minutes=3)
    await net.do(BANK, blood.depart, order, DepartBlood())
    net.wait(minutes=25)
    await net.do("county_doctor", blood.arrive, order, ArriveBlood())
    (shown,) = await _of_case(net, case)
    assert (shown.state, shown.issued_units) == ("arrived", 4)
    milestones = fold(await net.events(case)).milestones
    times = [milestones[f"blood_{step}"].at for step in ("requested", "issued", "arrived")]
    assert times == [asked, asked + timedelta(minutes=7), asked + timedelta(minutes=35)]
    assert "supplement" not in milestones["blood_issued"].payload
    assert await _free(net) == 6
    (hold,) = (await net.see("county_doctor", case)).holds
    assert (hold.kind, hold.state, hold.quantity, hold.offer_id) == ("blood", "used", 4, None)


async def test_the_station_reads_a_number_and_learns_no_name(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    await _ask(net, case)
    (seen,) = await _bank(net)
    assert (seen.case_id, seen.allowed) == (None, ["issue", "cancel"])
    assert seen.case_number
    for who in (BANK, "province_expert"):
        with pytest.raises(NotFound):
            await net.see(who, case)
    assert await _bank(net, "province_expert") == []


async def test_after_issuing_the_station_is_outside_again(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    order = await _ask(net, case)
    await net.do(BANK, blood.issue, order, IssueBlood(units=2, abo="O", rh="-"))
    with pytest.raises(NotFound):
        await net.see(BANK, case)
    parties = text("SELECT count(*) FROM case_party WHERE role = 'blood_bank'")
    async with net.clone.system.session(SEEDER) as session:
        assert (await session.execute(parties)).scalar_one() == 0
    (shown,) = await _of_case(net, case)
    assert (shown.issued_units, shown.issued_subkey) == (2, "O-")


async def test_two_hands_issue_one_order_once(fresh_net: Network) -> None:
    net = fresh_net
    await _stock(net, 9)
    order = await _ask(net, await net.sent(net.places["city"]))
    answers = await asyncio.gather(
        *(net.do(BANK, blood.issue, order, IssueBlood()) for _ in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["UUID", "WrongMoment"]
    assert await _free(net) == 5


async def test_nothing_is_issued_that_is_not_there(fresh_net: Network) -> None:
    net = fresh_net
    await _stock(net, 3)
    case = await net.sent(net.places["city"])
    order = await _ask(net, case)
    with pytest.raises(StockTooSmall):
        await net.do(BANK, blood.issue, order, IssueBlood())
    (still,) = await _bank(net)
    assert still.state == "requested"
    await net.do(BANK, blood.issue, order, IssueBlood(units=3))
    assert await _free(net) == 0


async def test_refusals_of_orders(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    for refusal, change in (
        (KindUnknown, {"abo": None}),
        (KindUnknown, {"product": "fibrinogen"}),
        (DestinationUnknown, {"facility_id": FacilityId(UUID(int=5))}),
    ):
        with pytest.raises(refusal):
            await _ask(net, case, **change)
    order = await _ask(net, case)
    with pytest.raises(WrongMoment):
        await net.do("county_doctor", blood.arrive, order, ArriveBlood())
    with pytest.raises(WrongSide):
        await net.do("county_doctor", blood.issue, order, IssueBlood())
    with pytest.raises(NotFound):
        await net.do("province_expert", blood.issue, order, IssueBlood())
    await net.do(BANK, blood.issue, order, IssueBlood())
    with pytest.raises(WrongSide):
        await net.do(BANK, blood.arrive, order, ArriveBlood())
    with pytest.raises(WrongMoment):
        await net.do("county_doctor", blood.cancel, order, CancelBlood(reason="不需要"))


async def test_a_bank_that_has_none_calls_the_coordinator(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    order = await _ask(net, case)
    await net.do(BANK, blood.cancel, order, CancelBlood(reason="无库存"))
    pages = [e.payload["event"] for e in await net.events(case) if e.row.kind == "page.sent"]
    assert pages[-1] == "blood.refused"
    assert [hold.state for hold in (await net.see("county_doctor", case)).holds] == ["released"]
    assert "无库存" not in str([e.payload for e in await net.events(case)])


async def test_an_order_nobody_answers_calls_the_coordinator_and_may_still_be_issued(
    fresh_net: Network,
) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    order = await _ask(net, case)
    net.wait(minutes=15)
    await timers.run_due(net.clone.system, net.clock)
    pages = [e.payload["event"] for e in await net.events(case) if e.row.kind == "page.sent"]
    assert "blood.overdue" in pages
    await net.do(BANK, blood.issue, order, IssueBlood())
    assert [hold.state for hold in (await net.see("county_doctor", case)).holds] == ["held"]


async def test_a_case_that_is_over_needs_no_blood(fresh_net: Network) -> None:
    net = fresh_net
    case = await net.sent(net.places["city"])
    order = await _ask(net, case)
    await net.act("county_doctor", case, cancel, Cancel, code="improved")
    (shown,) = await _bank(net)
    assert (shown.state, shown.allowed) == ("cancelled", [])
    with pytest.raises(WrongMoment):
        await net.do(BANK, blood.issue, order, IssueBlood())
