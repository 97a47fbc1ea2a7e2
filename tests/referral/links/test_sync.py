"""What a phone hands over: once, in order, with its own times, and nothing is lost."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from referral.commands.on_case import AddOffer
from referral.commands.on_leg import Arrive, Divert, SignHandover
from referral.commands.on_offer import Accept
from referral.links import queries
from referral.links.commands import CrewEntry
from referral.links.service.review import review
from referral.service.accept import accept
from referral.service.arrive import arrive, sign_handover
from referral.service.ask import add_offer
from referral.service.travel import divert
from tests.referral.links import road
from tests.referral.links.road import entry, hand_over
from tests.referral.network import SEALER, SEEDER, START, Network


async def _divert(net: Network, case: Any, leg: UUID) -> None:
    """The origin sends her to the second hospital of the city."""
    await net.act("county_doctor", case, add_offer, AddOffer, facility_id=net.places["city_two"])
    other = (await net.see("county_doctor", case)).offers[-1]
    await net.act("city_two_expert", case, accept, Accept, on=other.id, bed="3 床")
    await net.act("county_doctor", case, divert, Divert, on=leg, offer_id=other.id, reason="近")


async def _pages(net: Network, case: Any) -> list[str]:
    """What rang from the road."""
    wanted = text("SELECT event FROM page WHERE case_id = :case AND event LIKE 'leg.%'")
    async with net.clone.system.session(SEEDER) as session:
        return sorted((await session.execute(wanted, {"case": case})).scalars())


async def test_entered_at_once_is_no_late_entry(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    done = await hand_over(net, viewer, entry(1, "report", net.clock.now(), note="平稳"))
    assert [(r.status, r.already) for r in done.results] == [("applied", False)]
    event = (await net.events(case))[-1]
    assert event.row.kind == "leg.reported"
    assert "late_reason" not in event.payload
    assert event.row.device_at == net.clock.now()


async def test_offline_entries_keep_their_own_times(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    begun = net.clock.now()
    net.wait(minutes=6)
    behind = timedelta(minutes=12)  # the phone's clock is slow
    said = [
        entry(1, "halt", begun + timedelta(minutes=1) - behind, reason="塌方"),
        entry(2, "resume", begun + timedelta(minutes=2) - behind),
        entry(
            3,
            "drug",
            begun + timedelta(minutes=3) - behind,
            code="oxytocin",
            dose=10,
            unit="U",
            route="im",
        ),
    ]
    device_now = net.clock.now() - behind
    done = await hand_over(net, viewer, *said, now=device_now, offset_ms=12 * 60_000)
    assert [r.status for r in done.results] == ["applied"] * 3
    events = (await net.events(case))[-4:]
    assert [event.row.kind for event in events] == [
        "leg.halted",
        "leg.resumed",
        "treatment.given",
        "milestone.first_dose_uterotonic",
    ]
    minutes = [(event.at - begun) / timedelta(minutes=1) for event in events]
    assert minutes == [1, 2, 3, 3]
    assert {event.payload["late_reason"] for event in events} == {"offline"}
    assert events[0].row.device_at == said[0].at
    assert events[0].row.clock_offset_ms == 12 * 60_000
    async with net.clone.app.session(viewer) as session:
        view = await queries.crew_now(session, net.clock, viewer, SEALER)
    given = [(one.zh, one.dose, one.unit, one.route, one.on_the_way) for one in view.given]
    assert given == [("缩宫素", 10, "U", "im", True)]


async def test_a_lying_offset_is_not_believed(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    said = entry(1, "report", net.clock.now(), note="平稳")
    await hand_over(net, viewer, said, offset_ms=-86_400_000)
    assert (await net.events(case))[-1].row.clock_offset_ms == 0


async def test_twins_on_the_road_offline(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    begun = net.clock.now()
    net.wait(minutes=10)
    done = await hand_over(
        net,
        viewer,
        entry(1, "birth", begun + timedelta(minutes=2), sex="female", birth_order=1, apgar_1=8),
        entry(2, "birth", begun + timedelta(minutes=7), sex="male", birth_order=2, apgar_5=9),
    )
    assert [r.status for r in done.results] == ["applied", "applied"]
    children = (await net.see("city_expert", case)).newborns
    assert [(c.birth_order, c.sex) for c in children] == [(1, "female"), (2, "male")]
    assert children[1].born_at - children[0].born_at == timedelta(minutes=5)
    assert await _pages(net, case) == ["leg.birth_en_route"] * 2


async def test_a_refused_entry_stops_nothing_and_stays(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    now = net.clock.now()
    done = await hand_over(
        net,
        viewer,
        entry(1, "resume", now),  # she is not standing still
        entry(2, "teleport", now),
        entry(3, "report", now, note="平稳", vitals={"sbp": 9000}),
        entry(4, "report", now, note="平稳"),
    )
    assert [(r.status, r.code) for r in done.results] == [
        ("refused", "kernel.illegal_transition"),
        ("refused", "referral.entry_unreadable"),
        ("refused", "referral.entry_unreadable"),
        ("applied", None),
    ]
    async with net.clone.app.session(viewer) as session:
        view = await queries.crew_now(session, net.clock, viewer, SEALER)
    assert [entry.kind for entry in view.refused] == ["resume", "teleport", "report"]
    expert = net.staff["city_expert"]
    async with net.clone.app.session(expert) as session:
        kept = (await queries.track(session, net.clock, expert, SEALER, leg)).unreviewed
        assert (kept[0].kind, kept[0].by and kept[0].by.name) == ("resume", "链接：何静")
        await review(session, net.clock, expert, kept[0].link_id, kept[0].id)
        left = (await queries.track(session, net.clock, expert, SEALER, leg)).unreviewed
    assert len(left) == 2
    assert (await net.kinds(case))[-1] == "leg.entry_reviewed"


async def test_diverted_meanwhile_steps_are_refused_and_facts_are_not(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    before = net.places["city"]
    at = net.clock.now()
    net.wait(minutes=5)
    await _divert(net, case, leg)
    done = await hand_over(
        net,
        viewer,
        entry(1, "halt", at, reason="堵车", destination_id=before),
        entry(2, "report", at, note="平稳", destination_id=before),
        entry(3, "halt", net.clock.now(), reason="堵车", destination_id=net.places["city_two"]),
    )
    assert [(r.status, r.code) for r in done.results] == [
        ("refused", "referral.changed_meanwhile"),
        ("applied", None),
        ("applied", None),
    ]
    assert done.results[0].fields == {"facility": "清江二院"}


async def test_a_repeat_changes_nothing(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    said = [entry(1, "halt", net.clock.now(), reason="加油"), entry(2, "resume", net.clock.now())]
    await hand_over(net, viewer, *said)
    events = len(await net.events(case))
    again = await hand_over(net, viewer, *said)
    assert [(r.status, r.already) for r in again.results] == [("applied", True)] * 2
    assert len(await net.events(case)) == events


STORY = (
    ("deteriorate", {"note": "血压下降"}),
    ("halt", {"reason": "抢救"}),
    ("birth", {"sex": "female", "birth_order": 1}),
    ("halt", {"reason": "第二胎"}),
    ("birth", {"sex": "male", "birth_order": 2}),
    ("birth", {"sex": "male", "birth_order": 2}),  # refused: already recorded
    ("resume", {}),
)


@pytest.mark.parametrize("seed", range(4))
async def test_in_whatever_order_batches_come(net: Network, seed: int) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    begun = net.clock.now()
    net.wait(minutes=10)
    said = [
        entry(n, kind, begun + timedelta(minutes=n), **data)
        for n, (kind, data) in enumerate(STORY, 1)
    ]
    for batch in _batches(said, random.Random(seed)):
        await hand_over(net, viewer, *batch)
    kinds = [kind for kind in await net.kinds(case) if kind.startswith("leg.")]
    assert kinds[1:] == [
        "leg.departed",
        "leg.deteriorated",
        "leg.halted",
        "leg.birth_en_route",
        "leg.halted",
        "leg.birth_en_route",
        "leg.resumed",
    ]
    assert (await net.see("county_doctor", case)).legs[0].state == "departed"
    mine = f"crew_entry WHERE case_id = '{case}' AND status"
    assert await net.count(f"{mine} = 'applied'") == 6
    assert await net.count(f"{mine} = 'refused'") == 1


def _batches(said: list[CrewEntry], dice: random.Random) -> list[list[CrewEntry]]:
    """Cut, shuffled, some sent twice; in the end everything has been sent."""
    cuts = sorted(dice.sample(range(1, len(said)), 2))
    parts = [said[: cuts[0]], said[cuts[0] : cuts[1]], said[cuts[1] :]]
    sent = [*parts, dice.choice(parts), said[1:4]]
    dice.shuffle(sent)
    return sent


async def test_an_early_batch_waits_for_the_ones_before_it(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    now = net.clock.now()
    early = await hand_over(net, viewer, entry(2, "resume", now))
    assert early.results[0].status == "waiting"
    await hand_over(net, viewer, entry(1, "halt", now, reason="加油"))
    again = await hand_over(net, viewer, entry(2, "resume", now))
    assert (again.results[0].status, again.results[0].already) == ("applied", True)
    assert (await net.kinds(case))[-2:] == ["leg.halted", "leg.resumed"]


async def test_two_phones_of_one_holder_number_for_themselves(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    now = net.clock.now()
    await hand_over(net, viewer, entry(1, "halt", now, reason="加油"))
    other = CrewEntry(id=UUID(int=5), seq=1, at=now, kind="resume")
    done = await hand_over(net, viewer, other, device=UUID(int=8))
    assert done.results[0].status == "applied"
    assert (await net.see("county_doctor", case)).legs[0].state == "departed"


async def test_positions_give_an_estimate_and_a_hint_never_an_arrival(net: Network) -> None:
    async with net.clone.owner.session(SEEDER) as session:
        await session.execute(
            text("UPDATE facility SET latitude = 30.0, longitude = 110.0 WHERE id = :id"),
            {"id": net.places["city"]},
        )
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    start = net.clock.now()
    net.wait(minutes=3)
    away = road.track(start, (30.3, 110.0), (30.29, 110.0), (30.28, 110.0))
    assert (await hand_over(net, viewer, positions=away)).positions == 3
    expert = net.staff["city_expert"]
    async with net.clone.app.session(expert) as session:
        shown = await queries.track(session, net.clock, expert, SEALER, leg)
    assert shown.distance_km == pytest.approx(31.1, abs=0.1)
    assert shown.estimated_eta is not None
    # 31.1 km at 1.112 km a minute of straight line: the road factor cancels out.
    assert (shown.estimated_eta - away[-1].at) / timedelta(minutes=1) == pytest.approx(28, abs=0.5)
    assert shown.near_at is None
    net.wait(minutes=30)
    near = road.track(net.clock.now(), (30.003, 110.0))
    await hand_over(net, viewer, positions=near)
    await hand_over(net, viewer, positions=near)
    assert (await net.kinds(case)).count("leg.near") == 1
    assert (await net.see("city_expert", case)).legs[0].state == "departed"
    assert await net.count(f"leg_position WHERE leg_id = '{leg}'") == 4


async def test_no_position_is_kept_but_of_the_road(net: Network) -> None:
    _, leg = await road.committed(net)
    viewer = await road.crew(net, leg)
    kept = await hand_over(net, viewer, positions=road.track(START, (30.0, 110.0)))
    assert kept.positions == 0
    assert await net.count(f"leg_position WHERE leg_id = '{leg}'") == 0


async def test_the_crew_signs_for_the_sender(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    half = {"condition": "平稳", "drugs": "缩宫素", "blood": "无", "documents": "病历"}
    await net.act("city_expert", case, arrive, Arrive, on=leg)
    done = await hand_over(net, viewer, entry(1, "sign", net.clock.now(), **half))
    assert done.results[0].status == "applied"
    await net.act("city_expert", case, sign_handover, SignHandover, on=leg, **half)
    seen = await net.see("city_expert", case)
    assert seen.state == "handed_over"
    signed = {signature.side: signature.person for signature in seen.legs[0].signatures}
    assert signed["origin"] is not None
    assert signed["origin"].name == "链接：何静"


async def test_death_in_transit_by_link(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    said = entry(1, "die", net.clock.now(), place="G65 高速", certifier="测试医生")
    done = await hand_over(net, viewer, said)
    assert (done.results[0].status, done.results[0].code) == ("applied", None)
    assert (await net.see("city_expert", case)).state == "died"


async def test_delay_and_diversion_are_asked_for(net: Network) -> None:
    case, leg = await road.moving(net)
    viewer = await road.crew(net, leg)
    now = net.clock.now()
    later = now + timedelta(minutes=50)
    done = await hand_over(
        net,
        viewer,
        entry(1, "delay", now, reason="堵车", eta=later.isoformat()),
        entry(2, "ask_divert", now, reason="最近的是清江二院"),
        entry(3, "near", now),
        entry(4, "deteriorate", now, note="抽搐"),
    )
    assert [r.status for r in done.results] == ["applied"] * 4
    seen = await net.see("city_expert", case)
    assert seen.legs[0].eta == later
    assert await _pages(net, case) == ["leg.deteriorated", "leg.divert_requested"]
