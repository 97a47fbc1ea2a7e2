"""`make bench-referral`: 50 referrals a second for a minute, twenty transitions each.

The load is offered on that schedule and never faster; where the machine cannot keep up, it is
carried out to the end with a bounded number of cases on their way at once, and the figures say
what was reached. A transition's time runs from asking for a connection to the commit.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg

from kernel.chain.checkpoint import ChainCheckpointer, CheckpointFile
from kernel.chain.export import read_export
from kernel.chain.signing import Signer
from kernel.chain.verify import verify
from kernel.clock import SystemClock
from server.embedded.postgres import SUPERUSER
from server.embedded.services import EmbeddedServices
from server.migrate import upgrade
from tests.bench.ranks import quantile
from tests.bench.referral import floor
from tests.bench.referral.journey import TRANSITIONS
from tests.bench.referral.load import LANES, drive
from tests.fixtures.database import Clone
from tests.referral.network import SEEDER, Network, build
from tests.telling import say

FLOOR_TRANSACTIONS = 6000


async def _register(net: Network, count: int) -> list[UUID]:
    """Women who will be transferred; registering them is not what is measured."""
    found: list[UUID] = []

    async def lane(share: int) -> None:
        for _ in range(share):
            woman = await net.pregnancy(net.staff["county_doctor"])
            found.append(woman)

    await asyncio.gather(*(lane(count // 10 + (n < count % 10)) for n in range(10)))
    return found


async def _begin(clone: Clone, count: int) -> tuple[Network, list[UUID]]:
    root = await asyncpg.connect(clone.layout.postgres_url(SUPERUSER, "postgres"))
    await root.execute(f"CREATE DATABASE {clone.name} OWNER yunshang_owner")
    await root.close()
    await upgrade(clone.owner_url)
    net = await build(clone, SystemClock())
    women = await _register(net, count)
    await clone.close()
    return net, women


async def _verified(clone: Clone, place: Path) -> tuple[str, int]:
    signer, file = Signer.load_or_create(place), CheckpointFile(place / "checkpoints.jsonl")
    await ChainCheckpointer(clone.system, signer, file).run_once()
    async with clone.system.session(SEEDER) as session:
        report = verify(
            await read_export(session), checkpoint_file=(place / "checkpoints.jsonl").read_bytes()
        )
    await clone.close()
    return ("ok" if report.ok else "tampered"), report.events


async def _floor(url: str, written: list[floor.Written], lanes: int) -> float:
    samples = await floor.prepare(url, written)
    return await floor.run(url, written, samples, FLOOR_TRANSACTIONS, lanes)


def measure(
    services: EmbeddedServices, place: Path, rate: float, seconds: float
) -> dict[str, object]:
    """The figures."""
    count, processes = int(rate * seconds), os.cpu_count() or 1
    clone = Clone(services.layout, "bench_referral")
    net, women = asyncio.run(_begin(clone, count))
    say(f"{count} women registered; {count * TRANSITIONS} transitions in {processes} processes")
    before = asyncio.run(floor.counted(clone.superuser_url))
    begun = time.monotonic()
    shares = [women[n::processes] for n in range(processes)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        start = partial(drive, net, begun + 2, processes / rate)
        done = list(pool.map(start, shares))
    took = time.monotonic() - begun - 2
    times = [value for part in done for value in part.seconds]
    errors = [code for part in done for code in part.errors]
    lost = count - sum(part.finished for part in done) - len(errors)
    after = asyncio.run(floor.counted(clone.superuser_url))
    written = floor.per_transition(before, after, len(times))
    for entry in sorted(written, key=lambda entry: -entry.inserts):
        say(f"  {entry.table:<22} {entry.inserts:5.2f} inserts {entry.updates:5.2f} updates each")
    plain_s = asyncio.run(_floor(clone.superuser_url, written, LANES * processes))
    verdict, events = asyncio.run(_verified(clone, place))
    ours_s = took / len(times)
    say(f"{len(times)} transitions in {took:.1f} s, offered in {seconds:.0f} s; {events} events")
    say(f"plain rows: {1 / plain_s:.0f} transactions/s")
    return {
        "transitions_per_s": round(1 / ours_s, 1),
        "offered_per_s": rate * TRANSITIONS,
        "p50_ms": round(quantile(times, 0.5) * 1000, 1),
        "p99_ms": round(quantile(times, 0.99) * 1000, 1),
        "errors": len(errors),
        "lost": lost,
        "verify": verdict,
        "floor_ratio": round(ours_s / plain_s, 2),
    }


def main() -> int:
    """Run with the given load; 1 when anything was lost, refused or changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50, help="referrals per second")
    parser.add_argument("--seconds", type=float, default=60, help="for how long")
    wanted = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="ys-bench-"))
    place.chmod(0o755)
    try:
        with EmbeddedServices(place) as services:
            figures = measure(services, place, wanted.rate, wanted.seconds)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    say(json.dumps(figures))
    return 0 if (figures["errors"], figures["lost"], figures["verify"]) == (0, 0, "ok") else 1


if __name__ == "__main__":
    raise SystemExit(main())
