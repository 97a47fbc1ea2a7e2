"""`make bench-indicators`: all indicators of a province's year, beside DuckDB on the same facts.

In one run, on this machine: the facts are built from the chain and from imported rows; every
indicator is counted for every region and facility, by PostgreSQL and by DuckDB, and the two must
agree on every number; 1,000 events are appended as the platform appends them and the facts caught
up; then pages are asked for through a running server. Nothing else should run beside it.
"""

import argparse
import asyncio
import json
import math
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import text

from kernel.chain import append
from kernel.clock import SystemClock
from kernel.ids import CaseId
from kernel.viewer import Role, Viewer
from quality import cell_keeping, facts, levels
from quality.handbook import versions
from quality.handbook.versions import Version
from quality.indicators import target_s
from quality.levels import Areas
from quality.passes import Asked
from quality.repository import Scope
from quality.vocabulary import ElsewhereMeasure
from registry.facilities.rules import local_date
from registry.people import passwords
from registry.people.service import Grant, create_person_with_account
from server.demo import PASSWORD
from server.embedded.postgres import SUPERUSER
from server.embedded.services import EmbeddedServices
from server.migrate import upgrade
from tests.bench.indicators import duck, pages, province
from tests.bench.indicators.duck import NUMBERS, Found
from tests.bench.indicators.load import Size, load
from tests.bench.indicators.province import Province
from tests.bench.ranks import quantile
from tests.fixtures.database import Clone
from tests.live.processes import settings_of
from tests.registry.world import SEALER
from tests.telling import say

SYSTEM = Viewer.system("bench")
NEW_EVENTS = 1000
TARGETS = {"ratio": 3, "incremental_s": 5, "page_p95_ms": 300}


@dataclass(frozen=True, slots=True)
class Year:
    """What was made, and up to when."""

    until: datetime
    size: Size
    places: Province

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return self.until - timedelta(days=365)


async def _year(clone: Clone, place: Path, size: Size) -> Year:
    """The year in `place`: as an earlier run left it, in today's tables, or made now."""
    note = place / "year.json"
    if note.exists():
        year = msgspec.json.decode(note.read_bytes(), type=Year)
        if year.size != size:
            raise SystemExit(f"{place} holds {year.size}")
        say(f"the year up to {year.until:%Y-%m-%d} that {place} holds")
        await upgrade(clone.owner_url)
        async with clone.system.session(SYSTEM) as session:
            await versions.install_shipped(session)
        return year
    until = pages.now()
    year = Year(until, size, await _prepare(clone, size, until - timedelta(days=365)))
    note.write_bytes(msgspec.json.encode(year))
    return year


async def _prepare(clone: Clone, size: Size, start: datetime) -> Province:
    root = await asyncpg.connect(clone.layout.postgres_url(SUPERUSER, "postgres"))
    await root.execute(f"CREATE DATABASE {clone.name} OWNER yunshang_owner")
    await root.close()
    await upgrade(clone.owner_url)
    async with clone.system.session(SYSTEM) as session:
        places = await province.build(session)
        await versions.install_shipped(session)
        person, _ = await create_person_with_account(
            session,
            SystemClock(),
            SEALER,
            facility_id=places.centre,
            name="量得官",
            login=pages.LOGIN,
            password_hash=passwords.hash_password(PASSWORD),
            grants=[Grant(Role.COMMISSION, region_id=places.region)],
            phone=None,
        )
    begun = time.monotonic()
    ends = [start + timedelta(days=365), _scope(start).end]
    days = [local_date(one - timedelta(microseconds=1)) for one in ends]
    events = await load(clone.superuser_url, places, size, start, person, days)
    say(
        f"{size.deliveries} deliveries, {events} events of {size.cases} transfers, {size.files} "
        f"high-risk files at {len(places.houses)} houses; made in {time.monotonic() - begun:.0f} s"
    )
    return places


def _scope(start: datetime) -> Scope:
    """What is counted and compared: the year, and what it leaves to be done after it."""
    return Scope(start - timedelta(days=1), start + timedelta(days=395))


async def _caught_up(clone: Clone) -> tuple[int, float]:
    """Batches, and seconds until nothing waits."""
    begun, batches = time.perf_counter(), 0
    while True:
        batches += 1
        if not await facts.keep_up(clone.system):
            return batches, time.perf_counter() - begun


async def _rebuild(clone: Clone) -> float:
    begun = time.perf_counter()
    owner = await asyncpg.connect(clone.superuser_url)  # rows of a whole year take more than 30 s
    await owner.execute("SELECT fact_rebuild()")
    # Registrations are kept up by triggers, which the year was made without.
    await owner.execute("DELETE FROM fact_pregnancy")
    await owner.execute("INSERT INTO fact_pregnancy SELECT * FROM fact_pregnancy_now")
    took = time.perf_counter() - begun
    batches, more = await _caught_up(clone)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()
    say(
        f"facts from the beginning: {took + more:.0f} s, {took:.0f} s of them imported rows;"
        f" {batches} batches of cases"
    )
    return took + more


async def _keep_cells(clone: Clone) -> None:
    """What the engine counts of months that are over."""
    begun, rounds = time.perf_counter(), 0
    while await cell_keeping.keep_up(clone.system):
        rounds += 1
    say(f"months that are over kept in {time.perf_counter() - begun:.1f} s, {rounds} transactions")


async def _count(
    clone: Clone, scope: Scope, wanted: Sequence[Version]
) -> tuple[float, list[Areas]]:
    """Median of three."""
    asked = [Asked(one.definition.measure, target_s(one.definition)) for one in wanted]  # type: ignore[arg-type]
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        async with clone.system.session(SYSTEM) as session:
            found = await levels.everywhere(session, scope, "with", asked)
        took.append(time.perf_counter() - begun)
    return quantile(took, 0.5), found


async def _duck(
    clone: Clone, place: Path, scope: Scope, wanted: Sequence[Version]
) -> tuple[float, dict[tuple[str, UUID], Found]]:
    connection = await duck.take(clone.superuser_url, place, scope)
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        found = duck.count(connection, [one.definition for one in wanted])
        took.append(time.perf_counter() - begun)
    connection.close()
    return quantile(took, 0.5), found


def _agree(
    wanted: Sequence[Version], ours: Sequence[Areas], theirs: dict[tuple[str, UUID], Found]
) -> int:
    """How many numbers were compared.

    Raises:
        AssertionError: one differs.
    """
    compared = 0
    for version, areas in zip(wanted, ours, strict=True):
        code = version.definition.code
        for area, group in areas.items():
            found = theirs.get((code, area), Found((0,) * len(NUMBERS), None, None))
            counts = tuple(getattr(group, name) for name in NUMBERS)
            assert counts == found.counts, (code, area, counts, found)
            for mine, other in ((group.p50_s, found.p50_s), (group.p90_s, found.p90_s)):
                assert (mine is None) == (other is None), (code, area)
                assert mine is None or math.isclose(mine, other or 0, rel_tol=1e-9), (code, area)
            compared += len(NUMBERS) + 2
    return compared


async def _incremental(clone: Clone) -> float:
    async with clone.system.session(SYSTEM) as session:
        query = text("SELECT case_id FROM case_head ORDER BY md5(case_id::text) LIMIT :n")
        cases = list((await session.execute(query, {"n": NEW_EVENTS})).scalars())
        for n, case_id in enumerate(cases):
            kind = ("leg.reported", "milestone.birth", "leg.arrived", "referral.voided")[n % 4]
            clock = SystemClock()
            await append(session, clock, CaseId(case_id), kind, viewer=SYSTEM, payload={})
    _, took = await _caught_up(clone)
    return took


async def measure(
    services: EmbeddedServices, place: Path, size: Size, times: int
) -> dict[str, float]:
    """The figures."""
    clone = Clone(services.layout, "bench_indicators")
    year = await _year(clone, place, size)
    await _rebuild(clone)
    async with clone.system.session(SYSTEM) as session:
        counting = await versions.counting(session, year.until.date())
    wanted = [one for one in counting if not isinstance(one.definition.measure, ElsewhereMeasure)]
    scope = _scope(year.start)
    full_s, ours = await _count(clone, scope, wanted)
    duckdb_s, theirs = await _duck(clone, place, scope, wanted)
    compared = _agree(wanted, ours, theirs)
    say(f"{len(wanted)} indicators, {max(map(len, ours))} places; {compared} numbers are equal")
    await _keep_cells(clone)
    incremental_s = await _incremental(clone)
    await _keep_cells(clone)
    settings = settings_of(clone, place, services.layout.valkey_url)
    took = await pages.ask(settings, place, year.places, year.until, times)
    for name, seconds in took.items():
        say(
            f"  {name:<24} p50 {quantile(seconds, 0.5) * 1000:6.0f} ms"
            f"   p95 {quantile(seconds, 0.95) * 1000:6.0f} ms   n={len(seconds)}"
        )
    await clone.close()
    every = [one for part in took.values() for one in part]
    return {
        "full_s": round(full_s, 2),
        "duckdb_s": round(duckdb_s, 2),
        "ratio": round(full_s / duckdb_s, 2),
        "incremental_s": round(incremental_s, 2),
        "page_p95_ms": round(quantile(every, 0.95) * 1000, 1),
    }


def main() -> int:
    """Run; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=400_000)
    parser.add_argument("--cases", type=int, default=155_000, help="transfers, of 20 events each")
    parser.add_argument("--times", type=int, default=5, help="rounds of pages")
    parser.add_argument("--keep", type=Path, help="folder for the year: made once, used again")
    wanted = parser.parse_args()
    place = wanted.keep or Path(tempfile.mkdtemp(prefix="ys-bench-"))
    place.mkdir(exist_ok=True)
    place.chmod(0o755)
    try:
        with EmbeddedServices(place) as services:
            size = Size(wanted.deliveries, wanted.cases)
            figures = asyncio.run(measure(services, place, size, wanted.times))
    finally:
        if wanted.keep is None:
            shutil.rmtree(place, ignore_errors=True)
    say(json.dumps(figures))
    missed = [name for name, most in TARGETS.items() if figures[name] > most]
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
