"""Who sees a file: its sides, its coordinator, the commission without a name; nobody else."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.chain.export import read_export
from kernel.chain.verify import verify
from kernel.errors import NotFound
from kernel.ids import CaseId
from quality import facts
from quality.repository import Scope, in_scope
from referral.casefiles.commands import AddFileNote
from referral.casefiles.queries.files import file_list
from referral.casefiles.readmodel import FileList
from referral.casefiles.service import followup
from tests.referral.casefiles import filing
from tests.referral.network import SEALER, SEEDER, START, Network

CLINICAL = ("case_file_plan", "case_file_signature", "case_file_entry")
MACHINES = ("case_file", "case_file_report", "case_file_task", "case_file_handover")


@pytest.fixture(scope="module")
async def case_id(net: Network) -> CaseId:
    """A file with everything in it."""
    made = await filing.opened(net)
    await filing.agreed(net, made)
    await filing.reported(net, made)
    await filing.seen(net, made)
    await filing.asked(net, made, "city")
    return made


async def _list(net: Network, who: str, scope: str = "all") -> FileList:
    viewer = net.staff[who]
    async with net.clone.app.session(viewer) as session:
        return await file_list(session, net.clock, viewer, SEALER, scope=scope)  # type: ignore[arg-type]


async def _count(net: Network, who: str, table: str) -> int:
    async with net.clone.app.session(net.staff[who]) as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


@pytest.mark.parametrize("who", ["outsider", "city_two_expert", "province_expert", "admin"])
async def test_to_strangers_it_does_not_exist(net: Network, case_id: CaseId, who: str) -> None:
    with pytest.raises(NotFound):
        await filing.look(net, who, case_id)
    assert (await _list(net, who)).rows == []
    for table in (*MACHINES, *CLINICAL):
        assert await _count(net, who, table) == 0, table


async def test_the_commission_sees_no_identity_and_nothing_that_was_written(
    net: Network, case_id: CaseId
) -> None:
    file = await filing.look(net, "commission", case_id)
    assert (file.woman, file.patient.name_short) == (None, "*")
    assert (file.plans, file.entries, file.allowed) == ([], [], [])
    assert (file.colour, file.state) == ("red", "agreed")
    assert [row.id for row in (await _list(net, "commission")).rows] == [case_id]
    for table in CLINICAL:
        assert await _count(net, "commission", table) == 0, table
    with pytest.raises(NotFound):
        note = AddFileNote(text="?")
        await net.do("commission", followup.add_note, case_id, note)


async def test_the_coordinator_of_the_region_sees_it_and_acts(
    net: Network, case_id: CaseId
) -> None:
    file = await filing.look(net, "coordinator", case_id)
    assert (file.my_side, file.woman and file.woman.name) == ("county", "林测试")
    assert [row.id for row in (await _list(net, "coordinator")).rows] == [case_id]


async def test_lists_by_scope(net: Network, case_id: CaseId) -> None:
    assert [row.id for row in (await _list(net, "county_doctor", "mine")).rows] == [case_id]
    assert (await _list(net, "county_expert", "mine")).rows == []
    assert [row.id for row in (await _list(net, "county_expert", "ours")).rows] == [case_id]
    assert [row.id for row in (await _list(net, "city_expert", "ours")).rows] == [case_id]
    assert (await _list(net, "county_doctor", "overdue")).rows == []


@pytest.mark.parametrize("table", CLINICAL)
async def test_history_is_only_added_to(net: Network, case_id: CaseId, table: str) -> None:
    column = {"case_file_plan": "treatment", "case_file_signature": "side"}.get(table, "kind")
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with net.clone.app.session(net.staff["county_doctor"]) as session:
                await session.execute(text(statement))


async def test_nobody_signs_in_anothers_name(net: Network, case_id: CaseId) -> None:
    other = net.staff["city_second"].person_id
    copied = text(
        "INSERT INTO case_file_signature (case_id, plan_no, side, person_id, facility_id,"
        " signed_at, digest) SELECT case_id, plan_no, side, :person, :facility, signed_at, digest"
        " FROM case_file_signature LIMIT 1"
    )
    values = {"person": other, "facility": net.places["county"]}
    with pytest.raises(DBAPIError, match="row-level security"):
        async with net.clone.app.session(net.staff["county_doctor"]) as session:
            await session.execute(copied, values)


async def test_the_chain_is_clean_and_quality_counts_no_files(
    net: Network, case_id: CaseId
) -> None:
    async with net.clone.system.session(SEEDER) as session:
        report = verify(await read_export(session))
        assert report.ok, report.findings[:3]
        assert report.events > 5
        scope = Scope(START.replace(year=2000), START.replace(year=2100))
        await facts.current(session)
        assert (await in_scope(session, scope)).cases == 0
