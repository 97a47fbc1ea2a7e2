"""A consultation is asked for from a case file or a CTG reading as from a transfer."""

import pytest

from consult.requests import service
from consult.requests.schemas import AskConsult, Invitee
from kernel.errors import NotFound
from kernel.viewer import Role
from realtime.readings import queries as readings
from tests.consult.requests.table import Table
from tests.fixtures.database import Clone
from tests.realtime.alarms.ward import somebody
from tests.realtime.readings.room import Room
from tests.referral.casefiles import filing
from tests.referral.network import Network
from tests.registry.world import build

WORDS = {
    "urgency": "urgent",
    "purpose": "变异减少，是否需要终止妊娠",
    "summary": "37 周，胎监反复晚期减速。",
    "consent": "spoken",
}


async def test_from_a_case_file_its_record_is_one_tap_away(table: Table, net: Network) -> None:
    file = await filing.by_hand(net)
    with pytest.raises(NotFound):
        await filing.look(net, "province_expert", file)
    consult = await table.ask(table.house("province"), of_case_id=file)
    seen, hers = await table.look(consult), await filing.look(net, "province_expert", file)
    assert seen.consult.of_case_id == file
    assert hers.woman is not None
    assert seen.consult.pregnancy_id == hers.woman.id
    assert "consult.asked" in await table.kinds(file)


async def test_from_a_reading_whoever_is_asked_sees_the_tracing(database: Clone) -> None:
    world = await build(database.system)
    room = await Room.open(database, world)
    reading = await room.ask()
    third = await somebody(database, world, world.viewer(Role.EXPERT, world.province_centre))
    async with database.app.session(third) as session:
        with pytest.raises(NotFound):
            await readings.row_of(session, reading)
    order = AskConsult(
        **WORDS, of_case_id=reading, invite=[Invitee(facility_id=world.province_centre)]
    )
    async with database.app.session(room.asker) as session:
        await service.ask(session, room.ward.clock, room.asker, order)
    async with database.app.session(third) as session:
        row = await readings.row_of(session, reading)
    assert row.id == reading
    told = await room.ward.do(
        "SELECT 1 FROM case_event WHERE case_id = $1 AND kind = 'consult.asked'", reading
    )
    assert len(told) == 1
