"""Links: issued, opened, expired, revoked; scoped to one case, and hidden as to their token."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.errors import NotFound
from kernel.viewer import Role
from referral.commands.on_case import Cancel
from referral.commands.on_leg import Arrive, SignHandover
from referral.errors import WrongMoment, WrongSide
from referral.links import queries
from referral.links.errors import LinkOver, NotALink
from referral.links.rules import DATA
from referral.links.service import issue
from referral.service.arrive import arrive, sign_handover
from referral.service.finish import cancel
from tests.referral.links import road
from tests.referral.network import SEALER, SEEDER, Network

HALF = {"condition": "平稳", "drugs": "缩宫素", "blood": "2 U", "documents": "病历"}


async def _revoke(net: Network, who: str, link: UUID) -> None:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        await issue.revoke(session, net.clock, viewer, link)


async def test_a_holder_is_crew_of_one_case_and_of_nothing_else(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    assert viewer.roles == {Role.CREW}
    assert not viewer.facility_ids
    assert not viewer.region_ids
    seen = await net.see("link", case)
    assert seen.my_side == "crew"
    other = await net.sent(net.places["province"])
    with pytest.raises(NotFound):
        await net.see("link", other)


async def test_names_say_that_it_was_by_link(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    await road.hand_over(net, viewer, road.entry(1, "halt", net.clock.now(), reason="加油"))
    entry = (await net.see("city_expert", case)).legs[0].entries[-1]
    assert entry.by is not None
    assert (entry.by.name, entry.by.title) == ("链接：何静", "急救护士")
    kinds = await net.kinds(case)
    assert kinds[-3:] == ["link.issued", "link.opened", "leg.halted"]
    assert (await net.events(case))[-1].row.actor == viewer.person_id


async def test_only_the_hash_of_the_token_is_kept(net: Network) -> None:
    _, leg = await road.moving(net)
    link = await road.issued(net, leg)
    assert link.path == f"/crew#{link.token}"
    assert len(link.token) >= 43
    async with net.clone.system.session(SEEDER) as session:
        for table in ("case_link", "link_session", "person", "case_event", "outbox"):
            rows = (await session.execute(text(f"SELECT t::text FROM {table} t"))).scalars()
            assert not any(link.token in row for row in rows)


async def test_a_link_ends_by_time_by_hand_and_after_the_handover(net: Network) -> None:
    case, leg = await road.moving(net)
    first, second = await road.issued(net, leg), await road.issued(net, leg)
    third = await road.issued(net, leg)
    assert await road.opened(net, first) is not None
    await _revoke(net, "city_expert", first.link.id)
    with pytest.raises(LinkOver):
        await road.opened(net, first)
    assert await road.opened(net, second) is not None
    await net.act("city_expert", case, arrive, Arrive, on=leg)
    await net.act("city_expert", case, sign_handover, SignHandover, on=leg, **HALF)
    await net.act("county_doctor", case, sign_handover, SignHandover, on=leg, **HALF)
    net.wait(seconds=DATA.links.crew_grace - 1)
    assert await road.opened(net, second) is not None
    net.wait(seconds=2)
    with pytest.raises(LinkOver):
        await road.opened(net, third)


async def test_a_link_expires_at_the_latest_after_its_longest_life(net: Network) -> None:
    _, leg = await road.moving(net)
    link = await road.issued(net, leg)
    net.wait(seconds=DATA.links.crew_longest)
    with pytest.raises(LinkOver):
        await road.opened(net, link)


async def test_revoking_closes_the_sessions_that_are_open(net: Network) -> None:
    _, leg = await road.moving(net)
    link = await road.issued(net, leg)
    async with net.clone.app.session(road.sessions_nobody()) as session:
        from referral.links import sessions

        opening = await sessions.open_link(session, net.clock, link.token)
    assert await road.seen(net, opening.secret) is not None
    await _revoke(net, "county_doctor", link.link.id)
    assert await road.seen(net, opening.secret) is None
    assert await road.seen(net, link.token) is None  # the token is no cookie


async def test_a_cancelled_case_lets_its_links_run_out(net: Network) -> None:
    case, leg = await road.committed(net)
    link = await road.issued(net, leg)
    await net.act("county_doctor", case, cancel, Cancel, code="improved")
    net.wait(seconds=DATA.links.crew_grace + 1)
    with pytest.raises(LinkOver):
        await road.opened(net, link)


async def test_who_may_issue(net: Network) -> None:
    case, leg = await road.moving(net)
    for who in ("county_doctor", "city_expert", "coordinator"):
        await road.issued(net, leg, who)
    with pytest.raises(NotFound):
        await road.issued(net, leg, "outsider")
    await road.crew(net, leg)
    with pytest.raises(WrongSide):
        await road.issued(net, leg, "link")
    assert await net.count(f"case_link WHERE case_id = '{case}'") == 4


async def test_a_finished_journey_gets_no_link(net: Network) -> None:
    case, leg = await road.moving(net)
    await net.act("city_expert", case, arrive, Arrive, on=leg)
    await net.act("city_expert", case, sign_handover, SignHandover, on=leg, **HALF)
    await net.act("county_doctor", case, sign_handover, SignHandover, on=leg, **HALF)
    with pytest.raises(WrongMoment):
        await road.issued(net, leg)


async def test_a_unit_of_the_network_needs_no_link(net: Network) -> None:
    case, _ = await road.moving(net)
    viewer = net.staff["county_doctor"]
    offer = (await net.see("county_doctor", case)).offers[0].id
    async with net.clone.app.session(viewer) as session:
        with pytest.raises(NotALink):
            await issue.for_offer(session, net.clock, viewer, SEALER, offer, road.HOLDER)


async def test_links_are_listed_for_the_parties(net: Network) -> None:
    case, leg = await road.moving(net)
    await road.crew(net, leg)
    viewer = net.staff["city_expert"]
    async with net.clone.app.session(viewer) as session:
        shown = await queries.links_of(session, net.clock, viewer, SEALER, case)
    assert [(link.holder and link.holder.name, link.phone) for link in shown] == [
        ("链接：何静", "19900001234")
    ]
    assert (shown[0].opened, shown[0].live) == (1, True)
    stranger = net.staff["outsider"]
    async with net.clone.app.session(stranger) as session:
        with pytest.raises(NotFound):
            await queries.links_of(session, net.clock, stranger, SEALER, case)


async def test_the_crews_view_holds_what_they_need(net: Network) -> None:
    _, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    async with net.clone.app.session(viewer) as session:
        view = await queries.crew_view(session, net.clock, viewer, SEALER)
    assert view.woman.name == "林测试"
    assert view.now.destination.facility.short_name == "清江市妇幼"
    assert {"halt", "deteriorate", "birth", "die", "report"} <= set(view.now.actions)
    assert "arrive" not in view.now.actions
    assert view.holder == "链接：何静"
    assert timedelta(0) < view.expires_at - net.clock.now()
