"""A file into a draft: shown, explained, confirmed; the draft alone is written."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import text

from duty.feeds import sheets
from duty.feeds.errors import ImportChanged, ImportHasProblems
from duty.feeds.incoming import apart, service
from duty.feeds.incoming.reading import Kind, Reading
from duty.feeds.incoming.schemas import Confirmed, ImportDone, ImportPreview, SaidName, SaidNames
from duty.rosters.plans import repository as plans
from kernel.errors import BadInput, NotAllowed, NotFound, VersionStale
from kernel.viewer import Viewer
from tests.duty.region import SEEDER, Region
from tests.duty.rosters.ward import DAY, START, Ward, ward
from tests.realtime.browser import log_in


@pytest.fixture
async def icu(region: Region) -> Ward:
    """The ward's people have accounts: only staff who can be reached are rostered."""
    found = await ward(region)
    for who in found.people:
        await log_in(region, who)
    return found


def book(*rows: tuple[str, ...]) -> bytes:
    workbook = Workbook()
    for row in (("日期", "星期", "一线 重症医学科", "三线 重症医学科"), *rows):
        workbook.active.append(row)
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


async def read(
    icu: Ward, plan: UUID, content: bytes, kind: Kind = "excel", who: Viewer | None = None
) -> Reading:
    viewer = who or icu.desk
    async with icu.region.clone.app.session(viewer) as session:
        wanted = await service.wanted(session, viewer, plan, kind, None)
    return await apart.read(content, wanted)


async def shown(icu: Ward, plan: UUID, reading: Reading) -> ImportPreview:
    async with icu.region.clone.app.session(icu.desk) as session:
        return await service.preview(session, icu.clock, icu.desk, plan, reading)


async def confirmed(
    icu: Ward, plan: UUID, reading: Reading, digest: str, *, skip: bool = False, version: int = 1
) -> ImportDone:
    order = Confirmed("0" * 64, digest, version, skip)
    async with icu.region.clone.app.session(icu.desk) as session:
        return await service.confirm(session, icu.clock, icu.desk, plan, reading, order)


async def entries(icu: Ward, plan: UUID) -> list[tuple[str, str]]:
    async with icu.region.clone.app.session(icu.desk) as session:
        found = await plans.entries(session, plan)
        names = {
            row.id: row.name for row in await session.execute(text("SELECT id, name FROM person"))
        }
    return [(names[one.person_id], one.origin) for one in found]


async def test_a_sheet_is_shown_and_then_written_into_the_draft(icu: Ward) -> None:
    plan = await icu.draft()
    reading = await read(icu, plan, book(("2027-03-01", "", "沈知夏"), ("3月2日", "", "陆清越")))
    preview = await shown(icu, plan, reading)
    assert [(one.where, one.name, one.problem) for one in preview.lines] == [
        ("C2", "沈知夏", None),
        ("C3", "陆清越", None),
    ]
    assert await entries(icu, plan) == []
    done = await confirmed(icu, plan, reading, preview.digest)
    assert (done.written, done.version) == (2, 2)
    assert await entries(icu, plan) == [("沈知夏", "import"), ("陆清越", "import")]
    async with icu.region.clone.system.session(SEEDER) as session:
        shifts = "SELECT count(*) FROM shift WHERE slot_id = :slot"
        assert (await session.execute(text(shifts), {"slot": icu.first})).scalar_one() == 0


async def test_a_name_is_explained_once(icu: Ward) -> None:
    plan = await icu.draft()
    reading = await read(icu, plan, book(("2027-03-01", "", "老沈"), ("2027-03-02", "", "老 沈")))
    preview = await shown(icu, plan, reading)
    assert preview.unknown == ["老 沈", "老沈"]
    with pytest.raises(ImportHasProblems) as refused:
        await confirmed(icu, plan, reading, preview.digest)
    assert refused.value.fields == {"problems": 2}
    meant = SaidNames([SaidName("老沈", icu.people[0].person_id)])
    async with icu.region.clone.app.session(icu.desk) as session:
        await service.explain(session, icu.clock, icu.desk, plan, meant)
    again = await shown(icu, plan, reading)
    assert again.unknown == []
    assert {one.person.name for one in again.lines if one.person} == {"沈知夏"}
    other = await icu.draft(begin=START + 10 * DAY)
    later = await read(icu, other, book(("2027-03-11", "", "老沈")))
    assert (await shown(icu, other, later)).unknown == []
    stranger = SaidNames([SaidName("老沈", uuid4())])
    with pytest.raises(BadInput):
        async with icu.region.clone.app.session(icu.desk) as session:
            await service.explain(session, icu.clock, icu.desk, plan, stranger)


async def test_what_cannot_be_written_may_be_left_out(icu: Ward) -> None:
    plan = await icu.draft()
    reading = await read(icu, plan, book(("2027-03-01", "", "沈知夏"), ("明天", "", "陆清越")))
    preview = await shown(icu, plan, reading)
    assert [(one.where, one.reason) for one in preview.troubles] == [("A3", "date_unreadable")]
    with pytest.raises(ImportHasProblems):
        await confirmed(icu, plan, reading, preview.digest)
    assert await entries(icu, plan) == []
    assert (await confirmed(icu, plan, reading, preview.digest, skip=True)).written == 1


async def test_only_what_was_shown_is_written(icu: Ward) -> None:
    plan = await icu.draft()
    reading = await read(icu, plan, book(("2027-03-01", "", "沈知夏")))
    preview = await shown(icu, plan, reading)
    other = await read(icu, plan, book(("2027-03-01", "", "陆清越")))
    with pytest.raises(ImportChanged):
        await confirmed(icu, plan, other, preview.digest)
    with pytest.raises(VersionStale):
        await confirmed(icu, plan, reading, preview.digest, version=7)
    await icu.put(plan, (icu.third, icu.people[2], 0, 1))
    with pytest.raises(ImportChanged):
        await confirmed(icu, plan, reading, preview.digest, version=2)


async def test_strangers_and_closed_plans_take_no_file(icu: Ward) -> None:
    plan = await icu.draft()
    content = book(("2027-03-01", "", "沈知夏"))
    with pytest.raises(NotFound):
        await read(icu, uuid4(), content)
    with pytest.raises((NotFound, NotAllowed)):
        await read(icu, plan, content, who=icu.region.doctor)
    await icu.put(plan, (icu.first, icu.people[0], 0, 3))
    await icu.submit(plan)
    with pytest.raises(Exception, match="illegal_transition"):
        await read(icu, plan, content)


async def test_a_calendar_file_fills_a_draft(icu: Ward) -> None:
    plan = await icu.draft()
    event = "BEGIN:VEVENT\r\nSUMMARY:{}\r\nDTSTART;VALUE=DATE:{}\r\nEND:VEVENT\r\n"
    both = event.format("沈知夏 一线 重症医学科", "20270301")
    both += event.format("陆清越 三线 重症医学科", "20270302")
    content = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{both}END:VCALENDAR\r\n".encode()
    reading = await read(icu, plan, content, "ical")
    preview = await shown(icu, plan, reading)
    assert (await confirmed(icu, plan, reading, preview.digest)).written == 2


async def test_sheets_of_drafts_and_of_what_stands(icu: Ward) -> None:
    plan = await icu.draft()
    await icu.put(plan, (icu.first, icu.people[0], 0, 2), (icu.first, icu.people[1], 2, 3))
    async with icu.region.clone.app.session(icu.desk) as session:
        template = await sheets.of_plan(session, icu.clock, icu.desk, plan)
    filled = load_workbook(BytesIO(template))
    rows = list(filled.worksheets[0].iter_rows(min_row=4, max_col=3, values_only=True))
    assert rows == [
        ("2027-03-01", "周一", "沈知夏"),
        ("2027-03-02", "周二", "沈知夏"),
        ("2027-03-03", "周三", "陆清越"),
    ]
    assert "人员" in filled.sheetnames
    reading = await read(icu, plan, template)
    assert [one.name for one in reading.entries] == ["沈知夏", "沈知夏", "陆清越"]
    await icu.through(plan)
    async with icu.region.clone.app.session(icu.region.doctor) as session:
        window = (START, START + timedelta(days=3))
        standing = await sheets.of_group(session, icu.clock, icu.group, window)
    page = load_workbook(BytesIO(standing)).worksheets[0]
    assert [row[2] for row in page.iter_rows(min_row=4, values_only=True)] == [
        "沈知夏",
        "沈知夏",
        "陆清越",
    ]
