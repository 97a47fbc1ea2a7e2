"""A class's room with the real engine's side of it: seats, who is heard, who is sent out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from consult.media.engine import Source
from consult.media.errors import RoomFull
from consult.media.forward.directory import Directory, WorkerFacts
from consult.media.forward.engine import ForwardEngine
from consult.media.tokens import TokenKey
from consult.rooms.schemas import TicketOut
from consult.training import attending, seats, service
from consult.training.errors import NotLive
from consult.training.hearing import ClassKeeper
from consult.training.rules import RULES
from consult.training.schemas import Move, NewClass
from kernel.ids import new_id
from tests.consult.training.conftest import School
from tests.referral.network import Network

KEY = TokenKey(b"m" * 32)
WORKER = "wss://media.test/1"
SPEAK = text(
    "INSERT INTO training_seat (id, class_id, person_id, speaks, taken_at)"
    " VALUES (:id, :class_id, :person_id, true, now())"
)


@dataclass(slots=True)
class Hall:
    """A school's rooms; `hear` is what a media worker says of whom it hears."""

    school: School
    engine: ForwardEngine
    directory: Directory
    keeper: ClassKeeper

    async def seat(self, by: str, seated: UUID) -> TicketOut:
        """Somebody's ticket."""
        ticket: TicketOut = await self.school.do(by, seats.take, self.engine, seated)
        return ticket

    async def hear(self, rooms: dict[UUID, list[UUID]]) -> None:
        """The worker's heartbeat, and what is concluded from it."""
        facts = WorkerFacts(url=WORKER, pps=0, lag_ms=0.0, rooms=1)
        await self.directory.beat(facts, rooms, self.school.net.clock.now())
        await self.keeper.run_once()


@pytest.fixture
async def hall(school: School, net: Network, valkey_url: str) -> AsyncIterator[Hall]:
    """A hall with one worker."""
    valkey = Redis.from_url(valkey_url)
    engine = ForwardEngine(valkey, KEY, [], "")
    hall = Hall(school, engine, Directory(valkey), ClassKeeper(net.clone.system, net.clock, engine))
    await hall.hear({})
    yield hall
    await engine.close()


async def test_teachers_speak_and_all_others_listen(hall: Hall, net: Network) -> None:
    seated = await hall.school.opened(await hall.school.course())
    for by, may in (("city_second", frozenset(Source)), ("county_doctor", frozenset()),
                    ("province_expert", frozenset())):  # fmt: skip
        ticket = await hall.seat(by, seated)
        claims = KEY.read(ticket.token, net.clock.now())
        assert (claims.room, claims.participant) == (seated, ticket.participant_id)
        assert frozenset(claims.publish) == may
        assert ticket.participant_id != net.staff[by].person_id
        assert (await hall.seat(by, seated)).participant_id == ticket.participant_id
    viewer = net.staff["outsider"]
    with pytest.raises(DBAPIError, match="row-level security"):
        async with net.clone.app.session(viewer) as session:
            await session.execute(
                SPEAK, {"id": new_id(), "class_id": seated, "person_id": viewer.person_id}
            )


async def test_whoever_is_heard_is_there_though_the_page_sleeps(hall: Hall, net: Network) -> None:
    seated = await hall.school.opened(await hall.school.course())
    await hall.school.attend(seated, 1)
    mine = (await hall.seat("county_doctor", seated)).participant_id
    teacher = (await hall.seat("city_expert", seated)).participant_id
    for _ in range(20):  # ten minutes without a heartbeat of the page
        net.wait(seconds=30)
        await hall.hear({seated: [mine, teacher, new_id()]})
    here = await hall.school.sit(seated)
    assert here.here
    assert here.present_s == pytest.approx(660, abs=RULES.silent_s)
    people = (await hall.school.sit(seated, "city_expert")).people
    assert [one.person.id for one in people if one.person] == [net.staff["county_doctor"].person_id]
    net.wait(seconds=RULES.silent_s + 1)
    await hall.hear({seated: [teacher]})
    assert not (await hall.school.sit(seated)).here


async def test_a_word_from_before_somebody_left_does_not_bring_them_back(
    hall: Hall, net: Network
) -> None:
    seated = await hall.school.opened(await hall.school.course())
    await hall.school.attend(seated, 1)
    mine = (await hall.seat("county_doctor", seated)).participant_id
    await hall.hear({seated: [mine]})
    net.wait(seconds=1)
    await hall.school.do("county_doctor", attending.leave, seated)
    net.wait(seconds=1)
    await hall.keeper.run_once()
    assert not (await hall.school.sit(seated)).here
    # Heard after it, they have come again.
    await hall.hear({seated: [mine]})
    assert (await hall.school.sit(seated)).here


async def test_a_class_that_is_over_is_emptied(hall: Hall, net: Network) -> None:
    seated = await hall.school.opened(await hall.school.course())
    mine = (await hall.seat("county_doctor", seated)).participant_id
    await hall.school.end(seated)
    with pytest.raises(NotLive):
        await hall.seat("county_doctor", seated)
    await hall.hear({seated: [mine]})
    order = NewClass(title="第二讲", starts_at=net.clock.now())
    planned = await hall.school.do("city_expert", service.plan_class, (
        await hall.school.sit(seated)).course.id, order)  # fmt: skip
    with pytest.raises(NotLive):
        await hall.seat("city_expert", planned)
    await hall.school.do("city_expert", service.open_class, planned, Move(version=1))
    await hall.seat("city_expert", planned)


async def test_a_room_holds_so_many(hall: Hall) -> None:
    seated = await hall.school.opened(await hall.school.course())
    await hall.seat("city_expert", seated)
    await hall.hear({seated: [new_id() for _ in range(RULES.seats)]})
    with pytest.raises(RoomFull):
        await hall.seat("county_doctor", seated)
