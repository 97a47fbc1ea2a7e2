"""Notes beside a chart: who writes them, who reads them, and that nobody rewrites them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import AsyncTestClient
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import SimulatedClock
from kernel.database import Database
from kernel.errors import BadInput, NotFound
from kernel.ids import FacilityId, RegionId, new_id
from kernel.viewer import Role, Viewer
from quality.annotations import service
from quality.annotations.errors import NoteMonth, NoteScope, NoteText, NoteWithdrawn
from quality.annotations.schemas import ChartNotes, WriteNote
from quality.errors import IndicatorUnknown
from quality.repository import Scope
from quality.routes import router
from registry.people.service import Grant
from server import problems
from server.paper.indicators import get_indicators_pdf
from tests.fixtures.database import Clone
from tests.papers import said_in
from tests.quality.cases import region
from tests.registry.world import World, account

CODE = "online_referrals"
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
CLOCK = SimulatedClock(NOW)
YEAR = Scope(datetime(2025, 12, 31, 16, tzinfo=UTC), NOW)
MARCH = date(2026, 3, 17)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everybody who reads or writes, and their commands."""

    database: Clone
    world: World
    staff: dict[str, Viewer]

    async def write(self, who: str, said: str = "新病房启用", **more: Any) -> UUID:
        code = more.pop("code", CODE)
        order = WriteNote(text=said, **{"month": MARCH} | more)
        async with self.database.app.session(self.staff[who]) as session:
            return (await service.write(session, CLOCK, self.staff[who], code, order)).id

    async def read(self, who: str, **place: UUID) -> ChartNotes:
        async with self.database.app.session(self.staff[who]) as session:
            return await service.notes(session, replace(YEAR, **place), CODE)  # type: ignore[arg-type]

    async def reads(self, who: str, note: UUID, **place: UUID) -> bool:
        return note in {one.id for one in (await self.read(who, **place)).notes}

    async def withdraw(self, who: str, note: UUID) -> None:
        async with self.database.app.session(self.staff[who]) as session:
            await service.withdraw(session, CLOCK, self.staff[who], CODE, note)


async def hired(
    database: Clone, world: World, role: Role, house: FacilityId, *regions: RegionId
) -> Viewer:
    """Somebody who exists, with one role at a house or for a region."""
    grant = Grant(role, region_id=regions[0]) if regions else Grant(role, facility_id=house)
    login = f"noter{new_id().hex[-8:]}"
    person, _ = await account(database.system, world.clock, login, house, grant)
    return replace(world.viewer(role, house, *regions), person_id=person)


@pytest.fixture(scope="module")
async def desk(module_database: Clone) -> Desk:
    world = await region(module_database)
    wanted: dict[str, tuple[Any, ...]] = {
        "office": (Role.COORDINATOR, world.county_hospital),
        "colleague": (Role.MEDICAL_AFFAIRS, world.county_hospital),
        "doctor": (Role.REFERRING_CLINICIAN, world.county_hospital),
        "centre": (Role.COORDINATOR, world.city_centre),
        "far": (Role.COORDINATOR, world.stranger),
        "county": (Role.COMMISSION, world.county_hospital, world.county),
        "city": (Role.COMMISSION, world.city_centre, world.city),
        "far_county": (Role.COMMISSION, world.stranger, world.far_county),
    }
    staff = {name: await hired(module_database, world, *one) for name, one in wanted.items()}
    return Desk(module_database, world, staff)


async def test_a_house_s_note_is_read_by_who_reads_its_figures(desk: Desk) -> None:
    house = desk.world.county_hospital
    note = await desk.write("office", " 新病房启用 ", facility_id=house)
    [shown] = [one for one in (await desk.read("doctor")).notes if one.id == note]
    assert (shown.month, shown.text, shown.place.kind) == ("2026-03", "新病房启用", "facility")
    assert shown.place.id == house
    assert shown.written_by is not None
    assert not shown.may_withdraw
    assert shown.written_at == NOW
    for who, seen in {"county": True, "city": True, "centre": False, "far": False}.items():
        assert await desk.reads(who, note) == seen, who
    assert not await desk.reads("far_county", note)
    assert await desk.reads("city", note, region_id=desk.world.county)
    assert not await desk.reads("city", note, region_id=desk.world.far_county)
    assert not await desk.reads("city", note, facility_id=desk.world.city_centre)


async def test_a_region_s_note_is_read_by_everybody_of_the_region(desk: Desk) -> None:
    note = await desk.write("city", "血站改为 24 小时", region_id=desk.world.city)
    for who in ("office", "doctor", "centre", "county"):
        assert await desk.reads(who, note), who
    for who in ("far", "far_county"):
        assert not await desk.reads(who, note), who
    # It stands beside the charts of what lies in the region, too.
    assert await desk.reads("doctor", note, facility_id=desk.world.county_hospital)
    assert await desk.reads("doctor", note, region_id=desk.world.county)


async def test_only_one_s_own_house_and_region_are_written_for(desk: Desk) -> None:
    house, city = desk.world.county_hospital, desk.world.city
    for who in ("doctor", "centre", "far", "city"):
        with pytest.raises(NoteScope):
            await desk.write(who, facility_id=house)
    for who in ("office", "centre", "county", "far_county"):
        with pytest.raises(NoteScope):
            await desk.write(who, region_id=city)
    places = {who: (await desk.read(who)).places for who in ("office", "doctor", "county")}
    assert [(one.kind, one.id) for one in places["office"]] == [("facility", house)]
    assert places["doctor"] == []
    assert [(one.kind, one.id) for one in places["county"]] == [("region", desk.world.county)]
    assert (await desk.read("office", facility_id=desk.world.city_centre)).places == []


async def test_what_makes_no_sense_is_refused(desk: Desk) -> None:
    house, city = desk.world.county_hospital, desk.world.city
    with pytest.raises(NoteMonth) as to_come:
        await desk.write("office", month=date(2026, 12, 1), facility_id=house)
    assert to_come.value.fields == {"month": "2026-12"}
    for said in ("  ", "一\n二", "a\x00b", "a\x7fb", "a\u2028b"):
        with pytest.raises(NoteText):
            await desk.write("office", said, facility_id=house)
    with pytest.raises(IndicatorUnknown):
        await desk.write("office", code="no_such", facility_id=house)
    for places in ({}, {"facility_id": house, "region_id": city}):
        with pytest.raises(BadInput):
            await desk.write("office", **places)


async def test_a_note_is_taken_back_once_by_its_writer_or_their_office(desk: Desk) -> None:
    house = desk.world.county_hospital
    for who in ("office", "colleague"):
        note = await desk.write("office", facility_id=house)
        with pytest.raises(NoteScope):
            await desk.withdraw("city", note)
        with pytest.raises(NotFound):
            await desk.withdraw("far", note)
        await desk.withdraw(who, note)
        assert not await desk.reads("doctor", note)
        with pytest.raises(NoteWithdrawn):
            await desk.withdraw("office", note)
    with pytest.raises(NotFound):
        await desk.withdraw("office", new_id())


async def test_nobody_rewrites_a_note(desk: Desk) -> None:
    note = await desk.write("office", facility_id=desk.world.county_hospital)
    for statement in (
        "UPDATE chart_note SET said = 'x' WHERE id = :id",
        "DELETE FROM chart_note WHERE id = :id",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with desk.database.app.session(desk.staff["office"]) as session:
                await session.execute(text(statement), {"id": note})
    forged = (
        "INSERT INTO chart_note (id, code, facility_id, month, said, written_by, written_at)"
        " SELECT gen_random_uuid(), code, facility_id, month, said, :by, written_at"
        "   FROM chart_note WHERE id = :id"
    )
    for who, by in (("office", "colleague"), ("doctor", "doctor")):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with desk.database.app.session(desk.staff[who]) as session:
                values = {"id": note, "by": desk.staff[by].person_id}
                await session.execute(text(forged), values)


async def test_medical_affairs_reads_writes_and_takes_back_at_its_house(desk: Desk) -> None:
    house, city = desk.world.county_hospital, desk.world.city
    theirs = await desk.write("office", "新增一辆救护车", facility_id=house)
    around = await desk.write("city", "血站改为 24 小时", region_id=city)
    own = await desk.write("colleague", "产房搬迁", facility_id=house)
    shown = await desk.read("colleague", facility_id=house)
    assert {theirs, around, own} <= {one.id for one in shown.notes}
    assert {one.id for one in shown.notes if one.may_withdraw} >= {theirs, own}
    assert around not in {one.id for one in shown.notes if one.may_withdraw}
    assert [(one.kind, one.id) for one in shown.places] == [("facility", house)]
    await desk.withdraw("colleague", own)
    assert not await desk.reads("colleague", own)
    foreign = await desk.write("centre", "只给市中心", facility_id=desk.world.city_centre)
    assert not await desk.reads("colleague", foreign)
    for place in ({"facility_id": desk.world.city_centre}, {"region_id": city}):
        with pytest.raises(NoteScope):
            await desk.write("colleague", **place)


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """医务科 of the county's house, over HTTP."""
    database = Database(desk.database.app_url)  # of its own: the client may run on another loop
    viewer = desk.staff["colleague"]

    async def session() -> AsyncIterator[AsyncSession]:
        async with database.session(viewer) as open_:
            yield open_

    keys = iter(range(100))
    given = {
        "session": session,
        "clock": lambda: CLOCK,
        "viewer": lambda: viewer,
        "idempotency_key": lambda: f"{new_id()}-{next(keys)}",
    }
    app = Litestar(
        [router, get_indicators_pdf],
        dependencies={
            name: Provide(one, **({} if name == "session" else {"sync_to_thread": False}))
            for name, one in given.items()
        },
        exception_handlers=problems.HANDLERS,
        on_shutdown=[database.close],
        logging_config=None,
    )
    async with AsyncTestClient(app) as standing:
        yield standing


async def test_the_routes_say_what_is_wrong(client: AsyncTestClient[Litestar], desk: Desk) -> None:
    path, house = f"/quality/indicators/{CODE}/notes", str(desk.world.county_hospital)

    async def code(path: str, **body: Any) -> tuple[int, str]:
        answer = await client.post(path, json=body or None)
        return answer.status_code, answer.json().get("code", "")

    good = {"month": "2026-03-01", "text": "新病房启用", "facility_id": house}
    made = await client.post(path, json=good)
    assert made.status_code == 201
    shown = (await client.get(path, params={"from": "2026-03-05T00:00:00Z"})).json()
    assert made.json()["id"] in {one["id"] for one in shown["notes"]}
    assert await code(path, **good | {"month": "2199-01-01"}) == (422, "notes.month_to_come")
    assert await code(path, **good | {"text": "a\tb"}) == (422, "notes.text_invalid")
    foreign = str(desk.world.stranger)
    assert await code(path, **good | {"facility_id": foreign}) == (403, "notes.own_place_only")
    assert (await code("/quality/indicators/nothing/notes", **good))[1].endswith("unknown")
    assert (await client.post(path, json=good | {"text": "字" * 201})).status_code == 400
    back = f"{path}/{made.json()['id']}/withdraw"
    assert (await client.post(back)).status_code == 204
    assert await code(back) == (409, "notes.withdrawn")


async def test_files_hold_the_notes_that_the_asker_reads(
    client: AsyncTestClient[Litestar], desk: Desk
) -> None:
    house = desk.world.county_hospital
    region = await desk.write(
        "city", "救护车换新", month=date(2026, 5, 1), region_id=desk.world.city
    )
    await desk.write("office", "血库扩容", month=date(2026, 4, 9), facility_id=house)
    gone = await desk.write("office", "写错了", facility_id=house)
    await desk.withdraw("office", gone)
    await desk.write("office", "上一年的事", month=date(2025, 4, 9), facility_id=house)
    await desk.write("far", "别处的事", facility_id=desk.world.stranger)
    await desk.write("centre", "市中心的事", facility_id=desk.world.city_centre)
    asked = {
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-11-22T00:00:00Z",
        "facility_id": str(house),
    }
    page = await desk.read("colleague", facility_id=house)
    assert region in {one.id for one in page.notes}
    answer = await client.get("/quality/export", params=asked)
    sheet = load_workbook(BytesIO(answer.content))["图注"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [(row[1], row[2], row[3]) for row in rows] == [
        (number, one.month, one.text) for number, one in enumerate(page.notes, 1)
    ]
    words = {row[3] for row in rows}
    assert {"救护车换新", "血库扩容"} <= words
    assert not {"写错了", "上一年的事", "别处的事", "市中心的事"} & words
    paper = await client.get("/quality/export/pdf", params=asked)
    said = said_in(PdfReader(BytesIO(paper.content)).pages)
    assert "救护车换新" in said
    assert "血库扩容" in said
    assert "写错了" not in said
    assert "别处的事" not in said
    hidden = await client.get("/quality/export", params={**asked, "small": "hide"})
    assert "图注" not in load_workbook(BytesIO(hidden.content)).sheetnames
