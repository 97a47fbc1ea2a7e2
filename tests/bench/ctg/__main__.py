"""`make bench-ctg`: what a second of one monitor costs and how late a viewer sees it.

Everything is real: `yunshang gateway`, PostgreSQL with fsync, Valkey, a generator in a process of
its own whose latencies count from the intended moment. What we compare with runs in the same
rounds, one after the other; ratios are medians over the rounds. See docs/ctg-scale.md.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from realtime.agent.station import ACK_MS
from server.embedded.services import EmbeddedServices
from tests.bench.ctg import servers, usage
from tests.bench.ctg.figures import BARS, Found, figures, judged
from tests.bench.ctg.ground import Ground
from tests.bench.ctg.runs import Profile, Run, run
from tests.bench.ctg.schedule import WALL
from tests.telling import say

CENTRE = 20
MUX, SINGLE, LARGE, SMALL = 20_000, 5_000, 10_000, 400
ALIGNED_S = 0.05
ALIGNED_LAG_MS = 100
"""5,000 sends keep one core's kernel busy for longer than the 50 ms in which they are due. Latency
counts from then, so being late adds to the figure and takes nothing from it; no cost is read."""
SPARE_DESCRIPTORS = 500
POSTGRES = {"shared_buffers": "1GB"}
"""As docs/operators.md asks for where thousands of monitors come in."""
AGAIN = 2


def profiles(scale: float, seconds: int, others_s: int) -> dict[str, Profile]:
    """All that is measured, at full size or scaled down."""

    def sized(monitors: int, least: int) -> int:
        return max(least, round(monitors * scale / CENTRE) * CENTRE)

    single, small = sized(SINGLE, 40), max(40, min(SMALL, sized(SINGLE, 40)))
    mux = Profile("mux", "gateway", sized(MUX, 40), mux=CENTRE, copies=1, seconds=seconds)
    one = Profile("single", "gateway", single, seconds=seconds)
    found = [
        mux,
        replace(mux, name="mixed", mixed=True, seconds=others_s),
        one,
        replace(one, name="patient", ack_ms=ACK_MS),
        replace(one, name="aligned", spread_s=ALIGNED_S, seconds=others_s, lag_ms=ALIGNED_LAG_MS),
        replace(one, name="large", monitors=sized(LARGE, 80), copies=1),
        replace(one, name="plain", copies=0, seconds=others_s),
        replace(one, name="small", monitors=small, seconds=others_s),
        Profile("echo", "echo", single, copies=0, seconds=others_s),
        Profile("naive", "naive", small, seconds=others_s),
    ]
    if servers.mosquitto_program() is not None:
        found.append(Profile("mosquitto", "mosquitto", single, seconds=others_s))
    return {one.name: one for one in found}


ROUND = ("mux", "mosquitto", "single", "patient", "echo", "plain", "naive", "small")
ONCE = ("mixed", "large", "aligned")


def fitting(known: dict[str, Profile], descriptors: int) -> dict[str, Profile]:
    """What the descriptors of one process allow; says what it had to make smaller."""
    found = {}
    for name, one in known.items():
        needed = one.monitors // one.mux + one.copies * one.monitors // WALL + SPARE_DESCRIPTORS
        if needed > descriptors:
            fits = int(one.monitors * (descriptors - SPARE_DESCRIPTORS) / needed)
            fits -= fits % CENTRE
            say(f"{name}: {descriptors} descriptors a process allow {fits} of {one.monitors}")
            one = replace(one, monitors=fits)
        found[name] = one
    return found


def told(one: Run) -> str:
    """A line for people."""
    said, parts = one.said, " + ".join(f"{name} {us:g}" for name, us in one.cpu_us.items())
    line = (
        f"{one.profile.name:9} {one.profile.monitors:6}  {one.us:8.2f} µs ({parts})"
        f"  view p50 {said['view_ms']['p50']} p99 {said['view_ms']['p99']}"
        f" max {said['view_ms']['max']}  ack p50 {said['ack_ms']['p50']}"
        f" p99 {said['ack_ms']['p99']} ms  lag {one.lag_ms} ms"
        f"  {one.kib_per_connection} KiB/connection (+{one.slab_kib_per_connection} kernel)"
        f"  PSS {one.pss_mb} MB"
    )
    if one.profile.server == "gateway":
        line += f"  WAL {one.wal_bytes:g} B/sample, {one.wal_syncs} syncs, {one.chunks} chunks"
    wrong = {name: said[name] for name in ("gaps", "dups", "crc", "cut") if said[name]}
    missing = said["sent"] - said["acked"]
    wrong |= {"not acked": missing} if missing else {}
    wrong |= {"acked and lost": one.acked_lost} if one.acked_lost else {}
    wrong |= {"stored twice": one.stored_twice} if one.stored_twice else {}
    return line + (f"  WRONG: {wrong} {said['lost']}" if wrong else "")


async def measure(ground: Ground, known: dict[str, Profile], wanted: argparse.Namespace) -> Found:
    """All rounds; a run whose generator was late is void and made again."""
    largest = max(one.monitors for one in known.values())
    senders = max(one.monitors // one.mux for one in known.values())
    viewers = max(one.copies * one.monitors // WALL for one in known.values())
    await ground.prepare(largest, senders, viewers)
    found = Found()
    for turn in range(wanted.rounds):
        names = [*ROUND, *(ONCE if turn == 0 else ())]
        for name in names:
            if name not in known or (wanted.only and name not in wanted.only):
                continue
            for attempt in range(AGAIN + 1):
                one = await run(known[name], ground, wanted.warm, 100 * turn + attempt + 1)
                say(told(one) + ("  VOID: the generator was late" if one.void else ""))
                if not one.void:
                    break
            found.add(one)
    await ground.drop()
    return found


def machine() -> str:
    """What the figures were measured on."""
    named = ("picows", "uvloop", "asyncpg", "numpy", "litestar", "sqlalchemy", "redis")
    libraries = ", ".join(f"{name} {version(name)}" for name in named)
    load = os.getloadavg()[0]
    python = f"Python {platform.python_version()} of {sys.base_prefix}"
    return f"{os.cpu_count()} CPUs, load {load:.1f}, {python}, {libraries}"


def main() -> int:
    """Run with the given load; 1 when something was lost or, at full size, a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--monitors", type=int, default=MUX, help="multiplexed; scales the others")
    parser.add_argument("--seconds", type=int, default=60, help="of mux and single: one folding")
    parser.add_argument("--others", type=int, default=30, help="seconds of all others")
    parser.add_argument("--warm", type=int, default=5, help="seconds before figures count")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help=f"some of {', '.join((*ROUND, *ONCE))}")
    parser.add_argument("--keep", action="store_true", help="leave the logs where they are")
    wanted = parser.parse_args()
    say(machine())
    known = profiles(wanted.monitors / MUX, wanted.seconds, min(wanted.others, wanted.seconds))
    most = max(o.monitors // o.mux + o.copies * o.monitors // WALL for o in known.values())
    known = fitting(known, usage.raise_descriptors(most + SPARE_DESCRIPTORS))
    if "mosquitto" not in known:
        say("mosquitto is not installed: no ratio to it")
    found = _in_own_place(lambda ground: measure(ground, known, wanted), keep=wanted.keep)
    line = figures(found)
    for said in judged(line) if wanted.monitors >= MUX else []:
        say(said)
    say(json.dumps(line))
    full = wanted.monitors >= MUX and not wanted.only
    missed = full and any(not bar.met(line[bar.name]) for bar in BARS)
    return 1 if found.broken or missed else 0


def _in_own_place(work: Callable[[Ground], object], *, keep: bool) -> Found:
    place = Path(tempfile.mkdtemp(prefix="ys-ctg-"))
    place.chmod(0o755)
    try:
        with EmbeddedServices(place, settings=POSTGRES) as services:
            done = asyncio.run(work(Ground(place, services)))  # type: ignore[arg-type]
    finally:
        if keep:
            say(f"logs: {place}")
        else:
            shutil.rmtree(place, ignore_errors=True)
    assert isinstance(done, Found)
    return done


if __name__ == "__main__":
    raise SystemExit(main())
