"""A small storm in every test run: deaths at two points, random kills, a crash of PostgreSQL."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.faults.duty.__main__ import Outcome, Profile, run
from tests.faults.duty.ground import Ground
from tests.faults.duty.verdict import judge

SMALL = Profile(
    points=("call.after", "step.before_commit"),
    kills=4,
    every_s=0.4,
    late_s=(2.5, 3.5),
    crashes=1,
    pauses=0,
    others=False,
    trials=32,
    promotions=0,
)


@pytest.fixture(scope="module")
def aftermath() -> Iterator[tuple[Ground, Outcome]]:
    with Ground() as ground:
        yield ground, asyncio.run(run(ground, SMALL))


def test_nothing_is_lost_decided_twice_or_shown_twice(
    aftermath: tuple[Ground, Outcome],
) -> None:
    ground, done = aftermath
    assert done.storm.missed == []
    assert (done.storm.kills, ground.crashes) == (6, 1)
    assert done.said.pages >= 6
    assert done.said.messages > done.said.pages
    assert done.said.hung > 0
    assert done.said.max_recovery_s > 0
    assert done.raced.trials >= 32
    assert done.lost == []
    assert done.twice == []
    assert done.said.shown_once is True
    assert done.good


def test_the_verdict_sees_what_it_must(aftermath: tuple[Ground, Outcome]) -> None:
    """Rings that never came, and rings that came twice, do not pass unseen."""
    ground, done = aftermath
    url, rings = ground.clone.superuser_url, ground.phones.rings()
    crowd = done.storm.crowd
    silent = asyncio.run(judge(url, crowd.committed, []))
    assert [line for line in silent.lost if line.endswith("never rang")]
    twice = asyncio.run(judge(url, crowd.committed, rings * 2))
    assert twice.duplicate_sends == done.said.duplicate_sends + len(rings)
    centre = crowd.town.centres[0]
    forgotten = asyncio.run(judge(url, {"a page nobody knows": (0.0, centre)}, rings))
    assert len([line for line in forgotten.lost if "was never rung" in line]) == len(centre.people)
