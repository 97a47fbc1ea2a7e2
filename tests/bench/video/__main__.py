"""`make bench-video`: what rooms cost, and how calls fare on poor lines, in real browsers.

Real Chromium with the project's own call client, a real worker process, Valkey. Poor lines are made
by the kernel, between network namespaces (`wire.py`), where the machine allows that, and in user
space (`line.py`) elsewhere. See docs/video.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playwright.async_api import Browser

from server.embedded.services import EmbeddedServices
from tests.bench.ctg.figures import Bar
from tests.bench.video import recording, runs
from tests.bench.video.runs import Found, Wanted
from tests.bench.video.stage import Stage, bundled, chromium, stage
from tests.bench.video.wire import Exchange, NoWires, exchange
from tests.consult.media.peers.relay_process import Relay
from tests.telling import say

RUNS: Final[dict[str, Callable[[Stage, Wanted], Awaitable[Found]]]] = {
    "join": runs.joining,
    "relay": runs.joining_relayed,
    "gaps": runs.gaps,
    "cuts": runs.cuts,
    "worker": runs.worker_lost,
    "loss": runs.lossy,
    "240k": runs.policed,
    "eight": runs.eight,
}
WIRED: Final = frozenset(("join", "gaps", "cuts", "worker", "loss", "240k"))
"""Those in which browsers alone are in the room. People made of packets and relays are on the
loopback, and so are browsers beside them."""
ASKED_FOR: Final = {"class": runs.lecture}
"""Only where it is named: two cores hardly carry forty people made of packets beside the worker."""
BARS: Final = (
    Bar("join_p95_ms", 1000),
    Bar("join_relay_p95_ms", 1500),
    Bar("udp_cut_max_s", 1.5),
    Bar("rebuild_max_s", 5),
    Bar("worker_lost_s", 8),
    Bar("cpu_cores_8", 0.5),
    *(Bar(name, most) for name, most in runs.SPOILT.items()),
    Bar("fps_at_10pct_loss", 12, at_least=True),
    Bar("frozen_10pct", 0.3),
    Bar("audio_concealed_10pct", 0.05),
    Bar("audio_concealed_20pct", 0.15),
    Bar("janus_ratio", 1.6),
    Bar("low_layer_fps_240k", 10, at_least=True),
    Bar("recording_extra_cores", 0.1),
    Bar("recording_readable_after_kill", True, at_least=True),
    Bar("audio_concealed_240k", 0.05),
    Bar("other_fps_240k", 14, at_least=True),
)
TAUGHT: Final = (
    Bar("class_whole", True, at_least=True),
    Bar("class_lag_p99_ms", 20),
)
SOAKED: Final = (
    Bar("soak_rss_growth", 0.10),
    Bar("soak_tasks_left", 0),
    Bar("soak_ports_left", 0),
)
"""Of `--soak` alone."""
LINE: Final = (
    "join_p95_ms",
    "join_relay_p95_ms",
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


async def measure(
    valkey_url: str, arguments: argparse.Namespace, wires: Exchange | None
) -> dict[str, Any]:
    """All runs that are wanted, one after the other."""
    wanted = Wanted(joins=arguments.joins, seconds=arguments.seconds)
    script, figures = bundled(), dict[str, Any]()
    for name, run in (RUNS | ASKED_FOR).items():
        if not _wanted(name, arguments):
            continue
        async with AsyncExitStack() as stack:
            relays = await stack.enter_async_context(relay_for(name))
            if wires is not None and name in WIRED:
                over: Browser | Exchange = wires
            else:
                over = await stack.enter_async_context(chromium())
            one = await stack.enter_async_context(stage(valkey_url, over, script, relays))
            try:
                found = await run(one, wanted)
            except TimeoutError:
                say(f"{name}: FAILED, what was waited for did not come")
                continue
        for line in found.seen:
            say(line)
        figures |= found.figures
    for name, beside in BESIDE.items():
        if arguments.only is not None and name not in arguments.only:
            continue
        found = await beside(valkey_url, wanted)
        for line in found.seen:
            say(line)
        figures |= found.figures
    if arguments.soak:
        async with chromium() as browser, stage(valkey_url, browser, script) as one:
            found = await runs.soak(one, arguments.soak)
        for line in found.seen:
            say(line)
        figures |= found.figures
    return figures


def _wanted(name: str, arguments: argparse.Namespace) -> bool:
    return name in (RUNS if arguments.only is None else arguments.only)


@asynccontextmanager
async def relay_for(run: str) -> AsyncIterator[tuple[str, ...]]:
    """Where a relay is reached by TCP, for the run that needs one."""
    if run != "relay":
        yield ()
        return
    with TemporaryDirectory(prefix="ys-relay-") as place:
        relay = Relay(Path(place))
        try:
            await relay.ready()
            yield (f"{relay.url}?transport=tcp",)
        finally:
            relay.stop()


def judged(figures: dict[str, Any]) -> list[str]:
    """Each bar that was measured, reached or missed, for people."""
    return [
        f"{'reached' if bar.met(figures[bar.name]) else 'MISSED '}  {bar.name}"
        f" {figures[bar.name]} ({'at least' if bar.at_least else 'at most'} {bar.limit:g})"
        for bar in (*BARS, *TAUGHT, *SOAKED)
        if bar.name in figures
    ]


def main() -> int:
    """Measure and judge; 1 when a bar was missed or not measured by a whole run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--only",
        nargs="*",
        help=f"some of {', '.join((*RUNS, *BESIDE, *ASKED_FOR))}; nothing named: none",
    )
    parser.add_argument("--joins", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30, help="of each look")
    parser.add_argument(
        "--soak", type=float, default=0, help="seconds of eight people; 600 for all"
    )
    parser.add_argument(
        "--lines",
        choices=("auto", "wires", "user"),
        default="auto",
        help="poor lines of the kernel (wires), of user space, or wires where the machine allows",
    )
    arguments = parser.parse_args()
    # As Ctrl-C: whoever is told to end takes away what they made.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    named = ", ".join(f"{name} {version(name)}" for name in ("aiortc", "aioice", "av"))
    say(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, {named}")
    with ExitStack() as stack:
        wires = None
        asked = arguments.lines == "wires"
        if asked or (arguments.lines == "auto" and any(_wanted(name, arguments) for name in WIRED)):
            try:
                wires = stack.enter_context(exchange())
            except NoWires as refusal:
                say(str(refusal))
                if asked:
                    return 2
        place = Path(tempfile.mkdtemp(prefix="ys-video-"))
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        place.chmod(0o755)
        services = stack.enter_context(EmbeddedServices(place))
        figures = asyncio.run(measure(services.layout.valkey_url, arguments, wires))
    kind = "user" if wires is None else "wires"
    named = f"{kind} ({', '.join(name for name in RUNS if name in WIRED)})"
    say(f"lines: {named}")
    for line in judged(figures):
        say(line)
    say(json.dumps({"lines": kind} | {name: figures.get(name) for name in LINE}))
    checked = [bar for bar in BARS if arguments.only is None or bar.name in figures]
    checked += [bar for bar in TAUGHT if bar.name in figures]
    checked += SOAKED if arguments.soak else ()
    return 0 if all(bar.met(figures.get(bar.name)) for bar in checked) else 1


if __name__ == "__main__":
    raise SystemExit(main())
