"""`make faults-duty`: what paging promises, while everything that can die does.

Real PostgreSQL and Valkey (with fsync), real engines and senders as processes, real HTTP to phones
in a process of their own. The last line says what was done and what became of it; see
docs/duty-faults.md for what each figure means.
"""

import argparse
import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from server.keyfile import master_key
from tests.faults.duty import rosters
from tests.faults.duty import storm as troubles
from tests.faults.duty.crowd import Crowd
from tests.faults.duty.ground import Ground
from tests.faults.duty.nursery import warm
from tests.faults.duty.points import POINTS
from tests.faults.duty.promotion import Node, Succession, succeed
from tests.faults.duty.race import Raced, race_apart
from tests.faults.duty.storm import REPEAT_S, STEP_S, Storm
from tests.faults.duty.verdict import Verdict, judge
from tests.live.hung import add_points
from tests.live.town import Town, build
from tests.telling import say

CENTRES, PEOPLE = 6, 3
RECOVERED_S = 10.0
"""Whatever happens, whoever is paged has rung by then."""

NAMES = (
    "labelled points",
    "random kills",
    "pauses past the lease",
    *troubles.TROUBLES,
    *rosters.TROUBLES,
)


@dataclass(frozen=True, slots=True)
class Profile:
    """How much of everything."""

    points: tuple[str, ...] = POINTS
    kills: int = 300
    every_s: float = 0.7
    rate: float = 3.0
    late_s: tuple[float, float] = (6, 9)
    crashes: int = 30
    pauses: int = 3
    troubles: tuple[str, ...] = NAMES
    trials: int = 10_000
    promotions: int = 20
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, and what became of it."""

    storm: Storm
    said: Verdict
    raced: Raced
    succession: Succession

    @property
    def lost(self) -> list[str]:
        """Everything promised that is not there."""
        gone = [f"page {page} did not outlive its server" for page in self.succession.lost]
        return self.said.lost + gone

    @property
    def twice(self) -> list[str]:
        """Every decision taken twice or too late."""
        return [*self.said.duplicate_decisions, *self.raced.wrong]

    @property
    def late(self) -> list[str]:
        """Every ring and every step that came too late or too soon."""
        waited = self.said.max_recovery_s
        slow = [f"somebody waited {waited:.2f} s"] if waited >= RECOVERED_S else []
        return slow + self.storm.late

    @property
    def good(self) -> bool:
        """Nothing lost, twice or late, and every point was really reached."""
        right = not self.lost and not self.twice and not self.storm.misled
        return right and self.said.shown_once and not self.late and not self.storm.missed


FULL = Profile()
ERROR = re.compile(r"\[error *\] ([a-z_.]+)|(deadlock detected)")


async def found(ground: Ground) -> Town:
    """The town: all phones answer, but one in three refuses its first call, and everybody's SMS
    company takes what it is given and never says a word."""
    town = await build(
        ground.clone,
        master_key(ground.settings),
        ground.phones.url,
        [PEOPLE] * CENTRES,
        modes=("ok", "ok", "busy"),
        delays_s=(0, STEP_S),
        repeat_s=REPEAT_S,
    )
    await add_points(town, [person for centre in town.centres for person in centre.people])
    return town


async def run(ground: Ground, profile: Profile) -> Outcome:
    """Bring everything about and judge."""
    dice = random.Random(profile.seed)
    town = await found(ground)
    await asyncio.to_thread(warm)
    storm = Storm(ground, town, Crowd(town, ground.phones, dice, profile.late_s), dice)
    for name, bring_about in _troubles(storm, profile):
        begun = time.monotonic()
        await bring_about()
        say(f"{name}: {time.monotonic() - begun:.0f} s, {storm.kills} kills so far")
    for word, count in complaints(ground.place).items():
        say(f"  {word}: {count} times in the logs")
    crowd, rings = storm.crowd, ground.phones.rings()
    said = await judge(ground.clone.superuser_url, crowd.committed, rings, crowd.delivered)
    begun = time.monotonic()
    log = ground.place / "race.log"
    raced = await race_apart(town, town.centres[0], profile.trials, log)
    say(f"answers racing escalations: {time.monotonic() - begun:.0f} s, {raced.trials} trials")
    await ground.clone.close()
    if not profile.promotions:
        return Outcome(storm, said, raced, Succession())
    begun = time.monotonic()
    first = Node(ground.layout, ground.postgres)
    succession = await succeed(town, first, ground.place, profile.promotions)
    say(f"promotions: {time.monotonic() - begun:.0f} s, {succession.rounds} of them")
    return Outcome(storm, said, raced, succession)


def complaints(place: Path) -> dict[str, int]:
    """What the processes logged as errors, for whoever looks for the reason of a figure."""
    words = "".join(log.read_text(errors="replace") for log in sorted(place.glob("*.log")))
    found = Counter(event or words for event, words in ERROR.findall(words))
    return dict(found.most_common())


def _troubles(storm: Storm, profile: Profile) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    kills = partial(
        troubles.random_kills,
        storm,
        profile.kills,
        profile.every_s,
        profile.rate,
        profile.crashes,
    )
    known: dict[str, Callable[[], Awaitable[None]]] = {
        "labelled points": partial(troubles.labelled, storm, profile.points),
        "random kills": kills,
        "pauses past the lease": partial(troubles.paused, storm, profile.pauses),
    }
    known |= {name: partial(one, storm) for name, one in troubles.TROUBLES.items()}
    known |= {name: partial(one, storm) for name, one in rosters.TROUBLES.items()}
    return [(name, known[name]) for name in NAMES if name in profile.troubles]


def main() -> int:
    """Run; 1 when anything was lost, decided twice, shown twice or too late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=FULL.kills, help="random kill -9")
    parser.add_argument("--every", type=float, default=FULL.every_s, help="seconds between them")
    parser.add_argument("--rate", type=float, default=FULL.rate, help="pages a second meanwhile")
    parser.add_argument("--crashes", type=int, default=FULL.crashes, help="of PostgreSQL")
    parser.add_argument("--pauses", type=int, default=FULL.pauses, help="SIGSTOP past the lease")
    parser.add_argument("--trials", type=int, default=FULL.trials, help="answers that race a step")
    parser.add_argument("--promotions", type=int, default=FULL.promotions, help="of a replica")
    parser.add_argument("--seed", type=int, default=FULL.seed, help="of the dice")
    parser.add_argument("--only", action="append", choices=NAMES, help="this trouble alone")
    parser.add_argument("--point", action="append", choices=POINTS, help="this point alone")
    wanted = parser.parse_args()
    profile = Profile(
        points=tuple(wanted.point or POINTS),
        kills=wanted.kills,
        every_s=wanted.every,
        rate=wanted.rate,
        crashes=wanted.crashes,
        pauses=wanted.pauses,
        troubles=tuple(wanted.only or NAMES),
        trials=wanted.trials,
        promotions=wanted.promotions,
        seed=wanted.seed,
    )
    with Ground() as ground:
        done = asyncio.run(run(ground, profile))
        crashes = ground.crashes + done.succession.rounds
    for line in (*done.lost[:20], *done.twice[:20], *done.late[:20], *done.storm.misled):
        say(line)
    if done.storm.missed:
        say(f"points never reached: {', '.join(done.storm.missed)}")
    say(json.dumps(_figures(done, crashes)))
    return 0 if done.good else 1


def _figures(done: Outcome, crashes: int) -> dict[str, object]:
    return {
        "kills": done.storm.kills,
        "postgres_crashes": crashes,
        "promotions": done.succession.rounds,
        "pages": done.said.pages + done.succession.pages,
        "messages": done.said.messages,
        "races": done.raced.trials,
        "races_answer_first": done.raced.answer_first,
        "lost": len(done.lost),
        "duplicate_decisions": len(done.twice),
        "duplicate_sends": done.said.duplicate_sends,
        "hung": done.said.hung,
        "shown_once": done.said.shown_once,
        "misled": len(done.storm.misled),
        "ill_timed": len(done.storm.ill_timed),
        "max_recovery_s": round(done.said.max_recovery_s, 2),
        **done.storm.notes,
    }


if __name__ == "__main__":
    raise SystemExit(main())
