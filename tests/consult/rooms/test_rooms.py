"""Rooms: who comes in, who waits, who decides, who was there."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from consult.media.engine import Left, SoundAlone, WasLeft
from consult.media.errors import MediaUnavailable
from consult.requests.errors import InvitedOnly
from consult.rooms import attendance
from consult.rooms.errors import (
    AdmissionMoved,
    HostsOnly,
    NotAdmitted,
    NotOneself,
    RoomEnded,
    RoomNotYet,
)
from consult.rooms.keeping import EMPTY, UNHEARD
from kernel.errors import NotFound
from tests.consult.rooms.conftest import KEY, Door
from tests.referral.network import SEEDER


async def test_both_sides_come_in_at_once_and_it_is_under_way(door: Door) -> None:
    consult = await door.accepted()
    assert (await door.look(consult, "city_expert")).may_open
    room = await door.open(consult, "city_expert")
    assert (await door.open(consult)).id == room.id
    for who, role in (("county_doctor", "requester"), ("city_expert", "expert")):
        mine = await door.enter(who, room)
        assert (mine.state, mine.role) == ("admitted", role)
        assert (await door.enter(who, room)).id == mine.id
        ticket = await door.ticket(who, room)
        said = KEY.read(ticket.token, door.net.clock.now())
        assert (said.room, said.participant) == (room.id, mine.id)
        (relay,) = ticket.ice_servers
        assert relay.username.endswith(f":{mine.id}")
        assert relay.credential
    seen = (await door.table.look(consult)).consult
    assert seen.state == "underway"
    assert await door.kinds(consult) == ["room.opened"]


async def test_no_room_before_a_yes_without_a_worker_or_for_strangers(door: Door) -> None:
    asked = await door.table.ask()
    assert not (await door.look(asked, "county_doctor")).may_open
    with pytest.raises(RoomNotYet):
        await door.open(asked)
    with pytest.raises(InvitedOnly):
        await door.open(asked, "city_expert")
    with pytest.raises(NotFound):
        await door.look(asked, "outsider")
    await door.engine._valkey.flushall()
    consult = await door.accepted()
    with pytest.raises(MediaUnavailable):
        await door.open(consult)
    assert (await door.look(consult, "county_doctor")).room is None


async def test_others_wait_until_a_host_decides(door: Door) -> None:
    consult = await door.table.ask(door.table.house("city"), door.table.house("province"))
    await door.table.answer("city_expert", consult, "accept", 1)
    room = await door.open(consult)
    waiting = await door.enter("province_expert", room)
    assert (waiting.state, waiting.allowed) == ("waiting", ["withdraw"])
    with pytest.raises(NotAdmitted):
        await door.ticket("province_expert", room)
    with pytest.raises(HostsOnly):
        await door.decide("province_expert", room, await door.enter("county_doctor", room), "eject")
    seen = await door.room(consult)
    assert [one.allowed for one in seen.people if one.id == waiting.id] == [["admit", "refuse"]]
    await door.decide("county_doctor", room, waiting, "admit")
    assert await door.ticket("province_expert", room)
    with pytest.raises(AdmissionMoved):
        await door.decide("county_doctor", room, waiting, "refuse")
    # Their own yes lets those in who wait.
    await door.decide("county_doctor", room, waiting, "eject")
    again = await door.enter("province_expert", room)
    assert again.state == "waiting"
    await door.table.answer("province_expert", consult, "accept", 2)
    assert (await door.enter("province_expert", room)).state == "waiting"  # sent out before
    assert await door.kinds(consult) == ["room.opened", "room.admitted", "room.ejected"]


async def test_a_colleague_off_duty_of_the_expert_waits_and_is_no_host(door: Door) -> None:
    person = await door.table.expert_with_account("city")
    door.net.staff["off_duty"] = replace(door.net.staff["city_expert"], person_id=person)
    consult = await door.accepted()
    room = await door.open(consult)
    mine = await door.enter("off_duty", room)
    assert (mine.state, mine.role) == ("waiting", "colleague")
    with pytest.raises(HostsOnly):
        await door.end("off_duty", room)
    await door.decide("off_duty", room, mine, "withdraw")
    assert (await door.enter("off_duty", room)).id != mine.id


async def test_who_says_yes_while_waiting_comes_in(door: Door) -> None:
    consult = await door.table.ask(door.table.house("city"), door.table.house("province"))
    await door.table.answer("city_expert", consult, "accept", 1)
    room = await door.open(consult)
    assert (await door.enter("province_expert", room)).state == "waiting"
    await door.table.answer("province_expert", consult, "accept", 2)
    assert (await door.enter("province_expert", room)).state == "admitted"


async def test_sent_out_means_out(door: Door) -> None:
    consult = await door.accepted()
    room = await door.open(consult)
    doctor, expert = [await door.enter(who, room) for who in ("county_doctor", "city_expert")]
    await door.ticket("city_expert", room)
    with pytest.raises(NotOneself):
        await door.decide("county_doctor", room, doctor, "eject")
    await door.decide("county_doctor", room, expert, "eject")
    assert await door.directory.sent_out([(room.id, expert.id)]) == [(room.id, expert.id)]
    with pytest.raises(NotAdmitted):
        await door.ticket("city_expert", room)
    # A worker that did not hear the order is told again by whoever keeps the record.
    await door.engine._valkey.delete(f"media:out:{room.id}:{expert.id}")
    await door.beat({room.id: [expert.id]})
    await door.keeper.run_once()
    assert await door.directory.sent_out([(room.id, expert.id)])
    assert not any(one.here for one in (await door.room(consult)).people)


async def test_presence_is_what_is_heard(door: Door) -> None:
    consult = await door.accepted()
    room = await door.open(consult)
    mine = await door.enter("county_doctor", room)
    await door.beat({room.id: [mine.id]})
    await door.keeper.run_once()
    await door.keeper.joined(room.id, mine.id, door.net.clock.now())
    (seen,) = (await door.room(consult)).people
    assert (seen.here, seen.left_at) == (True, None)
    # A late heartbeat is no absence; a worker that died is one, from when it was last heard.
    heard = door.net.clock.now()
    await door.beat({room.id: []})
    door.net.wait(seconds=UNHEARD.total_seconds() - 1)
    await door.keeper.run_once()
    assert (await door.room(consult)).people[0].here
    door.net.wait(seconds=2)
    await door.keeper.run_once()
    (seen,) = (await door.room(consult)).people
    assert (seen.here, seen.left_at, seen.lost) == (False, heard, True)
    # Back, and gone with a word of the worker: the line's figures stand in the record.
    await door.beat({room.id: [mine.id]})
    await door.keeper.run_once()
    went = WasLeft(
        room.id, mine.id, door.net.clock.now(), Left.WENT, loss=0.03, reconnects=1, audio_only_s=4.2
    )
    await door.keeper.left(went)
    await door.keeper.left(went)
    async with door.net.clone.system.session(SEEDER) as session:
        asked = text(
            "SELECT why, round(loss::numeric, 2), reconnects, audio_only_s FROM room_stay"
            " WHERE room_id = :id ORDER BY id"
        )
        rows = (await session.execute(asked, {"id": room.id})).all()
    assert [row[0] for row in rows] == ["lost", "went"]
    assert [float(rows[1][1]), rows[1][2], rows[1][3]] == [0.03, 1, 4]
    async with door.net.clone.app.session(door.net.staff["city_expert"]) as session:
        (one,) = await attendance.of_consult(session, consult)
    assert (one.stays, one.cuts, one.reconnects, one.audio_only_s) == (2, 1, 1, 4)
    assert (one.loss, one.left_at) == (pytest.approx(0.03), went.at)
    async with door.net.clone.app.session(door.net.staff["outsider"]) as session:
        with pytest.raises(NotFound):
            await attendance.of_consult(session, consult)
    assert await door.kinds(consult) == [
        "room.opened", "room.joined", "room.left", "room.joined", "room.left",
    ]  # fmt: skip


async def test_a_heartbeat_from_before_somebody_left_does_not_bring_them_back(door: Door) -> None:
    consult = await door.accepted()
    room = await door.open(consult)
    mine = await door.enter("county_doctor", room)
    await door.beat({room.id: [mine.id]})
    await door.keeper.run_once()
    door.net.wait(seconds=10)
    await door.beat({room.id: [mine.id]})
    door.net.wait(seconds=1)
    await door.keeper.left(WasLeft(room.id, mine.id, door.net.clock.now(), Left.WENT))
    await door.keeper.run_once()
    (seen,) = (await door.room(consult)).people
    assert (seen.here, seen.lost) == (False, False)
    # What is heard after it is a return, and nobody was sent out meanwhile.
    door.net.wait(seconds=1)
    await door.beat({room.id: [mine.id]})
    await door.keeper.run_once()
    assert (await door.room(consult)).people[0].here
    assert not await door.directory.sent_out([(room.id, mine.id)])
    assert await door.kinds(consult) == [
        "room.opened", "room.joined", "room.left", "room.joined",
    ]  # fmt: skip


async def test_who_is_cut_off_and_comes_back_is_one_person_with_one_gap(door: Door) -> None:
    consult = await door.accepted()
    room = await door.open(consult)
    mine = await door.enter("county_doctor", room)
    clock = door.net.clock
    await door.keeper.joined(room.id, mine.id, clock.now())
    await door.beat({room.id: []})
    door.net.wait(seconds=UNHEARD.total_seconds() + 1)
    await door.keeper.run_once()
    # Their worker gives them up later, and alone knows how their line was until then.
    door.net.wait(seconds=20)
    given_up = WasLeft(room.id, mine.id, clock.now(), Left.LOST, loss=0.2, audio_only_s=3.0)
    for _ in range(2):
        await door.keeper.left(given_up)
    assert (await door.room(consult)).people[0].lost
    door.net.wait(seconds=30)
    await door.keeper.joined(room.id, mine.id, clock.now())
    # Left by one's own will, and in again: no cut of the line.
    await door.keeper.left(WasLeft(room.id, mine.id, clock.now(), Left.WENT, loss=0.01))
    assert not (await door.room(consult)).people[0].lost
    door.net.wait(seconds=300)
    await door.keeper.joined(room.id, mine.id, clock.now())
    async with door.net.clone.app.session(door.net.staff["city_expert"]) as session:
        (one,) = await attendance.of_consult(session, consult)
    cut_s = round(UNHEARD.total_seconds()) + 1 + 20 + 30
    assert (one.stays, one.cuts, one.cut_s, one.lost) == (3, 1, cut_s, False)
    assert (one.loss, one.audio_only_s, one.left_at) == (pytest.approx(0.2), 3, None)
    assert await door.kinds(consult) == ["room.opened", *["room.joined", "room.left"] * 2,
                                         "room.joined"]  # fmt: skip


async def test_who_goes_while_cut_off_has_left(door: Door) -> None:
    consult = await door.accepted()
    room = await door.open(consult)
    mine = await door.enter("county_doctor", room)
    heard = door.net.clock.now()
    await door.keeper.joined(room.id, mine.id, heard)
    await door.beat({room.id: []})
    door.net.wait(seconds=UNHEARD.total_seconds() + 1)
    await door.keeper.run_once()
    assert (await door.room(consult)).people[0].lost
    # Their page reaches the worker again, and all it has to say is that they go.
    door.net.wait(seconds=5)
    went = WasLeft(room.id, mine.id, door.net.clock.now(), Left.WENT, loss=0.1)
    for _ in range(2):
        await door.keeper.left(went)
    (seen,) = (await door.room(consult)).people
    assert (seen.lost, seen.left_at) == (False, heard)
    async with door.net.clone.app.session(door.net.staff["city_expert"]) as session:
        (one,) = await attendance.of_consult(session, consult)
    assert (one.lost, one.cuts, one.loss) == (False, 0, pytest.approx(0.1))
    assert await door.whys(consult) == ["lost", "went"]
    # Nobody goes a second time by a word that comes still later.
    door.net.wait(seconds=20)
    await door.keeper.left(WasLeft(room.id, mine.id, door.net.clock.now(), Left.LOST))
    assert not (await door.room(consult)).people[0].lost


async def test_a_line_that_carries_sound_alone_stands_in_the_record(door: Door) -> None:
    consult = await door.accepted()
    room = await door.open(consult)
    mine = await door.enter("county_doctor", room)
    stranger = UUID(int=7)
    for who in (mine.id, stranger):
        await door.keeper.sound_alone(SoundAlone(room.id, who, door.net.clock.now(), on=True))
    assert await door.kinds(consult) == ["room.opened"]  # who is not there has no line
    await door.keeper.joined(room.id, mine.id, door.net.clock.now())
    for on in (True, False):
        await door.keeper.sound_alone(SoundAlone(room.id, mine.id, door.net.clock.now(), on=on))
    assert await door.kinds(consult) == [
        "room.opened", "room.joined", "room.sound_alone", "room.pictures_again",
    ]  # fmt: skip


async def test_a_room_moves_with_its_lease(door: Door) -> None:
    consult = await door.accepted()
    room = await door.open(consult)
    await door.enter("county_doctor", room)
    assert (await door.ticket("county_doctor", room)).url == "wss://media.test/1"
    await door.engine._valkey.delete("media:worker:wss://media.test/1")
    await door.beat(worker="wss://media.test/2")
    assert (await door.ticket("county_doctor", room)).url == "wss://media.test/2"
    assert (await door.ticket("county_doctor", room)).url == "wss://media.test/2"
    async with door.net.clone.system.session(SEEDER) as session:
        asked = text("SELECT epoch, worker FROM room_lease WHERE room_id = :id ORDER BY epoch")
        rows = (await session.execute(asked, {"id": room.id})).all()
    assert [tuple(row) for row in rows] == [(1, "wss://media.test/1"), (2, "wss://media.test/2")]


async def test_a_room_ends_by_a_host_or_when_nobody_is_there(door: Door) -> None:
    consult = await door.accepted()
    room = await door.open(consult)
    await door.enter("city_expert", room)
    await door.end("city_expert", room)  # on call at a house that said yes
    for step in (door.enter("county_doctor", room), door.ticket("city_expert", room)):
        with pytest.raises(RoomEnded):
            await step
    again = await door.open(consult)
    assert again.id != room.id
    door.net.wait(seconds=EMPTY.total_seconds() + 1)
    await door.beat()
    await door.keeper.run_once()
    seen = await door.room(consult)
    assert (seen.id, seen.why_ended, seen.ended_by) == (again.id, "empty", None)
    assert (await door.kinds(consult))[-1] == "room.ended"
