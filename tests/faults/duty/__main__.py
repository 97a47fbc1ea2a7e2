"""`make faults-duty`: what paging promises, while everything that can die does.

Real PostgreSQL and Valkey (with fsync), real engines and senders as processes, real HTTP to phones
in a process of their own. The last line says what was done and what became of it; see
docs/duty-faults.md for what each figure means.
"""

import argparse
import asyncio
import json
import random
import time
from dataclasses import dataclass

from kernel.sealing import Sealer
from server.keyfile import master_key
from tests.faults.duty import storm as troubles
from tests.faults.duty.crowd import Crowd
from tests.faults.duty.ground import Ground
from tests.faults.duty.points import POINTS
from tests.faults.duty.storm import Storm, say
from tests.faults.duty.verdict import Verdict, judge
from tests.live.town import Town, build

CENTRES, PEOPLE = 6, 3
STEP_S, REPEAT_S = 2.0, 3


@dataclass(frozen=True, slots=True)
class Profile:
    """How much of everything."""

    points: tuple[str, ...] = POINTS
    kills: int = 300
    every_s: float = 0.7
    rate: float = 3.0
    crashes: int = 12
    pauses: int = 3
    others: bool = True
    seed: int = 1


FULL = Profile()


async def found(ground: Ground) -> Town:
    """The town: all phones answer, but one in three refuses its first call."""
    return await build(
        ground.clone,
        Sealer(master_key(ground.settings)),
        ground.phones.url,
        [PEOPLE] * CENTRES,
        modes=("ok", "ok", "busy"),
        delays_s=(0, STEP_S),
        repeat_s=REPEAT_S,
    )


async def run(ground: Ground, profile: Profile) -> tuple[Storm, Verdict]:
    """Bring everything about and judge."""
    dice = random.Random(profile.seed)
    town = await found(ground)
    storm = Storm(ground, town, Crowd(town, dice), dice)
    steps = [("labelled points", lambda: troubles.labelled(storm, profile.points))]
    if profile.kills:
        steps.append(
            (
                "random kills",
                lambda: troubles.random_kills(
                    storm, profile.kills, profile.every_s, profile.rate, profile.crashes
                ),
            )
        )
    if profile.pauses:
        steps.append(("pauses past the lease", lambda: troubles.paused(storm, profile.pauses)))
    if profile.others:
        steps += [
            (name, lambda trouble=trouble: trouble(storm))
            for name, trouble in troubles.TROUBLES.items()
        ]
    for name, bring_about in steps:
        begun = time.monotonic()
        await bring_about()
        say(f"{name}: {time.monotonic() - begun:.0f} s, {storm.kills} kills so far")
    said = await judge(ground.clone.superuser_url, storm.crowd.committed, ground.phones.rings())
    await ground.clone.close()
    return storm, said


def main() -> int:
    """Run; 1 when anything was lost, decided twice or shown twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=FULL.kills, help="random kill -9")
    parser.add_argument("--every", type=float, default=FULL.every_s, help="seconds between them")
    parser.add_argument("--rate", type=float, default=FULL.rate, help="pages a second meanwhile")
    parser.add_argument("--crashes", type=int, default=FULL.crashes, help="of PostgreSQL")
    parser.add_argument("--pauses", type=int, default=FULL.pauses, help="SIGSTOP past the lease")
    parser.add_argument("--seed", type=int, default=1, help="of the dice")
    wanted = parser.parse_args()
    profile = Profile(
        kills=wanted.kills,
        every_s=wanted.every,
        rate=wanted.rate,
        crashes=wanted.crashes,
        pauses=wanted.pauses,
        seed=wanted.seed,
    )
    with Ground() as ground:
        storm, said = asyncio.run(run(ground, profile))
        crashes = ground.crashes
    for line in (*said.lost[:20], *said.duplicate_decisions[:20]):
        say(line)
    if storm.missed:
        say(f"points never reached: {', '.join(storm.missed)}")
    good = not said.lost and not said.duplicate_decisions and said.shown_once and not storm.missed
    say(
        json.dumps(
            {
                "kills": storm.kills,
                "postgres_crashes": crashes,
                "pages": said.pages,
                "messages": said.messages,
                "lost": len(said.lost),
                "duplicate_decisions": len(said.duplicate_decisions),
                "duplicate_sends": said.duplicate_sends,
                "shown_once": said.shown_once,
                "max_recovery_s": round(said.max_recovery_s, 2),
                **storm.notes,
            }
        )
    )
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
