"""Whom a name means."""

from datetime import datetime, timedelta
from uuid import UUID

from duty.feeds.incoming.matching import digest, matched, plain
from duty.feeds.incoming.reading import Entry, Reading, Trouble
from kernel.ids import PersonId
from registry.facilities.rules import CHINA
from registry.people.schemas import PersonRef

START = datetime(2027, 2, 1, 8, tzinfo=CHINA)
HOUSE = UUID(int=9)
LIN = PersonRef(UUID(int=1), "林晓岚", "副主任医师", "obstetrics", HOUSE)
ZHOU = PersonRef(UUID(int=2), "周宁", "主治医师", "obstetrics", HOUSE)
NAMESAKE = PersonRef(UUID(int=3), "周宁", "医师", "obstetrics", HOUSE)


def entry(name: str, day: int = 0, where: str = "C4") -> Entry:
    start = START + timedelta(days=day)
    return Entry(where, name, UUID(int=7), start, start + timedelta(days=1))


def test_a_name_means_the_one_person_who_has_it() -> None:
    found = matched(Reading([entry("林 晓岚")]), [LIN, ZHOU], {})
    assert [(one.person, one.problem) for one in found] == [(LIN, None)]
    assert plain("Ｌin ") == "Lin"


def test_strangers_and_namesakes_are_asked_about() -> None:
    reading = Reading([entry("老林"), entry("周宁", 1)])
    found = matched(reading, [LIN, ZHOU, NAMESAKE], {})
    assert [one.problem for one in found] == ["name_unknown", "name_ambiguous"]
    explained = {"老林": PersonId(LIN.id), "周宁": PersonId(NAMESAKE.id)}
    found = matched(reading, [LIN, ZHOU, NAMESAKE], explained)
    assert [one.person for one in found] == [LIN, NAMESAKE]
    assert [one.problem for one in matched(reading, [ZHOU], explained)] == ["name_unknown", None]


def test_two_lines_for_one_place_are_not_both_written() -> None:
    found = matched(Reading([entry("林晓岚"), entry("周宁", where="D9")]), [LIN, ZHOU], {})
    assert [one.problem for one in found] == [None, "overlap"]


def test_a_digest_names_what_was_shown() -> None:
    reading = Reading([entry("林晓岚")])
    lines = matched(reading, [LIN], {})
    assert digest(3, lines, reading) == digest(3, matched(reading, [LIN, ZHOU], {}), reading)
    others = (
        digest(4, lines, reading),
        digest(3, matched(reading, [], {}), reading),
        digest(3, lines, Reading(reading.entries, [Trouble("C5", "two_names")])),
    )
    assert digest(3, lines, reading) not in others
