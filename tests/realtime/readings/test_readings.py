"""A reading from its request to its receipt, and everything that may go wrong on the way."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from itertools import product
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import BadInput, IllegalTransition, NotFound
from kernel.viewer import Role
from realtime.readings import queries, service
from realtime.readings.errors import (
    AskersOnly,
    CitedUnseen,
    NothingToRead,
    NotYourReading,
    ReadersOnly,
    ReadingMoved,
    RecordingUnbound,
)
from realtime.readings.limits.rules import shipped
from realtime.readings.looking import runs
from realtime.readings.states import READING, ReadingAction, ReadingState
from realtime.readings.timers import ENGINE, tell_her_case
from tests.realtime.readings.room import Room
from tests.realtime.wire import frame
from tests.registry.world import SEALER


@pytest.mark.parametrize(("state", "action"), list(product(ReadingState, ReadingAction)))
def test_every_pair_is_an_edge_or_refused(state: ReadingState, action: ReadingAction) -> None:
    if action in READING.actions(state):
        assert READING.edge(state, action).to in ReadingState
    else:
        with pytest.raises(IllegalTransition):
            READING.edge(state, action)


def test_seconds_as_ranges() -> None:
    assert runs([]) == []
    assert runs([1, 2, 3, 7, 9, 10]) == [(1, 3), (7, 7), (9, 10)]


async def test_asked_claimed_signed_received(room: Room) -> None:
    reading = await room.ask()
    asked = (await room.look(reading)).reading
    assert asked.state == "asked"
    assert asked.due_at - asked.asked_at == timedelta(minutes=shipped().urgent_sign_min)
    assert asked.allowed == ["withdraw"]
    centre = room.ward.world.city_centre
    assert await room.pages() == [("ctg.reading_asked", centre)]
    # The centre now sees the woman and her tracing, which it did not before.
    seen = (await room.look(reading, room.expert)).reading
    assert seen.allowed == ["claim"]
    assert seen.woman != ""

    await room.move(service.claim, reading, room.expert)
    (ladder,) = await room.ward.do("SELECT state FROM escalation")
    assert ladder["state"] == "acknowledged"
    view = await room.see(reading, room.expert)
    await room.sign(reading, room.expert, view, (10, 60))
    back = await room.look(reading)
    assert back.reading.state == "signed"
    assert back.reading.allowed == ["receive"]
    (signed,) = back.signed
    assert signed.report is not None
    assert signed.report.cited[0].from_seq == 10
    assert signed.author is not None
    assert signed.author.id == room.expert.person_id

    await room.move(service.receive, reading, room.asker)
    done = await room.look(reading)
    assert done.reading.state == "received"
    assert [event.action for event in done.history] == ["ask", "claim", "sign", "receive"]
    kinds = await room.ward.do(
        "SELECT kind FROM case_event WHERE case_id = $1 ORDER BY seq", reading
    )
    assert {"ctg.reading_asked", "ctg.reading_signed"} <= {row["kind"] for row in kinds}


async def test_what_the_reader_saw_can_be_seen_again(room: Room) -> None:
    reading = await room.ask()
    await room.move(service.claim, reading, room.expert)
    first = await room.see(reading, room.expert)
    await room.store(*range(105, 121))  # 101-104 never came
    second = await room.see(reading, room.expert)
    views = {view.id: view for view in (await room.look(reading)).views}
    assert views[first].parts == [(1, 100)]
    assert views[second].parts == [(1, 100), (105, 120)]
    for id_, seqs in ((first, range(1, 101)), (second, [*range(1, 101), *range(105, 121)])):
        shown, same = await room.replay(reading, id_, room.asker)
        assert same
        assert shown == b"".join(frame(seq) for seq in seqs)
        assert views[id_].sha256 == sha256(shown).hexdigest()
        assert views[id_].seconds == len(seqs)
    await room.ward.do("DELETE FROM ctg_journal")
    _, same = await room.replay(reading, first, room.asker)
    assert not same  # and it is said


async def test_late_rings_the_readers_then_the_bedside(room: Room) -> None:
    centre, county = room.ward.world.city_centre, room.ward.world.county_hospital
    reading = await room.ask()
    await room.move(service.claim, reading, room.expert)
    await room.minded(10 * 60 - 1)
    assert len(await room.pages()) == 1
    await room.minded(2)
    assert (await room.pages())[1:] == [("ctg.reading_overdue", centre)]
    late = (await room.look(reading, room.colleague)).reading
    assert late.escalated_at is not None
    assert late.allowed == ["take_over"]
    await room.move(service.claim, reading, room.colleague)
    view = await room.see(reading, room.colleague)
    await room.sign(reading, room.colleague, view)
    await room.minded(10 * 60 + 1)
    assert (await room.pages())[2:] == [("ctg.reading_unreceived", county)]
    await room.move(service.receive, reading, room.asker)
    await room.minded(3600)
    assert len(await room.pages()) == 3


async def test_signed_words_are_added_to_and_received_again(room: Room) -> None:
    reading = await room.ask()
    await room.move(service.claim, reading, room.expert)
    view = await room.see(reading, room.expert)
    await room.sign(reading, room.expert, view)
    await room.move(service.receive, reading, room.asker)
    with pytest.raises(ReadingMoved):
        await room.sign(reading, room.expert, view)
    with pytest.raises(NotYourReading):
        await room.add(reading, room.colleague, view)
    await room.add(reading, room.expert, view)
    found = await room.look(reading)
    assert found.reading.state == "signed"
    assert [one.n for one in found.signed] == [1, 2]
    assert found.signed[1].addendum is not None
    assert found.reading.allowed == ["receive"]


async def test_what_cannot_be_asked(room: Room) -> None:
    with pytest.raises(BadInput):
        await room.ask(from_seq=100, to_seq=99)
    with pytest.raises(BadInput):
        await room.ask(from_seq=1, to_seq=10_801)
    stranger = room.ward.world.viewer(Role.REFERRING_CLINICIAN, room.ward.world.stranger)
    with pytest.raises(NotFound):
        await room.ask(stranger)
    loose = uuid4()
    await room.ward.record(loose)
    with pytest.raises(RecordingUnbound):
        await room.ask(recording_id=loose)


async def test_who_may_do_what(room: Room) -> None:
    reading = await room.ask()
    with pytest.raises(ReadersOnly):
        await room.move(service.claim, reading, room.asker)
    with pytest.raises(AskersOnly):
        await room.move(service.withdraw, reading, room.expert)
    await room.move(service.claim, reading, room.expert)
    with pytest.raises(NotYourReading):
        await room.move(service.claim, reading, room.expert)
    with pytest.raises(NotYourReading):
        await room.move(service.release, reading, room.colleague)
    with pytest.raises(ReadingMoved):
        await room.move(service.withdraw, reading, room.asker, version=1)
    stranger = room.ward.world.viewer(Role.EXPERT, room.ward.world.stranger)
    with pytest.raises(NotFound):
        await room.look(reading, stranger)
    async with room.ward.clone.app.session(stranger) as session:
        clock = room.ward.clock
        assert await queries.readings(session, clock, stranger, SEALER, "open") == []


async def test_released_it_is_asked_again_and_withdrawn_it_rings_nobody(room: Room) -> None:
    reading = await room.ask()
    await room.move(service.claim, reading, room.expert)
    await room.move(service.release, reading, room.expert)
    assert [event for event, _ in await room.pages()] == ["ctg.reading_asked"] * 2
    assert (await room.look(reading)).reading.claimed_by is None
    await room.move(service.withdraw, reading, room.asker)
    states = {row["state"] for row in await room.ward.do("SELECT state FROM escalation")}
    assert states <= {"cancelled", "acknowledged"}
    await room.minded(7200)
    assert len(await room.pages()) == 2


async def test_only_what_was_seen_is_cited(room: Room) -> None:
    reading = await room.ask()
    await room.move(service.claim, reading, room.expert)
    view = await room.see(reading, room.expert)
    with pytest.raises(CitedUnseen):
        await room.sign(reading, room.expert, view, (100, 121))
    with pytest.raises(CitedUnseen):
        await room.sign(reading, room.expert, view, (60, 10))
    with pytest.raises(NotFound):
        await room.sign(reading, room.expert, uuid4())
    with pytest.raises(BadInput):
        await room.see(reading, room.expert, from_seq=130)
    part = await room.see(reading, room.expert, from_seq=30, to_seq=50)
    with pytest.raises(CitedUnseen):
        await room.sign(reading, room.expert, part, (10, 40))
    empty = await room.ask(from_seq=5_000, to_seq=6_000)
    with pytest.raises(NothingToRead):
        await room.see(empty, room.expert)


async def test_her_own_case_hears_of_it(room: Room) -> None:
    reading = await room.ask()
    await room.move(service.claim, reading, room.expert)
    view = await room.see(reading, room.expert)
    await room.sign(reading, room.expert, view)
    other = await room.ask()
    await room.ward.do("UPDATE ctg_reading SET of_case_id = $1 WHERE id = $2", other, reading)
    async with room.ward.clone.system.session(ENGINE) as session:
        await tell_her_case(session, room.ward.clock, reading, 1)
    told = await room.ward.do(
        "SELECT 1 FROM case_event WHERE case_id = $1 AND kind = 'ctg.reading_signed'", other
    )
    assert len(told) == 1


async def test_nothing_signed_can_be_changed(room: Room) -> None:
    reading = await room.ask()
    await room.move(service.claim, reading, room.expert)
    await room.sign(reading, room.expert, await room.see(reading, room.expert))
    for statement in (
        "UPDATE ctg_reading_report SET content = '{}'",
        "DELETE FROM ctg_reading_view",
        "UPDATE ctg_reading SET question = 'x'",
        "DELETE FROM ctg_reading",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with room.ward.clone.app.session(room.expert) as session:
                await session.execute(text(statement))
    with pytest.raises(DBAPIError, match="it is a record"):
        async with room.ward.clone.owner.session(room.expert) as session:
            await session.execute(text("UPDATE ctg_reading_report SET content = '{}'"))
