"""One state per process, from heartbeats and the supervisor's ledger."""

from datetime import UTC, datetime, timedelta

import pytest

from server.supervisor.ledger import ChildRecord
from server.vitals import EXPECTED, SILENT_AFTER, Beat, assess, working

AT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def _beat(name: str, pid: int, age: timedelta = timedelta(seconds=1)) -> Beat:
    return Beat(name, f"host:{pid}", pid, AT - timedelta(hours=1), AT - age)


def _child(
    name: str, state: str = "running", pid: int | None = 1, restarts: int = 0
) -> ChildRecord:
    return ChildRecord(name, state, AT, pid, None, restarts, None)


def _states(beats: list[Beat], children: list[ChildRecord]) -> dict[str, list[str]]:
    states: dict[str, list[str]] = {}
    for process in assess(beats, children, AT):
        states.setdefault(process.name, []).append(process.state)
    return states


def test_what_nobody_runs_is_absent() -> None:
    assert _states([], []) == {name: ["absent"] for name in EXPECTED}


def test_heartbeats_alone_are_enough() -> None:
    beats = [_beat(name, number) for number, name in enumerate(EXPECTED)]
    assert working(assess(beats, [], AT))
    beats[2] = _beat("engine", 2, SILENT_AFTER + timedelta(seconds=1))
    assert _states(beats, [])["engine"] == ["silent"]
    assert not working(assess(beats, [], AT))


@pytest.mark.parametrize("state", ["restarting", "crashed", "starting", "waiting"])
def test_the_supervisors_word_counts(state: str) -> None:
    children = [_child(name, pid=number) for number, name in enumerate(EXPECTED)]
    beats = [_beat(name, number) for number, name in enumerate(EXPECTED)]
    assert working(assess(beats, children, AT))
    children[1] = _child("gateway", state, pid=None, restarts=3)
    found = assess(beats, children, AT)
    gateway = [process for process in found if process.name == "gateway"]
    assert state in {process.state for process in gateway}
    assert not working(found)


def test_a_living_process_with_a_dead_loop_is_silent() -> None:
    found = _states([_beat("engine", 5, timedelta(minutes=1))], [_child("engine", pid=5)])
    assert found["engine"] == ["silent"]


def test_the_row_of_an_earlier_life_is_not_shown() -> None:
    beats = [_beat("engine", 5, timedelta(minutes=1)), _beat("engine", 6)]
    assert _states(beats, [_child("engine", pid=6, restarts=1)])["engine"] == ["running"]


def test_processes_of_other_hosts_are_listed_beside_ours() -> None:
    found = _states([_beat("engine", 6), _beat("engine", 60)], [_child("engine", pid=6)])
    assert found["engine"] == ["running", "running"]


def test_order_is_that_of_the_start() -> None:
    children = [_child("worker"), _child("valkey"), _child("postgres"), _child("serve")]
    names = [process.name for process in assess([], children, AT)]
    assert names == ["postgres", "valkey", *EXPECTED]
