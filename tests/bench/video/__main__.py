"""`make bench-video`: what rooms cost, and how calls fare on poor lines, in real browsers.

Real Chromium with the project's own call client, a real worker process, Valkey. Poor lines are made
in user space (`line.py`), so no rights are needed. See docs/video.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from server.embedded.services import EmbeddedServices
from tests.bench.ctg.figures import Bar
from tests.bench.video import recording, runs
from tests.bench.video.runs import Found, Wanted
from tests.bench.video.stage import Stage, bundled, chromium, stage
from tests.telling import say

RUNS: Final[dict[str, Callable[[Stage, Wanted], Awaitable[Found]]]] = {
    "join": runs.joining,
    "gaps": runs.gaps,
    "cuts": runs.cuts,
    "worker": runs.worker_lost,
    "loss": runs.lossy,
    "240k": runs.policed,
    "eight": runs.eight,
}
BARS: Final = (
    Bar("join_p95_ms", 1000),
    Bar("udp_cut_max_s", 1.5),
    Bar("rebuild_max_s", 5),
    Bar("worker_lost_s", 8),
    Bar("cpu_cores_8", 0.5),
    Bar("lag_p99_ms", 20),
    Bar("freezes_8", 0),
    Bar("fps_at_10pct_loss", 12, at_least=True),
    Bar("frozen_10pct", 0.3),
    Bar("audio_concealed_10pct", 0.05),
    Bar("audio_concealed_20pct", 0.15),
    Bar("janus_ratio", 1.6),
    Bar("low_layer_fps_240k", 10, at_least=True),
    Bar("recording_extra_cores", 0.1),
    Bar("recording_readable_after_kill", True, at_least=True),
    Bar("audio_concealed_240k", 0.05),
)
LINE: Final = (
    "join_p95_ms",
    "rebuild_max_s",
    "cpu_cores_8",
    "lag_p99_ms",
    "fps_at_10pct_loss",
    "audio_concealed_10pct",
    "low_layer_fps_240k",
    "janus_ratio",
    "recording_readable_after_kill",
)
"""The last line; what was not measured, or is void, is null."""
BESIDE: Final[dict[str, Callable[[str, Wanted], Awaitable[Found]]]] = {
    "recording": recording.recorded,
    "janus": runs.beside_janus,
}
"""Measured without browsers, with engines of their own."""


async def measure(valkey_url: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """All runs that are wanted, one after the other."""
    wanted = Wanted(joins=arguments.joins, seconds=arguments.seconds)
    script, figures = bundled(), dict[str, Any]()
    for name, run in RUNS.items():
        if arguments.only and name not in arguments.only:
            continue
        async with chromium() as browser, stage(valkey_url, browser, script) as one:
            try:
                found = await run(one, wanted)
            except TimeoutError:
                say(f"{name}: FAILED, what was waited for did not come")
                continue
        for line in found.seen:
            say(line)
        figures |= found.figures
    for name, beside in BESIDE.items():
        if arguments.only and name not in arguments.only:
            continue
        found = await beside(valkey_url, wanted)
        for line in found.seen:
            say(line)
        figures |= found.figures
    if arguments.soak:
        async with chromium() as browser, stage(valkey_url, browser, script) as one:
            found = await runs.soak(one, arguments.soak)
        say(found.seen[0])
        figures |= found.figures
    return figures


def judged(figures: dict[str, Any]) -> list[str]:
    """Each bar that was measured, reached or missed, for people."""
    return [
        f"{'reached' if bar.met(figures[bar.name]) else 'MISSED '}  {bar.name}"
        f" {figures[bar.name]} ({'at least' if bar.at_least else 'at most'} {bar.limit:g})"
        for bar in BARS
        if bar.name in figures
    ]


def main() -> int:
    """Measure and judge; 1 when a bar was missed or not measured by a whole run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="*", help=f"some of {', '.join((*RUNS, *BESIDE))}")
    parser.add_argument("--joins", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30, help="of each look")
    parser.add_argument(
        "--soak", type=float, default=0, help="seconds of eight people; 600 for all"
    )
    arguments = parser.parse_args()
    named = ", ".join(f"{name} {version(name)}" for name in ("aiortc", "aioice", "av"))
    say(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, {named}")
    place = Path(tempfile.mkdtemp(prefix="ys-video-"))
    place.chmod(0o755)
    try:
        with EmbeddedServices(place) as services:
            figures = asyncio.run(measure(services.layout.valkey_url, arguments))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    for line in judged(figures):
        say(line)
    say(json.dumps({name: figures.get(name) for name in LINE}))
    checked = [bar for bar in BARS if not arguments.only or bar.name in figures]
    return 0 if all(bar.met(figures.get(bar.name)) for bar in checked) else 1


if __name__ == "__main__":
    raise SystemExit(main())
