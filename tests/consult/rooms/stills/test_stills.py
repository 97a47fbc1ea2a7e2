"""Stills: kept with their hash, drawn on by those in the room, taken back by whoever drew."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from consult.citing import Quoted, citable, quote, whose
from consult.commands import CiteStill
from consult.rooms.errors import NotAdmitted, RoomEnded
from consult.rooms.schemas import AdmissionOut, RoomOut
from consult.rooms.stills import queries, service
from consult.rooms.stills.errors import MarkNotYours, MarkOutside, StillLost, StillRefused
from consult.rooms.stills.schemas import DrawMark, RoomStill
from kernel.blobs import BlobStore
from kernel.errors import BadInput, NotFound
from kernel.viewer import Viewer
from tests.consult.requests.table import TRACINGS
from tests.consult.rooms.conftest import Door
from tests.kernel.media.pictures import chunk, png
from tests.registry.world import SEALER

DOCTOR, EXPERT, OUTSIDER = "county_doctor", "city_expert", "outsider"
PICTURE = png(width=64, height=48)
ARROW = DrawMark("arrow", 1, 2, 30.5, 40, "yellow", " 颈内口 ")


@dataclass(slots=True)
class Board:
    """A room with both sides in it, and a folder for pictures."""

    door: Door
    blobs: BlobStore
    consult: UUID
    room: RoomOut
    people: dict[str, AdmissionOut]

    def viewer(self, who: str) -> Viewer:
        """Somebody of the network."""
        return self.door.net.staff[who]

    async def take(
        self,
        by: str = EXPERT,
        of: UUID | None = None,
        content: bytes = PICTURE,
        at: datetime | None = None,
    ) -> RoomStill:
        """Keep a picture of the expert's scan, which the doctor asked for."""
        viewer, clock = self.viewer(by), self.door.net.clock
        async with self.door.net.clone.app.session(viewer) as session:
            still_id = await service.take(
                session, clock, viewer, self.blobs, self.room.id, content, source="ultrasound",
                of=of or self.people[EXPERT].id, asked_by=self.people[DOCTOR].id,
                taken_at=at or clock.now(),
            )  # fmt: skip
            return await queries.one(session, viewer, still_id)

    async def draw(self, by: str, still: RoomStill, mark: DrawMark = ARROW) -> RoomStill:
        """Draw."""
        viewer = self.viewer(by)
        async with self.door.net.clone.app.session(viewer) as session:
            await service.draw(session, self.door.net.clock, viewer, still.id, mark)
            return await queries.one(session, viewer, still.id)

    async def undo(self, by: str, still: RoomStill, n: int) -> RoomStill:
        """Take back."""
        viewer = self.viewer(by)
        async with self.door.net.clone.app.session(viewer) as session:
            await service.undo(session, self.door.net.clock, viewer, still.id, n)
            return await queries.one(session, viewer, still.id)

    async def listed(self, by: str) -> list[RoomStill]:
        """All of the consultation."""
        viewer = self.viewer(by)
        async with self.door.net.clone.app.session(viewer) as session:
            return await queries.of_consult(session, viewer, self.consult)

    async def picture(self, by: str, still: RoomStill) -> bytes:
        """Its bytes."""
        async with self.door.net.clone.app.session(self.viewer(by)) as session:
            return await queries.picture(session, self.blobs, still.id)


@pytest.fixture
async def board(door: Door, tmp_path: Path) -> Board:
    """Both sides are in the room."""
    consult = await door.accepted()
    room = await door.open(consult)
    people = {who: await door.enter(who, room) for who in (DOCTOR, EXPERT)}
    return Board(door, BlobStore(tmp_path, SEALER, max_bytes=20_000), consult, room, people)


async def test_the_source_keeps_it_with_its_hash(board: Board) -> None:
    at = board.door.net.clock.now() - timedelta(seconds=2)
    still = await board.take(at=at)
    assert (still.width, still.height, still.version, still.marks) == (64, 48, 0, [])
    assert (still.at_source, still.taken_at, still.kept_at - at) == (True, at, timedelta(seconds=2))
    assert still.sha256 == sha256(PICTURE).hexdigest()
    assert await board.picture(DOCTOR, still) == PICTURE
    # Another page's is what was received; a clock that runs ahead takes nothing in the future.
    received = await board.take(DOCTOR, at=at + timedelta(hours=1))
    assert (received.at_source, received.taken_at) == (False, received.kept_at)
    assert [one.id for one in await board.listed(DOCTOR)] == [still.id, received.id]
    kinds = await board.door.kinds(board.consult)
    assert kinds.count("room.still_taken") == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"GIF89a", "unknown_type"),
        (PICTURE[:-5], "not_whole"),
        (PICTURE.replace(b"IDAT", b"IDAT\0", 1), "not_whole"),
        (png(chunk(b"tEXt", b"x" * 30_000)), "too_large"),
        (png(width=0), "not_whole"),
    ],
)
async def test_what_is_no_picture_is_refused(board: Board, content: bytes, reason: str) -> None:
    with pytest.raises(StillRefused) as refused:
        await board.take(content=content)
    assert refused.value.fields["reason"] == reason
    assert await board.listed(DOCTOR) == []


async def test_marks_are_versions_and_their_authors_take_them_back(board: Board) -> None:
    still = await board.take()
    first = await board.draw(DOCTOR, still)
    (mark,) = first.marks
    assert (mark.n, mark.text, mark.bx, mark.mine) == (1, "颈内口", 30.5, True)
    second = await board.draw(EXPERT, still, DrawMark("caliper", 0, 0, 64, 48, "cyan"))
    assert (second.version, [one.mine for one in second.marks]) == (2, [False, True])
    assert len({still.marks_sha256, first.marks_sha256, second.marks_sha256}) == 3
    with pytest.raises(MarkNotYours):
        await board.undo(DOCTOR, still, 2)
    third = await board.undo(EXPERT, still, 2)
    assert (third.version, [one.undone_by for one in third.marks]) == (3, [None, 3])
    assert third.marks_sha256 == first.marks_sha256
    for gone in (2, 3, 9):
        with pytest.raises(MarkNotYours):
            await board.undo(EXPERT, still, gone)
    assert [kind for kind in await board.door.kinds(board.consult) if "mark" in kind] == [
        "room.mark_drawn", "room.mark_drawn", "room.mark_undone",
    ]  # fmt: skip


async def test_an_opinion_quotes_a_still_and_what_stands_on_it(board: Board) -> None:
    still, viewer = await board.take(), board.viewer(EXPERT)

    async def quoted(still_id: UUID, case_id: UUID, who: Viewer = viewer) -> Quoted:
        async with board.door.net.clone.app.session(who) as session:
            hers = await whose(session, who, case_id)
            (found,) = await quote(session, who, TRACINGS, hers, [CiteStill(still_id=still_id)])
            return found

    bare = await quoted(still.id, board.consult)
    assert (bare.kind, bare.sha256, bare.marks_sha256) == ("still", still.sha256, None)
    drawn = await board.draw(DOCTOR, still)
    marked = await quoted(still.id, board.consult)
    assert (marked.sha256, marked.marks_sha256) == (still.sha256, drawn.marks_sha256)
    assert marked.zh == "超声画面定格图像，标注第 1 版"
    async with board.door.net.clone.app.session(viewer) as session:
        offered = await citable(session, board.door.net.clock, viewer, TRACINGS, board.consult)
    assert [(one.id, one.at) for one in offered.stills] == [(still.id, still.taken_at)]
    # Another woman's consultation offers nothing of it, and an unknown one is not found.
    other = await board.door.accepted()
    for still_id, case_id in ((still.id, other), (uuid4(), board.consult)):
        with pytest.raises(NotFound):
            await quoted(still_id, case_id)


async def test_many_draw_at_once(board: Board) -> None:
    still = await board.take()
    await asyncio.gather(*(board.draw((DOCTOR, EXPERT)[n % 2], still) for n in range(6)))
    (seen,) = await board.listed(DOCTOR)
    assert [one.n for one in seen.marks] == [1, 2, 3, 4, 5, 6]


async def test_a_mark_lies_on_the_picture(board: Board) -> None:
    still = await board.take()
    with pytest.raises(MarkOutside):
        await board.draw(DOCTOR, still, DrawMark("ellipse", 0, 0, 64.5, 10, "green"))
    with pytest.raises(BadInput):
        await board.draw(DOCTOR, still, DrawMark("text", 1, 1, 1, 1, "green", " "))
    with pytest.raises(BadInput):
        await board.take(at=still.taken_at - timedelta(hours=2))


async def test_others_neither_take_nor_draw_nor_see(board: Board) -> None:
    still = await board.take()
    for work in (
        board.take(OUTSIDER), board.draw(OUTSIDER, still), board.undo(OUTSIDER, still, 1),
        board.picture(OUTSIDER, still), board.listed(OUTSIDER), board.take(of=uuid4()),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await work
    await board.door.decide(DOCTOR, board.room, board.people[EXPERT], "eject")
    for work in (board.take(), board.draw(EXPERT, still)):
        with pytest.raises(NotAdmitted):
            await work
    assert not (await board.listed(EXPERT))[0].may_draw
    await board.door.end(DOCTOR, board.room)
    with pytest.raises(RoomEnded):
        await board.draw(DOCTOR, still)
    assert await board.picture(DOCTOR, still) == PICTURE


async def test_nothing_of_it_is_changed_and_a_lost_file_is_said(board: Board) -> None:
    still = await board.draw(DOCTOR, await board.take())
    for change in (
        "UPDATE room_mark SET ax = 0",
        "DELETE FROM room_mark",
        "UPDATE room_still SET width = 1",
    ):
        async with board.door.net.clone.app.session(board.viewer(DOCTOR)) as session:
            with pytest.raises(ProgrammingError):
                await session.execute(text(change))
    board.blobs.place(bytes.fromhex(still.sha256)).unlink()
    with pytest.raises(StillLost):
        await board.picture(DOCTOR, still)
