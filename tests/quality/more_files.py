"""Figures of a year and licences by chance, as files bring them, and what they say."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import FacilityId, new_id
from quality.imports.store import key_hash
from quality.vocabulary import AMOUNTS, Population
from registry.facilities.rules import CHINA
from tests.quality.more import WORDS, YEAR, Stories, put

RETURNED: Sequence[Population] = ("annual_returns", "child_returns")
"""A year's figures by house or area, and by residence."""

FILES = (*RETURNED, "institution_returns", "practice_cards", "house_licences")
NONE_OF_HER = {"near_misses": 0, "deaths": 0, "severe_outcomes": 0}
Said = dict[str, Any]
Held = dict[tuple[str, FacilityId, str], tuple[date, Said]]


async def rows_of_files(session: AsyncSession, told: Stories, by: UUID) -> None:
    """Rows of files; some come a second time, and the later row counts."""
    held: Held = {}
    for _ in range(120):
        sheet, house = told.chance.choice(FILES), told.house()
        key = f"K{told.chance.randrange(6)}"
        day, said = held[sheet, house, key] = drawn(sheet, told.chance)
        batch = new_id()
        await put(
            session, "import_batch", id=batch, sheet=sheet, sheet_no=2, facility_id=house,
            file_name="x", digest="\\x" + "00" * 32, added_by=by, rows=1, taken=1, warnings=0,
        )  # fmt: skip
        await put(
            session, "imported_row", batch_id=batch, row_no=1, sheet=sheet, facility_id=house,
            key_hash="\\x" + key_hash(house, sheet, key).hex(), day=day, content=said,
        )  # fmt: skip
    for (sheet, house, _), (day, said) in held.items():
        tell(told, held, sheet, house, day, said)
    tell_outcomes(told, held)


def drawn(sheet: str, chance: Random) -> tuple[date, Said]:
    """A row's day, and what it says."""
    day = chance.choice([date(2026, 12, 31)] * 4 + [date(2026, 9, 30), date(2025, 12, 31)])
    said: dict[str, Any]
    if sheet in RETURNED:
        said = {"residence": chance.choice(WORDS["residence"])}
        said |= {} if chance.random() < 0.2 else {"covers": chance.choice(WORDS["covers"])}
        said |= {
            name: chance.choice([chance.randrange(5_000)] * 9 + [2_000_000_000])
            for name in AMOUNTS[sheet]  # type: ignore[index]
            if chance.random() < 0.8
        }
    elif sheet == "institution_returns":
        said = {"obstetric_beds": chance.randrange(90)} if chance.random() < 0.9 else {}
    else:
        day = chance.choice([date(2026, 12, 31), date(2027, 1, 1), date(2020, 5, 1)])
        said = {"active": chance.random() < 0.7}
        names = ("service",) if sheet == "house_licences" else ("profession", "service")
        said |= {name: chance.choice(WORDS[name]) for name in names}
    return day, said


def tell(told: Stories, held: Held, sheet: str, house: FacilityId, day: date, said: Said) -> None:
    """What a row that counts is in each population that holds it."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=CHINA)
    if sheet in RETURNED:
        more = returned(told, held, sheet, house, day, said)
        told.add(sheet, house, midnight, said | more)  # type: ignore[arg-type]
        if sheet == "annual_returns":
            births = {"live_births": said["live_births"]} if "live_births" in said else {}
            shown = {name: more[name] for name in ("overall", "this_year")}
            shown |= {"covers": said.get("covers"), "births_given": True}
            told.add("outcomes_and_births", house, midnight, NONE_OF_HER | births | shown)
    elif sheet == "institution_returns":
        beds = {"beds": said["obstetric_beds"]} if said else {}
        shown = {"this_year": day == YEAR.last_day, "beds_given": True, "obstetricians": 0}
        told.add("obstetricians_and_beds", house, midnight, shown | beds)
    elif day <= YEAR.last_day:
        last = YEAR.end - timedelta(seconds=1)
        told.add(sheet, house, last, said)  # type: ignore[arg-type]
        if sheet == "practice_cards" and (said["profession"], said["service"]) == (
            "obstetrician",
            "midwifery",
        ):
            given = brought(held, "institution_returns", house)
            one = {"this_year": True, "beds_given": given, "obstetricians": 1, "beds": 0}
            if said["active"]:
                told.add("obstetricians_and_beds", house, last, one)


def tell_outcomes(told: Stories, held: Held) -> None:
    """Severe outcomes stand beside the live births of their houses."""
    for woman in told.known["severe_outcomes"]:
        given = brought(held, "annual_returns", woman.place, covers="house")
        shown = {"this_year": True, "covers": "house", "overall": True, "births_given": given}
        outcome = {"severe_outcomes": 1, "live_births": 0}
        said = {name: woman.said[name] for name in ("near_misses", "deaths")} | outcome | shown
        told.add("outcomes_and_births", FacilityId(woman.place), woman.at, said)


def brought(held: Held, sheet: str, house: UUID, **wanted: str) -> bool:
    """Whether a house has a row of the year that says what is wanted."""
    return any(
        (of, at_, day) == (sheet, house, YEAR.last_day) and wanted.items() <= said.items()
        for (of, at_, _), (day, said) in held.items()
    )


def returned(
    told: Stories,
    held: Held,
    sheet: str,
    house: FacilityId,
    day: date,
    said: dict[str, Any],
) -> dict[str, Any]:
    """What follows from the other rows of the house, and from where it lies."""
    beside = [
        one
        for (of, at_, _), (on, one) in held.items()
        if (of, at_, on) == (sheet, house, day) and one.get("covers") == said.get("covers")
    ]
    whole = said["residence"] == "all" or not any(one["residence"] == "all" for one in beside)
    covers = said.get("covers")
    return {
        "overall": whole,
        "this_year": day == YEAR.last_day,
        "adds_up": house in told.counties and (None if covers is None else covers == "area"),
    }
