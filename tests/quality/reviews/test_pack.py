"""A pack holds all that its panel is to judge: each part has something in it, and names nobody."""

from uuid import UUID

import msgspec
from sqlalchemy import text

from kernel.ids import CaseId, PregnancyId
from quality.reviews import queries
from quality.reviews.pack import Pack
from realtime.readings import looking, service
from realtime.readings import queries as readings
from realtime.readings.schemas import AskIn, LookIn, MoveIn, SignIn
from referral.commands.on_case import Die
from referral.service.finish import die
from tests.consult.test_opinions import Round
from tests.quality.reviews.conftest import Board
from tests.realtime.readings.room import report
from tests.referral.network import SEEDER
from tests.server.paper import story


async def read_by_the_city(board: Board, case: CaseId, woman: PregnancyId) -> None:
    """The county asks the city to read her tracing, and the city signs what it saw."""
    net = board.net
    recording = await Round(net, case, woman).tracing(120)
    bind = text("UPDATE ctg_recording SET case_id = :case WHERE id = :id")
    async with net.clone.system.session(SEEDER) as session:
        await session.execute(bind, {"case": case, "id": recording})
    doctor, expert = net.staff["county_doctor"], net.staff["city_expert"]
    asked = AskIn(
        recording_id=recording, reader_facility_id=net.places["city"], from_seq=1, to_seq=120,
        urgency="urgent", question="石桥县变异减少？",
    )  # fmt: skip
    async with net.clone.app.session(doctor) as session:
        reading = await service.ask(session, net.clock, doctor, asked)
    async with net.clone.app.session(expert) as session:
        await service.claim(session, net.clock, expert, reading, MoveIn(version=1))
    async with net.clone.app.session(expert) as session:
        row = await readings.row_of(session, reading)
        seen = LookIn(from_seq=1, to_seq=120)
        view = await looking.look(session, net.clock, expert, row, seen)
    order = SignIn(version=2, view_id=view, report=report((10, 60)), password="-")
    async with net.clone.app.session(expert) as session:
        await service.sign(session, net.clock, expert, reading, order)


async def pack_of(board: Board, review: UUID) -> Pack:
    viewer = board.net.staff["chair"]
    async with board.net.clone.app.session(viewer) as session:
        return await queries.pack_of(session, board.net.clock, viewer, review)


async def test_every_part_of_a_pack_is_written_from_what_happened(board: Board) -> None:
    net = board.net
    case = await story.sent(net)
    seen = await net.see("county_doctor", case)
    assert seen.pregnancy is not None
    net.wait(minutes=4)
    await story.advised(net, case)
    await read_by_the_city(board, case, PregnancyId(seen.pregnancy.id))
    await story.moved(net, case)
    await net.act("city_expert", case, die, Die, place="手术室", certifier="测试医生")
    await board.engine(case)
    review = await board.of(case)
    await board.held(review)
    pack = await pack_of(board, review)

    (advice,) = pack.advice
    assert advice.text == "考虑宫缩乏力性产后出血"
    assert (advice.house, advice.minute > 0) == ("B", True)
    (reading,) = pack.readings
    assert (reading.conclusion, reading.recommendation) == ("反应型", "继续监护，两小时后复查")
    (treatment,) = pack.treatments
    assert (treatment.what.en, treatment.house, treatment.detail) == ("Oxytocin", "A", "20 U")
    words = {one.name: one.text for one in pack.record}
    assert words["diagnosis"] == "产后出血；宫缩乏力"
    assert {one.name: one.value for one in pack.values}["hb_g_per_l"] == 62
    assert {one.name for one in pack.vitals} >= {"sbp_mmhg", "hr_per_min"}
    reached = [one.what.en for one in pack.timeline]
    assert reached[0] == "Request sent"
    assert {"Accepted", "Departed", "Arrived", "Handed over"} <= set(reached)
    clocks = {one.name.en: one for one in pack.clocks}
    accepted = clocks["Request to acceptance"]
    assert accepted.elapsed_s is not None
    assert (accepted.target_s, accepted.to_be_verified) == (600, True)

    said = msgspec.json.encode(pack).decode()
    for hidden in ("赵测试", "19900000017", "SB-2026-0042", "柳湾镇", "石桥县", "清江", "2026"):
        assert hidden not in said, hidden
