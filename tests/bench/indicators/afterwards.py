"""What followed the year's severe outcomes: deaths with what is due, reviews, their measures."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from tests.bench.indicators.province import House
from tests.bench.indicators.stories import NULL, Story

COLUMNS: Final = {
    "referral": (
        "id", "number", "state", "version", "direction", "patient_id", "pregnancy_id", "subject",
        "condition", "acuity", "purple", "needs_neonatal", "drill", "demo", "simulated",
        "origin_id", "origin_region_id", "receiver_id", "created_by", "created_at", "sent_at",
    ),
    "death_review": ("id", "case_id", "who", "died_at", "opened_at", "ruleset"),
    "death_review_step": (
        "review_id", "step", "case_id", "rule", "due_at", "reported_at", "reported_by",
    ),
    "case_review": (
        "id", "of_case_id", "death_review_id", "kind", "level", "facility_id", "region_id",
        "happened_at", "state", "proposed_at", "due_at", "rules", "opened_by", "opened_at",
        "held_at", "conclusion", "cause", "summary", "concluded_at", "concluded_by", "simulated",
        "demo",
    ),
    "review_measure": (
        "id", "review_id", "words", "owner_id", "due_on", "state", "added_by", "added_at",
        "evidence", "done_at", "ended_at", "ended_by",
    ),
}  # fmt: skip
STEPS: Final = (("report_county_mch", 2), ("hospital_review", 28), ("county_review", 60))
REVIEWED: Final = 0.3
"""Share of near-misses that somebody reviews."""


@dataclass(slots=True)
class Afterwards:
    """Rows by table, as COPY reads them."""

    rows: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def put(self, table: str, *values: object) -> None:
        """Add a row."""
        words = (NULL if one is None else str(one) for one in values)
        self.rows[table].append("\t".join(words) + "\n")


def afterwards(told: list[Story], by: UUID, seed: int) -> Afterwards:
    """Of all stories that had a severe outcome."""
    found, dice = Afterwards(), Random(f"{seed} afterwards")
    for story in told:
        if story.severe == "death":
            _death(found, story, by, dice)
        elif story.severe == "near_miss" and dice.random() < REVIEWED:
            _review(found, story, None, "near_miss", "facility", by, dice)
    return found


def _death(found: Afterwards, story: Story, by: UUID, dice: Random) -> None:
    at, death = story.severe_at, _id(dice)
    state = "voided" if story.voided else "died"
    flags = ["f" if not story.drill else "t", "f", "f"]
    found.put(
        "referral", story.id, f"D{story.id.hex}", state, 1, "up", story.id, story.id, "mother",
        "pph", "critical", "f", "f", *flags, story.origin.id, story.origin.region,
        story.receiver, by, at, at,
    )  # fmt: skip
    found.put("death_review", death, story.id, "mother", at, at, "test")
    for step, days in STEPS:
        due = at + timedelta(days=days)
        late = timedelta(days=dice.choice((-1, -1, -1, 2)))
        done = None if dice.random() < 0.1 else due + late
        who = None if done is None else by
        found.put("death_review_step", death, step, story.id, "test", due, done, who)
    for level in ("facility", "county"):
        if dice.random() < 0.8:
            _review(found, story, death, "maternal_death", level, by, dice)


def _review(
    found: Afterwards,
    story: Story,
    death: UUID | None,
    kind: str,
    level: str,
    by: UUID,
    dice: Random,
) -> None:
    house: House = story.origin
    id_, at = _id(dice), story.severe_at + timedelta(days=dice.randrange(3, 40))
    due = story.severe_at + timedelta(days=30)
    classes = ("avoidable", "avoidable_if", "unavoidable")
    conclusion = dice.choice(classes if death else ("well_managed", "improvable"))
    found.put(
        "case_review", id_, story.id, death, kind, level, house.id, house.region, at, "concluded",
        at, due, "test", by, at, at, conclusion, "x", "x", at, by, "f", "f",
    )  # fmt: skip
    for due_on, state in _measures(at, dice):
        done = None if state == "open" else datetime.combine(due_on, at.timetz())
        done = done and done - timedelta(days=1)
        ended = done if state in ("verified", "dropped") else None
        found.put(
            "review_measure", _id(dice), id_, "培训", story.id, due_on, state, by, at,
            None if done is None else "照片", done, ended, None if ended is None else by,
        )  # fmt: skip


def _measures(at: datetime, dice: Random) -> Iterator[tuple[date, str]]:
    for _ in range(dice.randrange(3)):
        days = timedelta(days=dice.randrange(10, 50))
        yield (at + days).date(), dice.choice(("open", "verified", "verified", "dropped"))


def _id(dice: Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)
