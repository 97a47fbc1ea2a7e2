"""What is counted and is no transfer: the words, the year, and where a test keeps what it knows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.ids import FacilityId, RegionId
from quality.repository import Scope
from quality.vocabulary import Population
from tests.quality.naive import Known
from tests.registry.world import World

NEW: Sequence[Population] = (
    "death_steps",
    "reviews",
    "review_measures",
    "annual_returns",
    "practice_cards",
    "child_returns",
    "severe_outcomes",
    "outcomes_and_births",
    "obstetricians_and_beds",
    "pregnancies",
    "exercises",
    "handed_in",
    "bed_counts",
    "house_licences",
)
WORDS: dict[str, list[Any]] = {
    "who": ["mother", "newborn"],
    "step": ["report_county_mch", "hospital_review", "county_review"],
    "kind": ["maternal_death", "newborn_death", "near_miss"],
    "level": ["facility", "county"],
    "conclusion": ["avoidable", "avoidable_if", "unavoidable", "well_managed", "improvable"],
    "covers": ["house", "area"],
    "residence": ["registered", "other", "all"],
    "profession": ["obstetrician", "midwife"],
    "service": ["midwifery", "screening"],
    "outcome": ["near_miss", "death"],
    "colour": ["green", "yellow", "orange", "pink", "red", "critical"],
    "scenario": ["pph", "eclampsia"],
    "form": ["joint_meeting", "alliance_plan"],
}
KINDS: dict[Population, list[Any]] = {
    "exercises": ["emergency", "skills"],
    "bed_counts": ["resuscitation_bed", "obstetric_bed"],
}
"""What `kind` is where it is none of reviews."""

YEAR = Scope(
    datetime(2025, 12, 31, 16, tzinfo=UTC),
    datetime(2026, 12, 31, 16, tzinfo=UTC),
    as_of=datetime(2026, 7, 1, tzinfo=UTC),
)


def at(chance: Random) -> datetime:
    """Some moment around the year, now and then exactly at its ends."""
    ends = [YEAR.start, YEAR.end, YEAR.start - timedelta(microseconds=1)]
    return chance.choice([*ends, *[YEAR.start + timedelta(hours=chance.randrange(9_000))] * 9])


class Stories:
    """What a test writes, and what it knows of it without asking."""

    def __init__(self, world: World, chance: Random) -> None:
        self.world, self.chance = world, chance
        near = frozenset({world.county, world.city, world.province})
        self.around: dict[FacilityId, frozenset[UUID]] = {
            world.county_hospital: near,
            world.city_centre: frozenset({world.city, world.province}),
            world.stranger: frozenset({world.far_county, world.province}),
        }
        self.known: dict[Population, list[Known]] = {of: [] for of in NEW}
        self.counties = {world.county_hospital, world.stranger}
        self.homes = {
            world.county_hospital: world.county,
            world.city_centre: world.city,
            world.stranger: world.far_county,
        }

    def house(self) -> FacilityId:
        return self.chance.choice(sorted(self.around))

    def add(self, of: Population, house: FacilityId, when: datetime, said: dict[str, Any]) -> None:
        self.known[of].append(Known(house, self.around[house], when, said))


async def put(session: AsyncSession, table: str, **row: Any) -> None:
    """One row; what is not said is the table's default."""
    names = ", ".join(row)
    await session.execute(
        text(
            f"INSERT INTO {table} ({names}) SELECT {names}"
            f" FROM jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb))"
        ),
        {"row": msgspec.json.encode(row).decode()},
    )


async def region_of(session: AsyncSession, house: UUID) -> RegionId:
    query = text("SELECT region_id FROM facility WHERE id = :h")
    return RegionId((await session.execute(query, {"h": house})).scalar_one())
