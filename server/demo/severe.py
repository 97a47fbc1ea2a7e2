"""Women who nearly died in the year that the houses' returns are of: rescued where they were.

What is over a year's live births is told of whole years, so cases of the last weeks alone would
leave it empty. Told like the guided ones, at a clock of the past, confirmed by who treated them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from kernel.clock import SimulatedClock
from kernel.database import Database
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.aftermath.commands import CriticalFacts
from registry.facilities.rules import CHINA, local_date
from server.demo.afterwards import confirm
from server.demo.casefiles import CLAIM
from server.demo.cast import Cast
from server.demo.files import year_ends
from server.demo.history import Story
from server.demo.plot import Plot, plots

log = structlog.get_logger()

FIRST: Final = 260
"""The numbers of these stories; each names another woman."""

WHAT: Final[Sequence[tuple[str, str, int, CriticalFacts]]] = (
    ("LJ001", "pph", 23, CriticalFacts(red_cell_units=8, hysterectomy=True)),
    ("LJ001", "severe_preeclampsia", 95, CriticalFacts(dialysis=True)),
    ("SQ001", "pph", 61, CriticalFacts(red_cell_units=6, vasoactive_continuous=True)),
    ("WH001", "eclampsia", 142, CriticalFacts(cardiac_arrest=True, cpr=True)),
)
"""House, condition, how many days before the year's end, and what happened to her."""


async def tell_severe(database: Database, now: datetime, sealer: Sealer) -> int:
    """Tell every woman who has not been told yet; how many there were."""
    async with database.session(Viewer.system("demo")) as session:
        cast = await Cast.load(session)
    end = year_ends(local_date(now))[0]
    told = 0
    for number, (house, condition, days, facts) in enumerate(WHAT):
        at = datetime(end.year, end.month, end.day, 9, tzinfo=CHINA) - timedelta(days=days)
        plot = _plot(number, house, condition, at)
        origin = cast.viewers[plot.origin_login]
        async with database.session(origin) as session:
            key = {"account": origin.account_id, "key": f"demo-severe-{number}"}
            if (await session.execute(CLAIM, key)).first() is None:
                continue
            story = Story(session, cast, plot, SimulatedClock(at), sealer)
            await story.send()
            await story.end()
            await story.as_(origin, timedelta(hours=1))
            await confirm(session, story.clock, origin, story.case, facts)
        told += 1
    log.info("demo.severe", cases=told)
    return told


def _plot(number: int, house: str, condition: str, sent_at: datetime) -> Plot:
    """A case of a county hospital, guided where she was by its city's centre."""
    found = next(one for one in plots(sent_at, 60) if one.origin == house)
    return replace(
        found,
        number=FIRST + number,
        redirected_from=None,
        condition=condition,
        acuity="resuscitation",
        postpartum=condition == "pph",
        sent_at=sent_at,
        question=False,
        ending="guided",
    )
