"""A consultation from the question to the decision, and what may go wrong on the way."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from consult.commands import ReportOrder
from consult.errors import BedsideReports
from consult.queries import advice_of_case
from consult.requests.errors import (
    AskingHouseOnly,
    ConsultMoved,
    InvitedOnly,
    InvitedTwice,
    InviteeUnknown,
    NoAdviceYet,
    NotConcluded,
    OwnProposal,
    TimePassed,
)
from consult.requests.rules import RULES
from consult.requests.schemas import Invitee
from consult.service import report_order
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId
from tests.consult.requests.table import Table
from tests.referral.network import SEEDER, Network


async def test_asked_accepted_held_concluded_decided(table: Table, net: Network) -> None:
    consult = await table.ask()
    asked = (await table.look(consult)).consult
    assert (asked.state, asked.kind) == ("asked", "group")
    assert asked.answer_by - asked.asked_at == timedelta(minutes=RULES.urgent.answer_within_min)
    assert asked.allowed == ["propose", "invite", "cancel"]
    assert await table.pages(consult) == [("consult.asked", net.places["city"])]
    # Whoever was invited now sees the woman, whom they had never seen.
    seen = (await table.look(consult, "city_expert")).consult
    assert seen.invited[0].allowed == ["accept", "decline", "hand_on"]
    assert seen.woman != ""

    await table.answer("city_expert", consult, "accept")
    assert (await table.look(consult)).consult.state == "agreed"
    await table.step("city_expert", consult, "begin")
    with pytest.raises(NoAdviceYet):
        await table.step("city_expert", consult, "conclude", outcome="advised")
    await table.advise("city_expert", consult)
    await table.step("city_expert", consult, "conclude", outcome="advised")
    over = (await table.look(consult)).consult
    assert (over.state, over.outcome, over.allowed) == ("concluded", "advised", ["decide"])

    # The treating house decides, in a record of its own.
    await table.decide("county_doctor", consult, "partly")
    done = await table.look(consult)
    assert done.consult.state == "closed"
    (decision,) = done.decisions
    assert decision.decision.adoption == "partly"
    assert decision.author is not None
    assert decision.author.id == net.staff["county_doctor"].person_id
    assert [event.action for event in done.history] == [
        "ask", "accept", "begin", "conclude", "decide",
    ]  # fmt: skip
    assert await table.kinds(consult) == [
        "consult.asked", "consult.accepted", "consult.begun", "advice.signed", "guidance.session",
        "consult.concluded", "consult.decided",
    ]  # fmt: skip


async def test_strangers_see_nothing_and_no_side_does_the_others_part(
    table: Table, net: Network
) -> None:
    consult = await table.ask()
    with pytest.raises(NotFound):
        await table.look(consult, "outsider")
    assert consult not in [one.id for one in await table.listed("outsider", "open")]
    with pytest.raises(NotFound):
        await table.step("outsider", consult, "cancel", note="不需要")
    with pytest.raises(AskingHouseOnly):
        await table.step("city_expert", consult, "cancel", note="不需要")
    with pytest.raises(InvitedOnly):
        await table.answer("county_doctor", consult, "accept")
    with pytest.raises(InvitedOnly):  # invited, but has not said yes
        await table.step("city_expert", consult, "begin")
    with pytest.raises(ConsultMoved):
        await table.step("county_doctor", consult, "begin")
    await table.answer("city_expert", consult, "accept")
    await table.step("county_doctor", consult, "begin")
    await table.step("county_doctor", consult, "conclude", outcome="not_needed")
    with pytest.raises(AskingHouseOnly):
        await table.decide("city_expert", consult)


async def test_about_a_transfer_her_record_is_one_tap_away(table: Table, net: Network) -> None:
    case = await net.sent(net.places["city"])
    with pytest.raises(NotFound):
        await net.see("province_expert", case)
    consult = await table.ask(table.house("province"), of_case_id=case)
    assert (await net.see("province_expert", case)).id == case
    asked = (await table.look(consult)).consult
    assert asked.of_case_id == case
    assert "consult.asked" in await table.kinds(case)
    assert [one.id for one in await table.listed("county_doctor", "open", of_case_id=case)] == [
        consult
    ]
    # Advice that was signed on her own case counts as well.
    await table.answer("province_expert", consult, "accept")
    await table.step("province_expert", consult, "begin")
    await table.advise("province_expert", case)
    await table.step("province_expert", consult, "conclude", outcome="advised")
    assert (await table.kinds(case)).count("consult.concluded") == 1


async def test_several_houses_answer_each_for_itself(table: Table, net: Network) -> None:
    consult = await table.ask(table.house("city"), table.house("province"))
    assert (await table.look(consult)).consult.kind == "mdt"
    await table.answer("city_expert", consult, "decline", 1, why="busy")
    assert (await table.look(consult)).consult.state == "asked"
    await table.answer("province_expert", consult, "accept", 2)
    await table.step("province_expert", consult, "begin")
    # A third is called to it while it is under way.
    await table.step("county_doctor", consult, "invite", invite=[table.house("city")])
    await table.answer("city_expert", consult, "accept", 3)
    seen = (await table.look(consult)).consult
    assert [one.state for one in seen.invited] == ["declined", "accepted", "accepted"]
    assert seen.state == "underway"


async def test_handed_on_rings_the_next_and_the_last_no_asks_again(
    table: Table, net: Network
) -> None:
    consult = await table.ask()
    await table.answer("city_expert", consult, "hand_on", to=table.house("province"))
    seen = (await table.look(consult)).consult
    assert [one.state for one in seen.invited] == ["handed_on", "invited"]
    assert seen.invited[1].from_id == seen.invited[0].id
    assert seen.kind == "group"
    assert [house for _, house in await table.pages(consult)] == [
        net.places["city"],
        net.places["province"],
    ]
    await table.answer("province_expert", consult, "accept", 2)
    assert (await table.look(consult)).consult.state == "agreed"
    await table.answer("province_expert", consult, "decline", 2, why="technical")
    again = await table.look(consult)
    assert again.consult.state == "asked"
    assert [event.action for event in again.history][-2:] == ["decline", "reopen"]


async def test_times_are_agreed_to_by_the_other_side(table: Table, net: Network) -> None:
    start = net.clock.now() + timedelta(days=1)
    consult = await table.ask(urgency="ordinary")
    await table.step("city_expert", consult, "propose", starts_at=start, minutes=45)
    with pytest.raises(OwnProposal):
        await table.agree("city_expert", consult, 1)
    later = start + timedelta(hours=2)
    await table.step("county_doctor", consult, "propose", starts_at=later)
    with pytest.raises(OwnProposal):
        await table.agree("county_doctor", consult, 2)
    await table.agree("county_doctor", consult, 1)
    planned = await table.look(consult)
    assert (planned.consult.state, planned.consult.planned_at) == ("agreed", start)
    assert planned.consult.minutes == 45
    assert [one.state for one in planned.proposals] == ["agreed", "set_aside"]
    with pytest.raises(NotFound):
        await table.agree("city_expert", consult, 2)
    ids = [one.id for one in await table.listed("city_expert", "planned", since=start, until=later)]
    assert ids == [consult]
    assert await table.listed("city_expert", "planned", since=later) == []
    with pytest.raises(TimePassed):
        await table.step(
            "county_doctor", consult, "propose", starts_at=net.clock.now() - timedelta(minutes=1)
        )


async def test_late_answers_late_beginnings_and_late_decisions_ring(
    table: Table, net: Network
) -> None:
    city, county = net.places["city"], net.places["county"]
    consult = await table.ask()
    limit = RULES.urgent
    await table.time_passes(minutes=limit.answer_within_min, seconds=-1)
    assert len(await table.pages(consult)) == 1
    await table.time_passes(seconds=1)
    assert (await table.pages(consult))[1:] == [("consult.unanswered", city)]
    await table.answer("city_expert", consult, "accept")
    await table.time_passes(minutes=limit.begin_within_min)
    assert (await table.pages(consult))[2:] == [("consult.late", city)]
    await table.step("county_doctor", consult, "begin")
    await table.time_passes(days=2)
    assert len(await table.pages(consult)) == 3  # under way: nobody is rung
    await table.step("county_doctor", consult, "conclude", outcome="transferred")
    await table.time_passes(minutes=limit.decide_within_min)
    assert (await table.pages(consult))[3:] == [("consult.undecided", county)]
    await table.decide("county_doctor", consult, "not_adopted")
    await table.time_passes(days=9)
    assert len(await table.pages(consult)) == 4


async def test_a_planned_one_reminds_and_rings_only_when_it_does_not_begin(
    table: Table, net: Network
) -> None:
    start = net.clock.now() + timedelta(hours=3)
    consult = await table.ask(urgency="ordinary", planned_at=start)
    await table.answer("city_expert", consult, "accept")
    due = (await table.look(consult)).consult.next_at
    assert due == start - timedelta(minutes=RULES.remind_before_min)
    await table.time_passes(hours=3)
    assert len(await table.pages(consult)) == 1
    await table.time_passes(minutes=RULES.urgent.begin_within_min)
    assert (await table.pages(consult))[1:] == [("consult.late", net.places["city"])]


async def test_cancelled_is_acknowledged_by_everybody(table: Table, net: Network) -> None:
    consult = await table.ask(table.house("city"), table.house("province"))
    await table.answer("city_expert", consult, "accept", 1)
    with pytest.raises(BadInput):
        await table.step("county_doctor", consult, "cancel")
    await table.step("county_doctor", consult, "cancel", note="患者已转院")
    over = (await table.look(consult, "city_expert")).consult
    assert over.state == "cancelled"
    assert [one.state for one in over.invited] == ["called_off", "called_off"]
    assert consult in [one.id for one in await table.listed("city_expert", "to_answer")]
    await table.answer("city_expert", consult, "seen", 1)
    await table.answer("province_expert", consult, "seen", 2)
    done = (await table.look(consult)).consult
    assert [one.state for one in done.invited] == ["informed", "informed"]
    assert consult not in [one.id for one in await table.listed("city_expert", "to_answer")]
    pages = await _ladders(net, consult)
    assert pages == {"acknowledged", "cancelled"} or pages == {"cancelled"}


async def _ladders(net: Network, consult: UUID) -> set[str]:
    async with net.clone.system.session(SEEDER) as session:
        asked = text(
            "SELECT e.state FROM escalation e JOIN page p ON p.id = e.page_id WHERE p.case_id = :id"
        )
        return {row.state for row in await session.execute(asked, {"id": consult})}


async def test_nobody_is_invited_twice_nor_from_nowhere(table: Table, net: Network) -> None:
    with pytest.raises(InvitedTwice):
        await table.ask(table.house("city"), table.house("city"))
    with pytest.raises(InviteeUnknown):
        await table.ask(Invitee(facility_id=uuid4()))
    with pytest.raises(InviteeUnknown):
        await table.ask(table.house("city", group_id=uuid4()))
    with pytest.raises(InviteeUnknown):  # no expert, and of another house
        await table.ask(table.house("city", person_id=net.staff["county_doctor"].person_id))
    with pytest.raises(BadInput):
        await table.ask(pregnancy_id=None)
    before = await net.count("consult_request")
    with pytest.raises(NotFound):
        await table.ask(pregnancy_id=uuid4())
    assert await net.count("consult_request") == before


async def test_an_ordinary_question_to_one_expert_rings_nobody(table: Table, net: Network) -> None:
    expert = table.house("city", person_id=await table.expert_with_account("city"))
    quiet = await table.ask(expert, urgency="ordinary")
    assert (await table.look(quiet)).consult.kind == "single"
    assert await table.pages(quiet) == []
    await table.answer("city_second", quiet, "accept")  # a colleague may stand in


async def test_an_expert_asked_for_by_name_rings_with_whoever_is_on_call(
    table: Table, net: Network
) -> None:
    named = await table.expert_with_account("city")
    consult = await table.ask(table.house("city", person_id=named))
    assert await table.pages(consult) == [("consult.asked", net.places["city"])]
    rung = await table.rung(consult)
    assert rung.pop(named) == "named"
    assert set(rung) == set(await table.rung(await table.ask()))  # nobody else, nobody less


async def test_an_older_version_changes_nothing(table: Table) -> None:
    consult = await table.ask()
    await table.answer("city_expert", consult, "accept")
    with pytest.raises(ConsultMoved):
        await table.step("county_doctor", consult, "cancel", note="不需要", version=1)
    with pytest.raises(ConsultMoved):
        await table.answer("city_expert", consult, "accept")
    assert (await table.look(consult)).consult.state == "agreed"


async def test_what_was_decided_names_the_advice_and_is_never_changed(
    table: Table, net: Network
) -> None:
    consult = await table.ask()
    await table.answer("city_expert", consult, "accept")
    await table.step("city_expert", consult, "begin")
    await table.advise("city_expert", consult)
    await table.step("city_expert", consult, "conclude", outcome="advised")
    await table.decide("county_doctor", consult)
    await table.decide("county_doctor", consult, "not_adopted")
    decisions = (await table.look(consult)).decisions
    assert [one.n for one in decisions] == [1, 2]
    assert len({one.sha256 for one in decisions}) == 2
    assert all(len(one.sha256) == len(sha256().hexdigest()) for one in decisions)
    viewer = net.staff["county_doctor"]
    for spoil in ("UPDATE consult_decision SET content = '{}'", "DELETE FROM consult_event"):
        with pytest.raises(DBAPIError):
            async with net.clone.app.session(viewer) as session:
                await session.execute(text(spoil))


async def test_answers_of_others_stand_in_nobodys_way(table: Table) -> None:
    consult = await table.ask(table.house("city"), table.house("province"))
    await table.answer("city_expert", consult, "accept", 1)
    with pytest.raises(ConsultMoved):  # looked before it was agreed to
        await table.answer("province_expert", consult, "accept", 2, version=1)
    await table.step("city_expert", consult, "begin")
    looked = (await table.look(consult)).consult.version
    await table.answer("province_expert", consult, "accept", 2, version=looked)
    await table.answer("province_expert", consult, "decline", 2, why="busy", version=looked)
    await table.step("city_expert", consult, "conclude", outcome="not_needed", version=looked)
    assert (await table.look(consult)).consult.state == "concluded"


async def test_the_asking_house_rates_what_is_over(table: Table, net: Network) -> None:
    consult = await table.ask()
    await table.answer("city_expert", consult, "accept")
    with pytest.raises(NotConcluded):
        await table.rate("county_doctor", consult)
    await table.step("city_expert", consult, "begin")
    await table.step("city_expert", consult, "conclude", outcome="not_needed")
    with pytest.raises(AskingHouseOnly):
        await table.rate("city_expert", consult)
    await table.rate("county_doctor", consult, useful=2, words="迟了")
    await table.rate("county_doctor", consult, useful=4, words="电话补充后很清楚")
    seen = await table.look(consult, "city_expert")
    assert seen.rating is not None
    assert (seen.rating.useful, seen.rating.words) == (4, "电话补充后很清楚")
    assert (seen.may_rate, (await table.look(consult)).may_rate) == (False, True)
    rated = [e.payload for e in await net.events(CaseId(consult)) if e.row.kind == "consult.rated"]
    assert rated == [
        {"timely": 4, "clear": 5, "useful": 2}, {"timely": 4, "clear": 5, "useful": 4},
    ]  # fmt: skip


async def test_orders_are_reported_where_she_is_treated(table: Table, net: Network) -> None:
    consult = await table.ask()
    await table.answer("city_expert", consult, "accept")
    await table.step("city_expert", consult, "begin")
    await table.advise("city_expert", consult)
    done = ReportOrder(state="executed")
    async with net.clone.app.session(net.staff["city_second"]) as session:
        (given,) = await advice_of_case(session, net.staff["city_second"], consult)
    assert not given.may_report
    with pytest.raises(BedsideReports):
        async with net.clone.app.session(net.staff["city_second"]) as session:
            await report_order(session, net.clock, net.staff["city_second"], given.id, 1, done)
    async with net.clone.app.session(net.staff["county_doctor"]) as session:
        await report_order(session, net.clock, net.staff["county_doctor"], given.id, 1, done)
