"""A foreign file costs the API nothing, whatever it costs to read."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from duty.feeds.errors import FileUnreadable
from duty.feeds.incoming import apart, child
from duty.feeds.incoming.reading import Wanted
from registry.facilities.rules import CHINA

START = datetime(2027, 2, 1, 8, tzinfo=CHINA)
SLOT = UUID(int=1)
WANTED = Wanted("ical", {"一线 产科": SLOT}, START, START + timedelta(days=28))
EVENT = (
    "BEGIN:VEVENT\r\nSUMMARY:林晓岚 一线 产科\r\nDTSTART;VALUE=DATE:20270205\r\n{}END:VEVENT\r\n"
)


def calendar(event: str) -> bytes:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{event}END:VCALENDAR\r\n".encode()


async def test_a_file_is_read_in_another_process() -> None:
    found = await apart.read(calendar(EVENT.format("")), WANTED)
    assert [(one.name, one.slot_id) for one in found.entries] == [("林晓岚", SLOT)]


async def test_what_cannot_be_read_says_why() -> None:
    with pytest.raises(FileUnreadable) as refused:
        await apart.read(b"nothing", WANTED)
    assert refused.value.fields == {"reason": "not_ical"}


async def test_a_reader_that_takes_too_long_is_ended() -> None:
    with pytest.raises(FileUnreadable) as refused:
        await apart.read(calendar(EVENT.format("")), WANTED, patience_s=0.0)
    assert refused.value.fields == {"reason": "too_much_work"}


async def test_a_reader_that_dies_is_too_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MODULE", "duty.feeds.incoming.no_such_reader")
    with pytest.raises(FileUnreadable) as refused:
        await apart.read(calendar(EVENT.format("")), WANTED)
    assert refused.value.fields == {"reason": "too_much_work"}


def test_the_childs_answer_is_json_either_way() -> None:
    head = b'{"kind":"excel","headings":{},"start":"2027-02-01T08:00:00+08:00",'
    head += b'"end":"2027-03-01T08:00:00+08:00"}\n'
    assert child.answer(head + b"no sheet") == b'{"unreadable":"not_excel"}'
