"""What houses register, hold and count over the year: pregnancies, drills, minutes, beds."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Final, TypeAlias
from uuid import UUID

from tests.bench.indicators.province import House, Province
from tests.bench.indicators.stories import NULL

PREGNANCY_COLUMNS: Final = ("id", "patient_id", "facility_id", "created_at", "created_by")
GRADE_COLUMNS: Final = (
    "id", "pregnancy_id", "facility_id", "kind", "status", "variant", "version", "facts", "fired",
    "unknown", "not_done", "outcome", "colour", "purple", "at", "person_id",
)  # fmt: skip
COLUMNS: Final = {
    "quality_exercise": (
        "id", "kind", "scenario", "title", "facility_id", "region_id", "state", "planned_by",
        "entered_at", "planned_at", "begun_at", "ended_at", "debrief", "debriefed_by",
        "debriefed_at",
    ),
    "quality_return": (
        "id", "form", "form_version", "facility_id", "region_id", "period", "period_first",
        "period_last", "many", "state", "opened_by", "opened_at", "submitted_by", "submitted_at",
    ),
    "resource_report": (
        "id", "facility_id", "kind", "subkey", "total", "free", "cause", "source", "person_id",
        "reported_at",
    ),
    "expert_group": ("id", "facility_id", "code", "name"),
}  # fmt: skip
Lines: TypeAlias = tuple[str, str]
"""A pregnancy and its grade (empty: nobody graded her)."""


def registrations(
    province: Province, start: date, count: int, by: UUID, seed: int
) -> Iterator[Lines]:
    """Pregnancies without a case file, most of them graded, one in thirty of a high risk."""
    dice = Random(f"{seed} registrations")
    weights = [house.weight for house in province.houses]
    for n in range(count):
        (house,) = dice.choices(province.houses, weights)
        at = f"{start + timedelta(days=365 * n / count)} 02:00+00"
        colour = dice.choices(("green", "yellow", "orange", "red", None), (60, 27, 2, 1, 10))[0]
        yield registration(_id(dice), house, at, colour, by, dice)


def registration(
    id_: UUID, house: House, at: str, colour: str | None, by: UUID, dice: Random
) -> Lines:
    """One of them; `colour` is that of her assessment."""
    woman = f"{id_}\t{id_}\t{house.id}\t{at}\t{by}\n"
    if colour is None:
        return woman, ""
    purple = "t" if dice.random() < 0.02 else "f"
    grade = (
        f"{_id(dice)}\t{id_}\t{house.id}\tassessment\tconfirmed\tnational\t1\t{{}}\t{{}}\t{{}}\t{{}}"
        f"\tgraded\t{colour}\t{purple}\t{at}\t{by}\n"
    )
    return woman, grade


def held(province: Province, start: datetime, by: UUID, seed: int) -> dict[str, list[str]]:
    """Rows by table: four drills a house, two meetings, beds counted every month."""
    dice = Random(f"{seed} held")
    found: dict[str, list[str]] = {name: [] for name in COLUMNS}

    def put(table: str, *values: object) -> None:
        words = (NULL if one is None else str(one) for one in values)
        found[table].append("\t".join(words) + "\n")

    for house in province.houses:
        if house.weight > 1:
            put("expert_group", _id(dice), house.id, "obstetrics", "产科")
        for quarter in range(4):
            at = start + timedelta(days=91 * quarter + dice.randrange(80))
            state = dice.choice(("debriefed", "debriefed", "over", "planned"))
            begun = None if state == "planned" else at
            done = at if state == "debriefed" else None
            put(
                "quality_exercise", _id(dice), dice.choice(("emergency", "skills")), "pph", "演练",
                house.id, house.region, state, by, at, at, begun, begun, done and "x", done and by,
                done,
            )  # fmt: skip
        for half in range(2):
            at = start + timedelta(days=182 * half + dice.randrange(150))
            sent = at if dice.random() < 0.8 else None
            put(
                "quality_return", _id(dice), "joint_meeting", "1", house.id, house.region,
                "2026-H1", at.date(), at.date(), "t", "submitted" if sent else "draft", by, at,
                sent and by, sent,
            )  # fmt: skip
        for month in range(12):
            at = start + timedelta(days=30 * month + dice.randrange(28))
            for kind in ("resuscitation_bed", "obstetric_bed"):
                total = house.weight + dice.randrange(4)
                put(
                    "resource_report", _id(dice), house.id, kind, "", total, 0, "counted", "human",
                    by, at,
                )  # fmt: skip
    return found


def _id(dice: Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)
