"""A small storm in every test run: deaths at two points, random kills, a crash of PostgreSQL."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.faults.duty.__main__ import Outcome, Profile, run
from tests.faults.duty.ground import Ground
from tests.faults.duty.timing import wrong_moments
from tests.faults.duty.verdict import judge

SMALL = Profile(
    points=("call.after", "step.before_commit"),
    kills=4,
    every_s=0.4,
    late_s=(2.5, 3.5),
    crashes=1,
    pauses=0,
    troubles=("labelled points", "random kills"),
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
    rang = {ring.message_id for ring in rings}
    taken_back = asyncio.run(judge(url, crowd.committed, rings, rang))
    assert [line for line in taken_back.lost if "was delivered and is" in line]
    centre = crowd.town.centres[0]
    forgotten = asyncio.run(judge(url, {"a page nobody knows": (0.0, centre)}, rings))
    assert len([line for line in forgotten.lost if "was never rung" in line]) == len(centre.people)


@pytest.mark.parametrize(
    ("storm", "said"),
    [
        ({"notes": {"notify_dropped_ring_s": 1.0}}, {}),
        ({"notes": {"valkey_down_ring_s": float("inf")}}, {}),
        ({"ill_timed": ["a step came too soon"]}, {}),
        ({"misled": ["a key answered a page that nobody had got"]}, {}),
        ({"missed": ["call.after"]}, {}),
        ({}, {"max_recovery_s": 10.0}),
        ({}, {"lost": ["a page"]}),
        ({}, {"shown_once": False}),
    ],
)
def test_one_broken_promise_is_enough(
    aftermath: tuple[Ground, Outcome], storm: dict[str, object], said: dict[str, object]
) -> None:
    _, done = aftermath
    assert not replace(
        done, storm=replace(done.storm, **storm), said=replace(done.said, **said)
    ).good


@pytest.mark.parametrize(
    ("rang", "wrong"),
    [
        ({0: 0.0, 1: 2.1, 2: 5.2, 3: 8.3}, 0),
        ({0: 0.0, 1: 1.5}, 1),
        ({0: 0.0, 1: 2.0, 2: 2.1}, 1),
        ({0: 0.0, 1: 302.0}, 1),
        ({0: 0.0}, 1),
        ({}, 1),
    ],
)
def test_steps_are_due_at_moments(rang: dict[int, float], wrong: int) -> None:
    assert len(wrong_moments({"a page": rang}, (2.0, 3.0))) == wrong
    assert wrong_moments({"a page": {0: 0.0, 1: 300.0, 2: 303.0}}, (None, 3.0)) == []
