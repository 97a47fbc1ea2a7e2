"""`make faults-ctg`: what is acknowledged stays, whatever dies; what is malformed hurts nobody.

Real gateways on one port, PostgreSQL and Valkey with fsync, centres that send real recordings from
a process that may be killed too, viewers who come back. The last line says what was done and what
became of it; docs/ctg-scale.md says what each figure means.
"""

import argparse
import asyncio
import json
import math
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from server.embedded.services import EmbeddedServices
from tests.bench.ctg import usage
from tests.bench.ctg.ground import VIEWERS_A_LOGIN
from tests.bench.ctg.ground import Ground as Bench
from tests.faults.ctg import hostile, tracings
from tests.faults.ctg.centre import Centre
from tests.faults.ctg.disk import Disk, fill, slow, small_disk
from tests.faults.ctg.ground import Ground
from tests.faults.ctg.hostile import Hostile
from tests.faults.ctg.rolling import Rolling, roll
from tests.faults.ctg.sender import Plan
from tests.faults.ctg.storm import Storm
from tests.faults.ctg.verdict import Verdict, judge, judge_centre
from tests.faults.ctg.viewers import Viewer, Watching
from tests.telling import say

MUX, AGENT = 20, 1
DESCRIPTORS = 4_096
RESUME_S, SLOWER = 5.0, 2.0


@dataclass(frozen=True, slots=True)
class Profile:
    """How much of everything; `seconds` is the most that is ever sent of a stream."""

    streams: int = 500
    gateways: int = 2
    agents: int = 20
    """Monitors of the centre that has the real agent."""
    wall: int = 20
    """Streams that one viewer looks at."""
    kills: int = 108
    between_s: tuple[float, float] = (0.2, 4.0)
    drains: int = 3
    """How often a gateway is replaced gently."""
    disk_s: float = 20.0
    """How long PostgreSQL's disk is full, and how long its commits are slow; 0 for never."""
    small_disk: bool = False
    """Whether PostgreSQL's files lie on a file system that may be filled."""
    seconds: int = 1_200
    warm_s: float = 8.0
    end_s: float = 120.0
    abuse: hostile.Wanted = field(default_factory=hostile.Wanted)
    seed: int = 1


FULL = Profile()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, and what became of it."""

    storm: Storm
    abused: Hostile
    said: Verdict
    rolling: Rolling
    disk: Disk | None
    ended: bool
    """Whether every centre could end with everything acknowledged."""
    real: bool

    @property
    def good(self) -> bool:
        """Nothing lost, changed or doubled, and nothing wrong was shown; timings apart."""
        well = self.said.good and self.ended and self.abused.good and self.rolling.good
        well = well and (self.disk is None or self.disk.good)
        return well and self.storm.unhealed == 0 and self.storm.watching.wrong == 0

    def line(self) -> dict[str, Any]:
        """The last line."""
        resumed = [one for many in self.storm.resumed().values() for one in many]
        return {
            "kills": len(self.storm.kills),
            "acked_lost": self.said.acked_lost,
            "stored_equals_sent": self.ended and self.said.different == 0,
            "duplicates": self.said.duplicates + self.said.conflicts,
            "viewer_resume_p95_s": quantile(resumed, 0.95),
            "drains": len(self.rolling.gateways),
            "drain_view_p99_ms": hostile.p99_ms(self.rolling.late_s),
            "full_disk_healed_s": self.disk and self.disk.healed_full_s,
            "slow_disk_healed_s": self.disk and self.disk.healed_slow_s,
            "seconds_sent": self.said.sent,
            "agent_seconds": self.said.agent_seconds,
            "real_recordings": self.real,
            "malformed": self.abused.said["sent"],
            "malformed_crashes": self.abused.crashes,
            "malformed_memory_mb": self.abused.grown_mb,
            "healthy_p99_before_ms": self.abused.before_ms,
            "healthy_p99_ratio": self.abused.ratio,
            "stalled_viewer_kib": self.abused.stalled_kib,
            "stalled_kernel_kib": self.abused.kernel_kib,
        }


def quantile(values: Sequence[float], share: float) -> float:
    """Nearest rank."""
    ranked = sorted(values)
    return round(ranked[math.ceil(len(ranked) * share) - 1], 2) if ranked else math.inf


async def run(services: EmbeddedServices, place: Path, profile: Profile) -> Outcome:
    """Send, kill, abuse, heal, judge."""
    dice = random.Random(profile.seed)
    bench = Bench(place, services)
    await bench.prepare(profile.streams + profile.agents, 1 + AGENT, 2 * VIEWERS_A_LOGIN)
    await bench.fresh()
    ground = Ground(bench, profile.gateways, dice)
    try:
        await ground.serves()
        return await _run(ground, profile, dice)
    finally:
        ground.close()


async def _run(ground: Ground, profile: Profile, dice: random.Random) -> Outcome:
    file = ground.place / "tracings.bin"
    made = await asyncio.to_thread(
        tracings.write, file, profile.streams, profile.seconds, MUX, time.time_ns(), dice
    )
    names = {name: str(ground.place / name) for name in ("ledger", "wrong", "stop")}
    plan = Plan(
        url=ground.url, token="bench-0",
        recordings=tuple(str(uuid4()) for _ in range(profile.streams)),
        mux=MUX, start=time.time() + 3, seconds=profile.seconds, tracings=str(file), **names,
    )  # fmt: skip
    ground.start_sender(plan)
    watching = Watching(plan, made, ground.headers)
    walls = _walls(profile, dice)
    devices = [f"SN-{profile.streams + n:05d}" for n in range(profile.agents)]
    centre = Centre(ground.place / "centre", ground.url, f"bench-{AGENT}", devices)
    ground.centre = centre
    speaking = asyncio.create_task(centre.speak())
    looking = [asyncio.create_task(Viewer(watching, wall).run()) for wall in walls]
    storm = Storm(ground, watching, dice, profile.between_s)
    try:
        await _shown(watching, plan.start + profile.warm_s)
        await storm.blow(profile.kills)
        await ground.serves()
        rolling = await roll(ground, watching, profile.drains)
        disk = await _disk(ground, watching, profile)
        abused = await hostile.abuse(ground, watching, profile.abuse)
        last = min(profile.seconds, int(time.time() - plan.start))
        await asyncio.to_thread(Path(plan.stop).write_text, str(last))
        speaking.cancel()
        ended = await ground.sender_ends(profile.end_s)
        ended &= await centre.all_acked(profile.end_s)
    finally:
        for task in (*looking, speaking):
            task.cancel()
        await asyncio.gather(*looking, speaking, return_exceptions=True)
    centre.hush()
    said = await judge(ground.clone.system_url, plan, made, last)
    await judge_centre(ground.clone.system_url, centre, said)
    return Outcome(storm, abused, said, rolling, disk, ended, made.real)


async def _disk(ground: Ground, watching: Watching, profile: Profile) -> Disk | None:
    if not profile.disk_s:
        return None
    found = Disk()
    await slow(ground, watching, profile.disk_s, found)
    if profile.small_disk:
        await fill(ground, watching, profile.disk_s, found)
    return found


def _walls(profile: Profile, dice: random.Random) -> list[list[int]]:
    mixed = list(range(profile.streams))
    dice.shuffle(mixed)
    return [mixed[at : at + profile.wall] for at in range(0, profile.streams, profile.wall)]


async def _shown(watching: Watching, since_s: float, patience_s: float = 90.0) -> None:
    """Wait until every wall shows every stream."""
    deadline = time.monotonic() + patience_s
    while not watching.healed(since_s):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not every stream is shown: {watching.refused}")
        await asyncio.sleep(0.1)


def explain(done: Outcome) -> None:
    """For people."""
    for target, found in sorted(done.storm.resumed().items()):
        say(
            f"{target:9} killed {done.storm.by_target[target]:3} times;"
            f" seen again after p50 {quantile(found, 0.5)} s, p95 {quantile(found, 0.95)} s,"
            f" at most {quantile(found, 1)} s"
        )
    if not done.good:
        say(f"WRONG: {done.said} ended={done.ended} unhealed={done.storm.unhealed}")
        say(f"WRONG: {done.disk} commands={done.rolling.commands} left={done.rolling.gateways}")
        say(f"WRONG: wrong frames seen {done.storm.watching.wrong}; {done.abused}")


def main() -> int:
    """Run with the given load; 1 when something was lost or a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=FULL.streams)
    parser.add_argument("--gateways", type=int, default=FULL.gateways)
    parser.add_argument("--kills", type=int, default=FULL.kills)
    parser.add_argument("--malformed", type=int, default=FULL.abuse.messages)
    parser.add_argument("--rate", type=float, default=FULL.abuse.rate, help="malformed a second")
    parser.add_argument("--drains", type=int, default=FULL.drains)
    parser.add_argument("--disk-s", type=float, default=FULL.disk_s, help="0: no ill disk")
    parser.add_argument("--seed", type=int, default=FULL.seed)
    wanted = parser.parse_args()
    usage.raise_descriptors(DESCRIPTORS)
    profile = replace(
        FULL, streams=wanted.streams, gateways=wanted.gateways, kills=wanted.kills,
        seed=wanted.seed, drains=wanted.drains, disk_s=wanted.disk_s,
        abuse=replace(FULL.abuse, messages=wanted.malformed, rate=wanted.rate),
    )  # fmt: skip
    begun, place = time.monotonic(), Path(tempfile.mkdtemp(prefix="ys-ctg-"))
    place.chmod(0o755)
    with small_disk(place / "services") as small:
        if not small:
            say("no full disk: that needs root, who may mount a small file system")
        with EmbeddedServices(place / "services") as services:
            done = asyncio.run(run(services, place, replace(profile, small_disk=small)))
    explain(done)
    say(f"{time.monotonic() - begun:.0f} s")
    if done.good:
        shutil.rmtree(place, ignore_errors=True)
    else:
        say(f"logs: {place}")
    line = done.line()
    say(json.dumps(line))
    timely = line["viewer_resume_p95_s"] <= RESUME_S and line["healthy_p99_ratio"] <= SLOWER
    return 0 if done.good and timely else 1


if __name__ == "__main__":
    raise SystemExit(main())
