"""A small storm in every test run: deaths at two points, random kills, a crash of PostgreSQL."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.faults.duty.__main__ import Profile, run
from tests.faults.duty.ground import Ground
from tests.faults.duty.storm import Storm
from tests.faults.duty.verdict import Verdict, judge

SMALL = Profile(
    points=("call.after", "step.before_commit"),
    kills=4,
    every_s=0.4,
    crashes=1,
    pauses=0,
    others=False,
)


@pytest.fixture(scope="module")
def aftermath() -> Iterator[tuple[Ground, Storm, Verdict]]:
    with Ground() as ground:
        yield ground, *asyncio.run(run(ground, SMALL))


def test_nothing_is_lost_decided_twice_or_shown_twice(
    aftermath: tuple[Ground, Storm, Verdict],
) -> None:
    ground, storm, said = aftermath
    assert storm.missed == []
    assert (storm.kills, ground.crashes) == (6, 1)
    assert said.pages >= 6
    assert said.messages > said.pages
    assert said.lost == []
    assert said.duplicate_decisions == []
    assert said.shown_once is True


def test_the_verdict_sees_what_it_must(aftermath: tuple[Ground, Storm, Verdict]) -> None:
    """Rings that never came, and rings that came twice, do not pass unseen."""
    ground, storm, said = aftermath
    url, rings = ground.clone.superuser_url, ground.phones.rings()
    silent = asyncio.run(judge(url, storm.crowd.committed, []))
    assert [line for line in silent.lost if line.endswith("never rang")]
    twice = asyncio.run(judge(url, storm.crowd.committed, rings * 2))
    assert twice.duplicate_sends == said.duplicate_sends + len(rings)
    centre = storm.town.centres[0]
    forgotten = asyncio.run(judge(url, {"a page nobody knows": (0.0, centre)}, rings))
    assert len(forgotten.lost) == len(centre.people)
