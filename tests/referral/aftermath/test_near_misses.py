"""Near-miss proposals: found once, by rules; confirmed or rejected by a person."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from kernel.errors import NotFound
from kernel.ids import CaseId
from kernel.viewer import Viewer
from referral.aftermath import queries
from referral.aftermath.commands import CriticalFacts, Decide
from referral.aftermath.errors import AlreadyDecided, NothingEntered, NotMaternal, ReasonNeeded
from referral.aftermath.schemas import CaseAftermath
from referral.aftermath.service.near_misses import decide, evaluate, record_critical
from referral.commands.fields import Vitals
from referral.commands.on_case import CompleteRecord, Die
from referral.errors import PhysicianDecides
from referral.service.complete import complete_record
from referral.service.finish import die
from tests.referral.aftermath.roads import accepted, on_the_road
from tests.referral.network import SEALER, Network

ENGINE = Viewer.system("engine")


async def look(net: Network, case: CaseId) -> bool:
    """As the engine does after each event of interest."""
    async with net.clone.system.session(ENGINE) as session:
        return await evaluate(session, net.clock, ENGINE, case)


async def see(net: Network, who: str, case: CaseId) -> CaseAftermath:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return await queries.aftermath(session, net.clock, viewer, SEALER, case)


async def test_found_once_by_the_engine_with_the_values_that_met_it(net: Network) -> None:
    case, _ = await accepted(net)
    assert not await look(net, case)
    await net.act("county_doctor", case, complete_record, CompleteRecord, plt_10e9_per_l=42)
    vitals = Vitals(rr_per_min=44)
    await net.act("county_doctor", case, complete_record, CompleteRecord, vitals=vitals)
    await net.act("county_doctor", case, complete_record, CompleteRecord, plt_10e9_per_l=80)
    assert await look(net, case)
    assert not await look(net, case)
    (proposal,) = (await see(net, "city_expert", case)).near_miss
    assert [(item.code, item.values) for item in proposal.criteria] == [
        ("respiratory_rate", {"rr_per_min": 44}),
        ("thrombocytopenia", {"plt_10e9_per_l": 42}),
    ]
    assert (proposal.verdict, proposal.may_decide, proposal.newest) == (None, True, True)


async def test_what_no_monitor_tells_is_entered_and_evaluated_at_once(net: Network) -> None:
    case, _ = await on_the_road(net)
    with pytest.raises(NothingEntered):
        await net.do("county_doctor", record_critical, case, CriticalFacts())
    with pytest.raises(NotFound):
        await net.do("outsider", record_critical, case, CriticalFacts(cpr=True))
    facts = CriticalFacts(red_cell_units=6, hysterectomy=True)
    await net.do("city_expert", record_critical, case, facts)
    await net.do("city_expert", record_critical, case, CriticalFacts(dialysis=True))
    after = await see(net, "county_doctor", case)
    newest, first = after.near_miss
    assert (newest.newest, first.newest) == (True, False)
    assert [item.code for item in newest.criteria] == ["dialysis", "transfusion", "hysterectomy"]
    assert "lactate" in {item.code for item in after.unknown}
    assert "transfusion" not in {item.code for item in after.unknown}


async def test_a_person_confirms_or_rejects_with_a_reason_that_stays_off_the_chain(
    net: Network,
) -> None:
    case, _ = await accepted(net)
    await net.do("city_expert", record_critical, case, CriticalFacts(cpr=True))
    (proposal,) = (await see(net, "city_expert", case)).near_miss
    with pytest.raises(ReasonNeeded):
        await net.do("city_expert", decide, proposal.id, Decide(verdict="rejected"))
    with pytest.raises(PhysicianDecides):
        await net.do("city_desk", decide, proposal.id, Decide(verdict="confirmed"))
    with pytest.raises(NotFound):
        await net.do("outsider", decide, proposal.id, Decide(verdict="confirmed"))
    reason = "复苏为演示误录"
    await net.do("city_expert", decide, proposal.id, Decide(verdict="rejected", reason=reason))
    with pytest.raises(AlreadyDecided):
        await net.do("county_doctor", decide, proposal.id, Decide(verdict="confirmed"))
    (after,) = (await see(net, "county_doctor", case)).near_miss
    assert (after.verdict, after.reason) == ("rejected", reason)
    last = (await net.events(case))[-1]
    assert last.row.kind == "near_miss.rejected"
    assert reason not in str(last.payload)
    await net.do("city_expert", record_critical, case, CriticalFacts(stroke=True))
    newest = (await see(net, "city_expert", case)).near_miss[0]
    await net.do("city_expert", decide, newest.id, Decide(verdict="confirmed"))
    assert (await net.kinds(case))[-1] == "near_miss.confirmed"


async def test_not_for_newborns_nor_for_the_dead_nor_in_somebody_elses_time(net: Network) -> None:
    child = await net.sent(net.places["city"], subject="newborn", condition="other_newborn")
    with pytest.raises(NotMaternal):
        await net.do("county_doctor", record_critical, child, CriticalFacts(cpr=True))
    case, _ = await accepted(net)
    await net.act("county_doctor", case, complete_record, CompleteRecord, plt_10e9_per_l=20)
    await net.act("county_doctor", case, die, Die, place="手术室", certifier="测试医生")
    assert not await look(net, case)
    assert not (await see(net, "county_doctor", case)).may_enter


async def test_rows_are_append_only_and_closed_to_strangers(net: Network) -> None:
    case, _ = await accepted(net)
    await net.do("city_expert", record_critical, case, CriticalFacts(coma=True))
    for who, seen in (("city_expert", True), ("outsider", False), ("commission", False)):
        async with net.clone.app.session(net.staff[who]) as session:
            count = await session.scalar(text("SELECT count(*) FROM near_miss_proposal"))
            assert bool(count) == seen
    for table in ("near_miss_proposal", "near_miss_verdict"):
        with pytest.raises(ProgrammingError):
            async with net.clone.app.session(net.staff["city_expert"]) as session:
                await session.execute(text(f"UPDATE {table} SET case_id = case_id"))
