"""Folds heartbeats and the supervisor's ledger into one state per process. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from server.supervisor.ledger import ChildRecord

EXPECTED = ("serve", "gateway", "engine", "worker", "watch")
"""Without each of these somewhere, the platform does not do its work."""

SILENT_AFTER = timedelta(seconds=10)
"""Five missed heartbeats."""

WORKING = frozenset({"running", "done"})


class Beat(msgspec.Struct, frozen=True):
    """A row of process_heartbeat."""

    name: str
    instance: str
    pid: int
    started_at: datetime
    beat_at: datetime


class ProcessHealth(msgspec.Struct, frozen=True):
    """One process as the health page shows it.

    `state` is running, starting, restarting, crashed, stopping, stopped, waiting or done as the
    supervisor knows it, silent when its heartbeats ceased, absent when nobody runs it.
    `last_exit` is a return code, negative for a signal.
    """

    name: str
    state: str
    instance: str | None = None
    pid: int | None = None
    since: datetime | None = None
    beat_age_s: float | None = None
    restarts: int | None = None
    last_exit: int | None = None


def assess(
    beats: Iterable[Beat], children: Sequence[ChildRecord], at: datetime
) -> list[ProcessHealth]:
    """Every process that is known or expected, in a fixed order.

    Args:
        beats: the heartbeat rows of all hosts.
        children: what this host's supervisor keeps; empty where there is none.
        at: the database's clock, which stamped the beats.
    """
    found: list[ProcessHealth] = []
    unmatched = list(beats)
    for child in children:
        beat = next((row for row in unmatched if row.pid == child.pid), None)
        if beat is not None:
            unmatched.remove(beat)
        # A row of the child's earlier life says nothing that the supervisor does not know.
        unmatched = [row for row in unmatched if row.name != child.name or not _silent(row, at)]
        found.append(_supervised(child, beat, at))
    found += [_alone(row, at) for row in unmatched]
    known = {process.name for process in found}
    found += [ProcessHealth(name, "absent") for name in EXPECTED if name not in known]
    return sorted(found, key=_order)


def working(processes: Iterable[ProcessHealth]) -> bool:
    """Whether each expected process works at least once, and nothing known fails."""
    listed = list(processes)
    alive = {process.name for process in listed if process.state in WORKING}
    return alive.issuperset(EXPECTED) and all(process.state in WORKING for process in listed)


def _silent(beat: Beat, at: datetime) -> bool:
    return at - beat.beat_at > SILENT_AFTER


def _age(beat: Beat, at: datetime) -> float:
    return max(0.0, round((at - beat.beat_at).total_seconds(), 1))


def _supervised(child: ChildRecord, beat: Beat | None, at: datetime) -> ProcessHealth:
    state = child.state
    # Alive for the supervisor, yet its loop stands still: that is worse than a crash.
    if state == "running" and beat is not None and _silent(beat, at):
        state = "silent"
    return ProcessHealth(
        child.name,
        state,
        instance=beat.instance if beat else None,
        pid=child.pid,
        since=child.since,
        beat_age_s=_age(beat, at) if beat else None,
        restarts=child.restarts,
        last_exit=child.last_exit,
    )


def _alone(beat: Beat, at: datetime) -> ProcessHealth:
    return ProcessHealth(
        beat.name,
        "silent" if _silent(beat, at) else "running",
        instance=beat.instance,
        pid=beat.pid,
        since=beat.started_at,
        beat_age_s=_age(beat, at),
    )


def _order(process: ProcessHealth) -> tuple[int, str, str]:
    names = ("postgres", "valkey", "migrate", *EXPECTED)
    place = names.index(process.name) if process.name in names else len(names)
    return place, process.name, process.instance or ""
