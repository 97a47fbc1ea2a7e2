"""Guidance from the arrangement to the count, and what may go wrong on the way."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from consult.guidance.errors import (
    CaseNotShared,
    EndsOnly,
    GuidanceMoved,
    GuidancePassed,
    HouseUnknown,
    KindUnknown,
    OtherEnd,
    SameHouse,
)
from consult.guidance.rules import RULES
from kernel.chain import append
from kernel.errors import NotFound
from kernel.ids import new_id
from quality import indicators
from quality.handbook import versions
from quality.repository import Scope
from tests.consult.guidance.conftest import Line
from tests.consult.requests.table import Table
from tests.referral.network import SEEDER, Network

ENDS = ("county_doctor", "city_expert")
CODE = "responsible_area_guidance"
YEAR = Scope(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module", autouse=True)
async def definitions(net: Network) -> None:
    async with net.clone.system.session(SEEDER) as session:
        await versions.install_shipped(session)


async def counted(net: Network, case_id: UUID) -> list[tuple[str, str | None]]:
    """How indicator 15 sees the sessions of one case: (state, reason)."""
    async with net.clone.system.session(SEEDER) as session:
        behind = await indicators.behind(session, YEAR, "with", CODE)
    return [(one.state, one.reason) for one in behind.cases if one.case_id == case_id]


async def test_both_there_long_enough_is_counted_by_itself(line: Line, net: Network) -> None:
    guidance = await line.arrange()
    assert (await line.look(guidance)).session.allowed == ["cancel"]
    await line.there(guidance, "city_expert")
    assert (await line.look(guidance)).session.state == "arranged"
    await line.stay(guidance, RULES.together_s, *ENDS)
    seen = await line.look(guidance)
    assert (seen.session.state, seen.session.in_area) == ("underway", True)
    assert {one.end for one in seen.stays if one.here} == {"centre", "institution"}
    await line.step("city_expert", guidance, "record", text="复核血压控制，建议硫酸镁维持。")
    await line.step("county_doctor", guidance, "end")
    over = (await line.look(guidance)).session
    assert (over.state, over.together_s, over.counted) == ("ended", RULES.together_s, True)
    assert over.allowed == ["confirm", "dispute"]
    assert await counted(net, guidance) == [("counted", None)]
    assert [one.id for one in await line.listed("county_doctor", "to_confirm")] == [guidance]
    await line.step("county_doctor", guidance, "confirm")
    assert await counted(net, guidance) == [("counted", None)]
    assert await line.kinds(guidance) == [
        "guidance.arranged", "guidance.begun", "guidance.recorded", "guidance.session",
        "guidance.ended", "guidance.confirmed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("by", "to", "guiding", "people", "why"),
    [
        ("city_expert", "county", True, ENDS, []),
        # The province's area is the whole province: the county lies in it too.
        ("county_doctor", "province", False, ("county_doctor", "province_expert"), []),
        ("county_expert", "stranger", True, ("county_expert", "outsider"),
         ["outside_area", "county_centre"]),
    ],
)  # fmt: skip
async def test_regions_and_tier_are_the_registrys_when_it_began(
    line: Line, net: Network, by: str, to: str, guiding: bool, people: tuple[str, str],
    why: list[str],
) -> None:  # fmt: skip
    guidance = await line.arrange(by, to, guiding=guiding)
    await line.stay(guidance, RULES.together_s, *people)
    async with net.clone.app.session(net.staff[by]) as session:
        row = (
            await session.execute(text("SELECT * FROM guidance_session WHERE id = :id"),
                                  {"id": guidance})
        ).one()  # fmt: skip
    assert {row.centre_region_id, row.institution_region_id} <= {*net.regions.values()}
    await line.step(by, guidance, "end", version=2)
    seen = (await line.look(guidance, by)).session
    assert (seen.counted, seen.not_counted) == (not why, why)
    state = "outside" if why else "counted"
    assert [one[0] for one in await counted(net, guidance)] == [state]


async def test_heartbeats_that_stop_are_an_absence(line: Line, net: Network) -> None:
    guidance = await line.arrange()
    await line.stay(guidance, 120, *ENDS)
    net.wait(seconds=RULES.silent_s + 60)  # neither page was open
    await line.stay(guidance, 60, *ENDS)
    await line.leave(guidance, "city_expert")
    await line.stay(guidance, 600, "county_doctor")
    assert (await line.look(guidance)).together_s == 180
    await line.step("county_doctor", guidance, "end")
    over = (await line.look(guidance)).session
    assert (over.together_s, over.not_counted) == (180, ["too_short"])
    assert await counted(net, guidance) == []
    with pytest.raises(GuidanceMoved):
        await line.there(guidance, "county_doctor")


async def test_a_forgotten_session_ends_where_somebody_was_heard_last(
    line: Line, net: Network
) -> None:
    guidance = await line.arrange()
    await line.stay(guidance, RULES.together_s, *ENDS)
    await line.time_passes(seconds=RULES.forgotten_s - 30)
    assert (await line.look(guidance)).session.state == "underway"
    await line.time_passes(seconds=60)
    over = (await line.look(guidance)).session
    assert (over.state, over.together_s) == ("ended", RULES.together_s)
    assert await counted(net, guidance) == [("counted", None)]


async def test_disputed_is_not_counted_until_they_agree(line: Line, net: Network) -> None:
    guidance = await line.arrange()
    await line.stay(guidance, RULES.together_s, *ENDS)
    await line.step("city_expert", guidance, "end")
    with pytest.raises(OtherEnd):
        await line.step("city_expert", guidance, "confirm")
    with pytest.raises(OtherEnd):
        await line.step("county_doctor", guidance, "record", text="不由我方填写")
    await line.step("county_doctor", guidance, "dispute", note="专家未实际指导")
    seen = await line.look(guidance, "city_expert")
    assert (seen.session.not_counted, seen.note) == (["disputed"], "专家未实际指导")
    assert await counted(net, guidance) == []
    await line.step("county_doctor", guidance, "confirm")
    assert (await line.look(guidance)).note is None
    assert await counted(net, guidance) == [("counted", None)]


async def test_about_one_case_a_centre_is_counted_once(line: Line, net: Network) -> None:
    case = await net.sent(net.places["city"])
    for _ in range(2):
        guidance = await line.arrange(of_case_id=case)
        await line.stay(guidance, RULES.together_s, *ENDS)
        await line.step("county_doctor", guidance, "end")
        assert await counted(net, guidance) == []
        assert await counted(net, case) == [("counted", None)]
    await Table(net).advise("city_expert", case)
    assert await counted(net, case) == [("counted", None)]
    assert (await line.kinds(case)).count("guidance.ended") == 2


async def test_all_that_goes_back_to_one_case_is_counted_once(line: Line, net: Network) -> None:
    case, table = await net.sent(net.places["city"]), Table(net)
    consult = await table.ask(of_case_id=case)
    await table.answer("city_expert", consult, "accept")
    await table.advise("city_expert", consult)
    assert await counted(net, consult) == [("counted", None)]
    net.wait(minutes=1)
    await table.advise("city_expert", case)
    for about in (case, consult):
        guidance = await line.arrange(of_case_id=about)
        await line.stay(guidance, RULES.together_s, *ENDS)
        await line.step("county_doctor", guidance, "end")
    assert await counted(net, consult) == [("counted", None)], "the first of them stands"
    assert await counted(net, case) == []
    other = await net.sent(net.places["city"])
    await table.advise("city_expert", other)
    assert await counted(net, other) == [("counted", None)]


async def test_a_voided_case_takes_what_was_guided_about_it_along(line: Line, net: Network) -> None:
    case, table = await net.sent(net.places["city"]), Table(net)
    consult = await table.ask(of_case_id=case)
    await table.answer("city_expert", consult, "accept")
    await table.advise("city_expert", consult)
    assert await counted(net, consult) == [("counted", None)]
    async with net.clone.system.session(SEEDER) as session:
        await append(session, net.clock, case, "referral.voided", viewer=SEEDER, payload={})
    assert await counted(net, consult) == []


async def test_of_a_drill_nothing_is_counted(line: Line, net: Network) -> None:
    case = await net.sent(net.places["city"], drill=True)
    guidance = await line.arrange(of_case_id=case)
    await line.stay(guidance, RULES.together_s, *ENDS)
    await line.step("county_doctor", guidance, "end")
    assert (await line.look(guidance)).session.not_counted == ["drill"]
    assert await counted(net, case) == []


async def test_who_is_heard_in_the_consultations_room_is_there(line: Line, net: Network) -> None:
    table = Table(net)
    consult = await table.ask()
    await table.answer("city_expert", consult, "accept")
    guidance = await line.arrange(of_case_id=consult)
    at = net.clock.now()
    async with net.clone.system.session(SEEDER) as session:
        ids = {"room": new_id(), "who": new_id(), "case": consult, "at": at}
        ids |= {"person": net.staff["city_expert"].person_id, "house": net.places["city"]}
        await session.execute(
            text(
                "INSERT INTO consult_room (id, case_id, engine, facility_id, opened_by, opened_at)"
                " VALUES (:room, :case, 'forward', :house, :person, :at)"
            ),
            ids,
        )
        await session.execute(
            text(
                "INSERT INTO room_admission (id, room_id, case_id, person_id, facility_id, role,"
                " state, asked_at, decided_at)"
                " VALUES (:who, :room, :case, :person, :house, 'expert', 'admitted', :at, :at)"
            ),
            ids,
        )
        await session.execute(text(
            "INSERT INTO room_stay (admission_id, room_id, case_id, joined_at, heard_at)"
            " VALUES (:who, :room, :case, :at, :until)"),
            ids | {"until": at + timedelta(seconds=400)})  # fmt: skip
    await line.stay(guidance, 390, "county_doctor")
    seen = await line.look(guidance)
    assert (seen.session.state, seen.consult_id, seen.together_s) == ("underway", consult, 390)


async def test_strangers_see_nothing_and_only_the_ends_act(line: Line, net: Network) -> None:
    guidance = await line.arrange()
    for by in ("outsider", "province_expert", "commission"):
        with pytest.raises(NotFound):
            await line.look(guidance, by)
        assert guidance not in [one.id for one in await line.listed(by)]
        with pytest.raises(NotFound):
            await line.there(guidance, by)
    # The region's coordinator sees it and is at neither end; a desk guides nobody.
    assert (await line.look(guidance, "coordinator")).session.allowed == []
    for by in ("coordinator", "city_desk"):
        with pytest.raises(EndsOnly):
            await line.there(guidance, by)
    with pytest.raises(EndsOnly):
        await line.arrange("county_doctor", "township", guiding=True)
    with pytest.raises(GuidanceMoved):
        await line.step("city_expert", guidance, "cancel", version=7, note="无")
    await line.step("city_expert", guidance, "cancel", note="专家临时手术")
    assert (await line.look(guidance)).note == "专家临时手术"


async def test_what_makes_no_sense_is_refused(line: Line, net: Network) -> None:
    case = await net.sent(net.places["city"])
    with pytest.raises(SameHouse):
        await line.arrange(to="county")
    with pytest.raises(KindUnknown):
        await line.arrange(kind="telepathy")
    with pytest.raises(GuidancePassed):
        await line.arrange(planned_at=net.clock.now())
    with pytest.raises(CaseNotShared):
        await line.arrange(to="province", of_case_id=case)
    with pytest.raises(NotFound):
        await line.arrange("outsider", to="province", of_case_id=case)
    net.places["nowhere"] = new_id()  # type: ignore[assignment]
    with pytest.raises(HouseUnknown):
        await line.arrange(to="nowhere")


async def test_a_record_is_added_to_never_changed(line: Line, net: Network) -> None:
    guidance = await line.arrange()
    await line.there(guidance, *ENDS)
    for words in ("第一次记录", "更正：第二次记录"):
        await line.step("city_expert", guidance, "record", text=words)
    assert [one.text for one in (await line.look(guidance)).records] == [
        "第一次记录", "更正：第二次记录",
    ]  # fmt: skip
    events = await net.events(guidance)  # type: ignore[arg-type]
    assert all("记录" not in str(event.payload) for event in events)
