"""`make bench-paging`: 20 pages a second for a minute, six phones each, one page to thirty.

Everything is real: PostgreSQL and Valkey with fsync, engines and serve as processes, HTTP to phones
in a process of their own. After the load everybody has an SMS number too, whose company takes every
call and never answers, and the load comes once more, shorter: the phones must ring as before.

A page's time runs from the moment when its own sender saw the commit to
the arrival of a call at a phone (every call counts, not only the first), and to the arrival of the
item at an open browser's socket. All clocks are this machine's monotonic one.
"""

import argparse
import asyncio
import json
import math
import multiprocessing
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy import text

from server.embedded.postgres import SUPERUSER
from server.embedded.services import EmbeddedServices
from server.keyfile import master_key
from server.migrate import upgrade
from tests.bench import ranks
from tests.bench.paging.load import Paged, drive, open_cases
from tests.fixtures.database import Clone
from tests.live.hung import HungCompany, add_points
from tests.live.phones import Ring
from tests.live.processes import Phones, Process, answers, beats, settings_of
from tests.live.town import SEEDER, Town, build
from tests.smoke.person import Person
from tests.telling import say

CENTRES, PEOPLE, TEAM = 10, 6, 30
SOCKETS = 6
BROWSERS = "browsers.log"
SETTLE_S = 30.0
LIMITS_MS = {
    "commit_to_send_p99_ms": 1_000,
    "commit_to_send_max_ms": 3_000,
    "mdt30_all_sent_ms": 1_000,
    "hung_p99_ms": 2_000,
}
"""From the commit to the ring."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The load."""

    rate: float
    seconds: float
    hung_s: float
    engines: int
    senders: int


def quantile(values: Sequence[float], share: float) -> float:
    """Nearest rank; milliseconds."""
    return round(ranks.quantile(values, share) * 1000, 1) if values else math.inf


async def _create(clone: Clone) -> None:
    root = await asyncpg.connect(clone.layout.postgres_url(SUPERUSER, "postgres"))
    await root.execute(f"CREATE DATABASE {clone.name} OWNER yunshang_owner")
    await root.close()
    await upgrade(clone.owner_url)


async def _browsers(town: Town, url: str) -> list[Person]:
    """Open browsers of people of the first centre."""
    return [await (await Person(url, name).log_in()).listen() for name in town.centres[0].logins]


async def _quiet(clone: Clone) -> None:
    """Until the engine has carried out what opening the cases caused."""
    waiting = text("SELECT count(*) FROM outbox WHERE done_at IS NULL AND dead_at IS NULL")
    left = 1
    while left:
        async with clone.system.session(SEEDER) as session:
            left = int((await session.execute(waiting)).scalar_one())
        await asyncio.sleep(0.2)
    await clone.close()


async def _load(town: Town, cases: list[object], wanted: Wanted, phones: Phones) -> list[Paged]:
    """Drive the load from two processes while the browsers listen here; wait until it is quiet."""
    count = len(cases)
    targets = [number % CENTRES for number in range(count)]
    targets[count // 2] = CENTRES  # the team of thirty, in the middle of it all
    loop, begin = asyncio.get_running_loop(), time.monotonic() + 3
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        shares = [
            loop.run_in_executor(
                pool,
                drive,
                town,
                cases[n::2],
                begin + n / wanted.rate,
                2 / wanted.rate,
                targets[n::2],
            )
            for n in range(2)
        ]
        done = list(await asyncio.gather(*shares))
    due = sum(people for part in done for _, people, _ in part.committed.values())
    pages = {page for part in done for page in part.committed}
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        if len({ring.message_id for ring in phones.rings() if ring.page_id in pages}) >= due:
            break
        await asyncio.sleep(0.2)
    await asyncio.sleep(0.5)
    return done


def _figures(done: list[Paged], found: list[Ring], browsers: list[Person]) -> dict[str, object]:
    committed = {page: seen for part in done for page, seen in part.committed.items()}
    first: dict[str, Ring] = {}
    found = [ring for ring in found if ring.page_id in committed]
    for ring in found:
        first.setdefault(ring.message_id, ring)
    by_page = Counter(ring.page_id for ring in first.values())
    late = [ring.at_s - committed[ring.page_id][0] for ring in first.values()]
    opening: dict[str, float] = {}
    for ring in first.values():
        opening[ring.page_id] = min(opening.get(ring.page_id, math.inf), ring.at_s)
    team = next(page for page, (_, people, _) in committed.items() if people == TEAM)
    sockets = [
        at - committed[message["data"]["page_id"]][0]
        for person in browsers
        for at, message in person.heard
        if message["type"] == "item" and message["kind"] == "page"
    ]
    errors = [code for part in done for code in part.errors]
    missing = sum(people - by_page[page] for page, (_, people, _) in committed.items())
    return {
        "commit_to_send_p50_ms": quantile(late, 0.5),
        "commit_to_send_p99_ms": quantile(late, 0.99),
        "commit_to_send_max_ms": quantile(late, 1),
        "first_send_p99_ms": quantile(
            [at - committed[page][0] for page, at in opening.items()], 0.99
        ),
        "in_app_p50_ms": quantile(sockets, 0.5),
        "in_app_p99_ms": quantile(sockets, 0.99),
        "mdt30_all_sent_ms": quantile(
            [
                max(ring.at_s for ring in first.values() if ring.page_id == team)
                - committed[team][0]
            ],
            1,
        ),
        "page_commit_p50_ms": quantile([took for _, _, took in committed.values()], 0.5),
        "pages": len(committed),
        "messages": len(first),
        "duplicates": len(found) - len(first),
        "errors": len(errors),
        "lost": missing + len(errors),
    }


async def _hung(
    town: Town, cases: list[object], wanted: Wanted, phones: Phones
) -> dict[str, object]:
    """The load once more while one company hangs."""
    await add_points(town, [person for centre in town.centres for person in centre.people])
    await town.clone.close()  # the load's processes open their own
    say(f"{len(cases)} pages while everybody's SMS company hangs")
    done = await _load(town, cases, wanted, phones)
    said = _figures(done, phones.rings(), [])
    return {"hung_p99_ms": said["commit_to_send_p99_ms"], "hung_lost": said["lost"]}


async def _measure(place: Path, services: EmbeddedServices, wanted: Wanted) -> dict[str, object]:
    with HungCompany() as company:
        return await _ring(place, services, wanted, company)


async def _ring(
    place: Path, services: EmbeddedServices, wanted: Wanted, company: HungCompany
) -> dict[str, object]:
    clone = Clone(services.layout, "bench_paging")
    await _create(clone)
    settings = settings_of(clone, place, services.layout.valkey_url)
    settings = company.contracted(settings, place)
    phones = Phones(place)
    town = await build(
        clone,
        master_key(settings),
        phones.url,
        [PEOPLE] * CENTRES + [TEAM],
        logins=SOCKETS,
    )
    count = math.ceil(wanted.rate * wanted.seconds)
    cases = await open_cases(town, count + math.ceil(wanted.rate * wanted.hung_s))
    await clone.close()
    names = ["serve"] + ["engine"] * wanted.engines + ["sender"] * wanted.senders
    running = [
        Process(name, settings, place / f"{name}{number}.log").start()
        for number, name in enumerate(names)
    ]
    browsers: list[Person] = []
    try:
        url = f"http://127.0.0.1:{settings.port}"
        await asyncio.to_thread(answers, url)
        await asyncio.to_thread(beats, settings, set(names))
        browsers = await _browsers(town, url)
        await _quiet(clone)
        say(f"{len(cases)} pages at {wanted.rate:g}/s; {', '.join(names)}; {len(browsers)} sockets")
        done = await _load(town, list(cases[:count]), wanted, phones)
        figures = _figures(done, phones.rings(), browsers)
        return figures | await _hung(town, list(cases[count:]), wanted, phones)
    finally:
        for person in browsers:
            await person.leave()
        for process in running:
            process.stop()
        phones.close()


def _some(value: str) -> float:
    """More than nothing: what was not tried is not good."""
    wanted = float(value)
    if not 0 < wanted < math.inf:
        raise argparse.ArgumentTypeError("must be more than 0")
    return wanted


def main() -> int:
    """Run with the given load; 1 when a call was lost or too late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=_some, default=20, help="pages per second")
    parser.add_argument("--seconds", type=_some, default=60, help="for how long")
    parser.add_argument("--hung", type=_some, default=15, help="seconds with a hung company")
    parser.add_argument("--engines", type=int, default=1, help="processes of engine")
    parser.add_argument("--senders", type=int, default=0, help="processes of sender beside them")
    parser.add_argument("--keep", action="store_true", help="leave the logs where they are")
    known = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="ys-paging-"))
    place.chmod(0o755)
    try:
        with EmbeddedServices(place) as services:
            wanted = Wanted(known.rate, known.seconds, known.hung, known.engines, known.senders)
            figures = asyncio.run(_measure(place, services, wanted))
    finally:
        if known.keep:
            say(f"logs: {place}")
        else:
            shutil.rmtree(place, ignore_errors=True)
    say(json.dumps(figures))
    late = any(float(str(figures[name])) >= limit for name, limit in LIMITS_MS.items())
    return 1 if figures["lost"] or figures["hung_lost"] or late else 0


if __name__ == "__main__":
    raise SystemExit(main())
