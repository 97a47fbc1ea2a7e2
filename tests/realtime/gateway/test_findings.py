"""Findings that wait: none in two hands, and past the bound every alarm still ends as it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import new_id
from realtime.alarms.kinds import AlarmKind
from realtime.alarms.ledger import Finding, Key
from realtime.gateway.findings import Findings, essential

AT = datetime(2026, 11, 26, tzinfo=UTC)


def finding(recording: int, present: bool, seq: int = 0) -> Finding:
    kind = AlarmKind.BRADYCARDIA
    return Finding(new_id(), AT, UUID(int=recording), kind, 1, present, seq, seq, 0)


STEPS = st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=40)


def raised(findings: list[Finding]) -> set[Key]:
    """Alarms that are raised at some time by these."""
    return {one.key for one in findings if one.present}


def standing(findings: list[Finding]) -> dict[Key, bool]:
    """How each stands in the end."""
    return {one.key: one.present for one in findings}


@given(STEPS)
def test_what_is_kept_raises_the_same_alarms_and_leaves_them_the_same(
    steps: list[tuple[int, bool]],
) -> None:
    every = [finding(recording, present, at) for at, (recording, present) in enumerate(steps)]
    kept = essential(every)
    assert raised(kept) == raised(every)
    assert standing(kept) == standing(every)
    assert [one.seq for one in kept] == sorted(one.seq for one in kept)
    assert len(kept) <= 3 * len(standing(every))
    assert essential(kept) == kept


@given(st.lists(st.sampled_from(["add", "take", "put back", "record"]), max_size=60))
def test_each_finding_is_recorded_once_and_in_order(steps: list[str]) -> None:
    waiting, held, recorded, made = Findings(), [], [], 0
    for step in steps:
        if step == "add":
            waiting.add(finding(made, True, made))
            made += 1
        elif step == "take" and not held:
            held = waiting.take(3)
        elif step == "put back":
            waiting.put_back(held)
            held = []
        elif step == "record":
            recorded, held = [*recorded, *held], []
    rest = [*recorded, *held, *waiting.take(made)]
    assert [one.seq for one in rest] == list(range(made))
    assert len(waiting) == 0


def test_what_comes_while_some_are_being_recorded_drops_none_of_them() -> None:
    waiting = Findings(most=4)
    for recording in range(4):
        waiting.add(finding(recording, True))
    held = waiting.take(2)
    for recording in range(4, 8):
        waiting.add(finding(recording, True))
    waiting.put_back(held)
    rest = waiting.take(100)
    assert [one.recording_id.int for one in rest] == list(range(8))


def test_an_alarm_that_comes_and_goes_takes_no_more_room() -> None:
    waiting = Findings(most=10)
    for at in range(1000):
        waiting.add(finding(1, at % 2 == 0, at))
    assert len(waiting) <= 10
    assert [one.seq for one in waiting.take(1)] == [0]
