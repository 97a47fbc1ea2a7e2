"""What the box's own page shows: facts of now, and what is wrong in words.

It names monitors and beds, never a patient: the agent knows none.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from realtime.agent import words
from realtime.agent.uplink import Line, unsent
from realtime.agent.words import ATTENTION, FAULT, LEVELS, OK, Said

if TYPE_CHECKING:
    from realtime.agent.station import Monitor, Station

LATE_S: Final = 30
"""So many seconds on the way are more than a cut that heals by itself."""
WRONG_CLOCK_MS: Final = 1_000
RECENT_S: Final = 600.0
"""What was damaged longer ago is history."""

Problem = tuple[str, Said]


def facts(station: Station) -> dict[str, Any]:
    """Everything that the page shows."""
    keeper, link = station.keeper, station.link.status
    lines = keeper.uplink.lines
    now_s = time.monotonic()
    offset_ms = None if link.clock is None else link.clock.offset_ns // 1_000_000
    monitors = [_monitor(station, monitor, now_s) for monitor in station.monitors]
    problems = [*_own_problems(station, offset_ms), *_of_monitors(monitors)]
    return {
        "level": _worst([one for one, _ in problems]),
        "problems": [_told(one) for one in problems],
        "link": link.state,
        "link_detail": link.detail,
        "link_for_s": round(now_s - link.since_s),
        "acked_s": None if link.acked_s is None else round(now_s - link.acked_s, 1),
        "connections": link.connections,
        "clock_offset_ms": offset_ms,
        "unsent_s": unsent(lines.values()),
        "recordings_waiting": len(lines),
        "refused": sorted({line.code for line in lines.values() if line.code}),
        "disk": keeper.disk,
        "in_memory_s": keeper.in_memory,
        "buffer_set_aside": keeper.buffer.set_aside,
        "buffer_left_behind": keeper.buffer.left_behind,
        "given_up_s": keeper.given_up,
        "conflicts": link.conflicts,
        "monitors": monitors,
    }


def _own_problems(station: Station, offset_ms: int | None) -> Iterable[Problem]:
    """Problems of the box as a whole, not of one monitor."""
    keeper, link = station.keeper, station.link.status
    level, said = words.LINKS[link.state]
    if level != OK:
        yield level, _with(said, _why(link.state, link.detail))
    if keeper.disk != "ok":
        yield words.DISKS[keeper.disk]
    if keeper.given_up:
        yield FAULT, words.problem("given_up", seconds=keeper.given_up)
    if keeper.buffer.left_behind:
        yield FAULT, words.problem("left_behind", name=keeper.buffer.left_behind)
    elif keeper.buffer.set_aside:
        yield ATTENTION, words.problem("set_aside", name=keeper.buffer.set_aside)
    if not station.clock_possible:
        yield FAULT, words.problem("clock_impossible")
    elif offset_ms is not None and abs(offset_ms) > WRONG_CLOCK_MS:
        yield ATTENTION, words.problem("clock", seconds=round(offset_ms / 1_000, 1))
    if link.conflicts:
        yield ATTENTION, words.problem("conflicts", count=link.conflicts)


def _of_monitors(monitors: list[dict[str, Any]]) -> Iterable[Problem]:
    """Which monitors to look at: on a telephone they are far below."""
    for level in (FAULT, ATTENTION):
        names = [one["bed"] or one["device"] for one in monitors if one["level"] == level]
        if names:
            yield level, words.problem("monitors", zh="、".join(names), en=", ".join(names))


def _why(state: str, detail: str) -> Said | None:
    if state == "refused":
        return words.REDIRECTED if detail.startswith("3") else words.REFUSED.get(detail)
    return words.NOT_TRUSTED if detail.startswith("SSL") else None


def _monitor(station: Station, monitor: Monitor, now_s: float) -> dict[str, Any]:
    bedside, clockwork = monitor.bedside, monitor.bedside.clockwork
    device, here_s = monitor.config.device, station.now()[0]
    lines = [line for line in station.keeper.uplink.lines.values() if line.kept.device == device]
    acked_s = station.link.status.acked.get(device)
    state = _state(monitor, here_s)
    level, said = words.STATES[state]
    if state == "port":
        said = _with(said, words.PORTS.get(monitor.trouble, words.OTHER_PORT))
    problems = list(_problems(monitor, lines, here_s))
    return {
        "device": device,
        "bed": monitor.config.bed,
        "kind": monitor.config.kind,
        "port": monitor.config.port,
        "level": _worst([level, *(one for one, _ in problems)]),
        "state": state,
        "said": list(said),
        "problems": [_told(one) for one in problems],
        "trouble": monitor.trouble,
        "seconds": bedside.seq if bedside.recording is not None else 0,
        "last_byte_s": _ago(here_s, monitor.byte_s),
        "last_data_s": _ago(here_s, clockwork.heard_s),
        "samples_per_s": clockwork.rate(here_s),
        "rates_bpm": [round(one / 4) or None for one in monitor.last_rates],
        "unsent_s": unsent(lines),
        "acked_s": None if acked_s is None else round(now_s - acked_s, 1),
        "damaged": bedside.decoder.bad,
        "misplaced": clockwork.misplaced,
    }


def _problems(monitor: Monitor, lines: list[Line], here_s: float) -> Iterable[Problem]:
    bedside = monitor.bedside
    for code in sorted({line.code for line in lines if line.code}):
        chinese, english = words.RECORDINGS.get(code, (code, code))
        yield FAULT, words.problem("refused", zh=chinese, en=english)
    waiting = unsent(lines)
    if waiting > LATE_S:
        yield ATTENTION, words.problem("buffered", seconds=waiting)
    recent = _ago(here_s, monitor.damaged_s)
    if recent is not None and recent < RECENT_S:
        yield ATTENTION, words.problem("damaged", count=bedside.decoder.bad)
    if bedside.clockwork.misplaced:
        yield ATTENTION, words.problem("misplaced", count=bedside.clockwork.misplaced)
    if bedside.decoder.battery_low:
        yield ATTENTION, words.problem("battery")


def _state(monitor: Monitor, now_s: float) -> str:
    bedside = monitor.bedside
    if monitor.trouble:
        return "port"
    if bedside.clockwork.silent(now_s):
        return "off" if bedside.recording is None else "silent"
    if bedside.recording is not None:
        return "recording"
    return "signal" if bedside.presence.signal_s else "waiting"


def _ago(now_s: float, then_s: float | None) -> float | None:
    return None if then_s is None else round(max(0.0, now_s - then_s), 1)


def _worst(levels: list[str]) -> str:
    return max(levels, key=LEVELS.index, default=OK)


def _with(said: Said, why: Said | None) -> Said:
    return said if why is None else (f"{said[0]}（{why[0]}）", f"{said[1]} ({why[1]})")


def _told(problem: Problem) -> dict[str, Any]:
    level, said = problem
    return {"level": level, "said": list(said)}
