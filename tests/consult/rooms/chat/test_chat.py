"""What is written in a room: numbered, corrected, read by whom, and not by others."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from consult.rooms.chat import queries, service
from consult.rooms.chat.errors import CorrectsOther
from consult.rooms.chat.schemas import MarkMessages, MessageReceipt, RoomChat, SayInRoom
from consult.rooms.errors import NotAdmitted, RoomEnded
from consult.rooms.schemas import RoomOut
from kernel.errors import BadInput, NotFound
from kernel.viewer import Viewer
from tests.consult.rooms.conftest import Door
from tests.referral.network import SEEDER

DOCTOR, EXPERT, OUTSIDER = "county_doctor", "city_expert", "outsider"


@dataclass(slots=True)
class Talk:
    """A room with both sides in it, who write."""

    door: Door
    consult: UUID
    room: RoomOut

    def viewer(self, who: str) -> Viewer:
        """Somebody of the network."""
        return self.door.net.staff[who]

    async def say(self, who: str, words: str, corrects: int | None = None) -> UUID:
        """Write."""
        viewer = self.viewer(who)
        async with self.door.net.clone.app.session(viewer) as session:
            new = SayInRoom(words, corrects)
            return await service.say(session, self.door.net.clock, viewer, self.room.id, new)

    async def mark(self, who: str, delivered_to: int, read_to: int) -> None:
        """Say how far one is."""
        viewer, up_to = self.viewer(who), MarkMessages(delivered_to, read_to)
        async with self.door.net.clone.app.session(viewer) as session:
            await service.mark(session, self.door.net.clock, viewer, self.consult, up_to)

    async def read(self, who: str, after: int = 0, most: int = queries.PAGE) -> RoomChat:
        """Read on."""
        viewer = self.viewer(who)
        async with self.door.net.clone.app.session(viewer) as session:
            return await queries.of_consult(session, viewer, self.consult, after, most)

    async def receipts(self, who: str, message_id: UUID) -> list[MessageReceipt]:
        """Who has read it."""
        async with self.door.net.clone.app.session(self.viewer(who)) as session:
            return await queries.receipts(session, message_id)

    async def has_come(self, who: str) -> dict[bool, tuple[int, int]]:
        """How far oneself (True) and the other (False) are."""
        readers = (await self.read(who)).readers
        return {one.mine: (one.delivered_to, one.read_to) for one in readers}


@pytest.fixture
async def talk(door: Door) -> Talk:
    """Both sides are in the room."""
    consult = await door.accepted()
    room = await door.open(consult)
    for who in (DOCTOR, EXPERT):
        await door.enter(who, room)
        await door.ticket(who, room)
    return Talk(door, consult, room)


async def test_messages_are_numbered_and_read_on_from_any_number(talk: Talk) -> None:
    for who, words in ((DOCTOR, " 宫口 4 cm "), (EXPERT, "请看 14:02 的减速"), (DOCTOR, "好")):
        await talk.say(who, words)
    seen = await talk.read(EXPERT)
    assert [(one.n, one.text, one.mine) for one in seen.messages] == [
        (1, "宫口 4 cm", False), (2, "请看 14:02 的减速", True), (3, "好", False),
    ]  # fmt: skip
    assert (seen.last, seen.more, seen.room_id) == (3, False, talk.room.id)
    assert [one.n for one in (await talk.read(EXPERT, 2)).messages] == [3]
    page = await talk.read(EXPERT, 0, 2)
    assert ([one.n for one in page.messages], page.more) == ([1, 2], True)
    assert (await talk.read(EXPERT, 3)).more is False
    kinds = [kind for kind in await talk.door.kinds(talk.consult) if kind == "room.said"]
    assert len(kinds) == 3


async def test_nothing_is_no_message(talk: Talk) -> None:
    with pytest.raises(BadInput):
        await talk.say(DOCTOR, " \n ")


async def test_many_at_once_leave_no_hole(talk: Talk) -> None:
    await asyncio.gather(*(talk.say((DOCTOR, EXPERT)[n % 2], f"{n}") for n in range(8)))
    assert [one.n for one in (await talk.read(DOCTOR)).messages] == list(range(1, 9))


async def test_who_has_read_how_far(talk: Talk) -> None:
    first = await talk.say(DOCTOR, "一")
    await talk.say(DOCTOR, "二")
    assert (await talk.read(EXPERT)).unread == 2
    assert (await talk.read(DOCTOR)).unread == 0
    assert [(one.delivered_at, one.read_at) for one in await talk.receipts(DOCTOR, first)] == [
        (None, None)
    ]
    begun = talk.door.net.clock.now()
    await talk.mark(EXPERT, 2, 0)
    talk.door.net.wait(seconds=30)
    await talk.mark(EXPERT, 2, 1)
    assert (await talk.has_come(DOCTOR))[False] == (2, 1)
    assert (await talk.read(EXPERT)).unread == 1
    (receipt,) = await talk.receipts(DOCTOR, first)
    assert receipt.delivered_at == begun
    assert receipt.read_at == talk.door.net.clock.now()
    # Nothing goes back, and nothing is beyond the newest.
    await talk.mark(EXPERT, 0, 0)
    await talk.mark(EXPERT, 1, 99)
    assert (await talk.has_come(DOCTOR))[False] == (2, 2)
    async with talk.door.net.clone.system.session(SEEDER) as session:
        rows = await session.execute(text("SELECT count(*) FROM room_receipt"))
        assert rows.scalar_one() == 3


async def test_one_corrects_ones_own_once_and_nothing_is_lost(talk: Talk) -> None:
    await talk.say(DOCTOR, "缩宫素 5 U")
    with pytest.raises(CorrectsOther):
        await talk.say(EXPERT, "不对", corrects=1)
    with pytest.raises(CorrectsOther):
        await talk.say(DOCTOR, "没有这条", corrects=2)
    await talk.say(DOCTOR, "缩宫素 2.5 U", corrects=1)
    with pytest.raises(CorrectsOther):
        await talk.say(DOCTOR, "缩宫素 3 U", corrects=1)
    await talk.say(DOCTOR, "缩宫素 2.5 U，静滴", corrects=2)
    seen = (await talk.read(EXPERT)).messages
    assert [(one.text, one.corrects) for one in seen] == [
        ("缩宫素 5 U", None), ("缩宫素 2.5 U", 1), ("缩宫素 2.5 U，静滴", 2),
    ]  # fmt: skip
    async with talk.door.net.clone.app.session(talk.viewer(DOCTOR)) as session:
        with pytest.raises(ProgrammingError):
            await session.execute(text("UPDATE room_message SET text = 'x'"))


async def test_only_who_was_let_in_writes_and_strangers_see_nothing(talk: Talk) -> None:
    message = await talk.say(DOCTOR, "一")
    with pytest.raises(NotFound):
        await talk.say(OUTSIDER, "二")
    with pytest.raises(NotFound):
        await talk.read(OUTSIDER)
    with pytest.raises(NotFound):
        await talk.receipts(OUTSIDER, message)
    with pytest.raises(NotFound):
        await talk.mark(OUTSIDER, 1, 1)
    people = (await talk.door.room(talk.consult)).people
    expert = next(one for one in people if not one.mine)
    await talk.door.decide(DOCTOR, talk.room, expert, "eject")
    with pytest.raises(NotAdmitted):
        await talk.say(EXPERT, "三")
    assert (await talk.read(EXPERT)).room_id is None
    await talk.door.end(DOCTOR, talk.room)
    with pytest.raises(RoomEnded):
        await talk.say(DOCTOR, "四")


async def test_numbers_go_on_in_the_next_room(talk: Talk) -> None:
    await talk.say(DOCTOR, "一")
    await talk.door.end(DOCTOR, talk.room)
    assert (await talk.read(DOCTOR)).room_id is None
    talk.room = await talk.door.open(talk.consult)
    await talk.door.enter(DOCTOR, talk.room)
    await talk.say(DOCTOR, "二")
    assert [one.n for one in (await talk.read(EXPERT)).messages] == [1, 2]


async def test_the_database_refuses_words_in_anothers_name(talk: Talk) -> None:
    admission = next(one for one in (await talk.door.room(talk.consult)).people if one.mine)
    forged = text(
        "INSERT INTO room_message (id, room_id, case_id, n, admission_id, person_id, facility_id,"
        " text, said_at) SELECT gen_random_uuid(), room_id, case_id, 1, id, person_id,"
        " facility_id, 'x', now() FROM room_admission WHERE id = :id"
    )
    async with talk.door.net.clone.app.session(talk.viewer(EXPERT)) as session:
        with pytest.raises(ProgrammingError):
            await session.execute(forged, {"id": admission.id})
