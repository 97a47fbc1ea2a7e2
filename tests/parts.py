"""`python -m tests.parts`: all tests in parts, several at once, each in a process of its own.

A part has its own servers, so parts never meet. The long ones begin first and a free lane takes the
next that may begin, so that no core waits long for another. What no part names belongs to `rest`.
Where the time goes is said at the end: on the clock, and on the cores.
"""

import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.supervisor.program import Program, spawn

ROOT = Path(__file__).parent.parent
LOGS = ROOT / ".setup" / "tests"
PYTEST = (sys.executable, "-m", "pytest", "--durations=12", "--durations-min=4")
STOP_SECONDS = 30
MOST_LINES = 16
TELLING = re.compile(r"(E  |FAILED |ERROR |.*(?:request\.unavailable|request\.failed|Traceback))")
"""Lines of a log that say what went wrong, to be said again at the end in a few words."""

NAMED = {
    "stories": ("tests/browser", "tests/stories"),
    "rooms": (
        # A device that comes or goes ends every request of a browser (ERR_NETWORK_CHANGED): the
        # test that makes some goes before the browsers, where no other part has any.
        "tests/bench/video/test_wire.py",
        "tests/browser/test_room*.py",
        "tests/browser/test_training.py",
    ),
    "rest": ("tests",),
    "attacks": ("tests/contract", "tests/matrix"),
    "referral": ("tests/referral",),
    "realtime": ("tests/realtime",),
    "web": (),
    "duty": ("tests/duty",),
    "server": ("tests/server",),
    "faults": ("tests/faults",),
    "pictures": (
        "tests/browser/test_consult_whole.py",
        "tests/browser/test_janus_room.py",
        "tests/consult/media/forward/test_calls.py",
        "tests/consult/media/forward/test_skew.py",
        "tests/consult/rooms/recording/test_seeking.py",
    ),
}
"""Paths by part, the longest first; what one part names within another's path is its own."""

ALONE = frozenset({"stories", "rooms"})
"""Real browsers, several at once: only one of these runs at a time. Beside each other they leave
neither enough of two cores for pictures to come in time."""

LONE = frozenset({"pictures"})
"""Three browsers with cameras in one room, one of them sharing a scan, need both cores; and to a
browser a worker that waits for a core seems a poor line. Nothing runs beside these, and their
browsers yield to their servers. They come last, when a lane is free anyway."""

YIELDS = 5
"""Niceness of all other parts: they have time, and somebody waits at a page. And of the browsers of
a lone part, whose servers would wait for them (`tests/fixtures/modest`)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A command whose exit code 0 means that all its tests passed."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """How a part went."""

    name: str
    seconds: float
    cpu_seconds: float
    passed: bool


def parts() -> list[Part]:
    """All tests there are, each in one part."""
    paths = {name: _found(patterns) for name, patterns in NAMED.items()}
    made = []
    for name, mine in paths.items():
        others = (path for other, found in paths.items() if other != name for path in found)
        inside = [path for path in others if any(path.is_relative_to(one) for one in mine)]
        made.append(Part(name, (*PYTEST, *map(str, mine), *(f"--ignore={one}" for one in inside))))
    web = Part("web", ("npm", "--prefix", "web", "test", "--silent"))
    return [web if part.name == "web" else part for part in made]


def _found(patterns: Sequence[str]) -> list[Path]:
    """What is there of these names, below the root."""
    return [path.relative_to(ROOT) for one in patterns for path in sorted(ROOT.glob(one))]


def run(wanted: Sequence[Part], lanes: int, logs: Path) -> list[Result]:
    """Run every part, `lanes` at once, whatever becomes of the others; show each when it ends.

    What failed is shown after everything else: there it is looked for, and a log that is cut in the
    middle keeps its end.
    """
    logs.mkdir(parents=True, exist_ok=True)
    waiting, results = list(wanted), list[Result]()
    running: dict[str, tuple[subprocess.Popen[bytes], float]] = {}
    try:
        while waiting or running:
            while len(running) < lanes and (part := _next(waiting, running)) is not None:
                waiting.remove(part)
                say(f"== {part.name} begins")
                program = Program(
                    part.name,
                    part.argv,
                    stop_signal=signal.SIGINT,
                    environ={"YS_BROWSER_YIELDS": str(YIELDS)} if part.name in LONE else {},
                    cwd=ROOT,
                )
                with _log(logs, part.name).open("wb") as out:
                    process = spawn(program, stdout=out)
                if part.name not in ALONE | LONE:
                    os.setpriority(os.PRIO_PROCESS, process.pid, YIELDS)
                running[part.name] = process, time.monotonic()
            for name, (process, since) in list(running.items()):
                before = _reaped()
                if process.poll() is None:
                    continue
                del running[name]
                took, cpu = time.monotonic() - since, _reaped() - before
                results.append(Result(name, took, cpu, process.returncode == 0))
                if results[-1].passed:
                    _show(logs, name)
                say(_line(results[-1]))
            time.sleep(0.1)
    finally:
        _stop([process for process, _ in running.values()])
    for result in results:
        if not result.passed:
            say(f"== what {result.name} said")
            _show(logs, result.name)
    return results


def _next(waiting: Sequence[Part], running: Collection[str]) -> Part | None:
    """The first that may begin now."""
    if not LONE.isdisjoint(running):
        return None
    busy = not ALONE.isdisjoint(running)
    barred = (ALONE if busy else frozenset[str]()) | (LONE if running else frozenset[str]())
    return next((part for part in waiting if part.name not in barred), None)


def say(words: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(words.rstrip("\n") + "\n")
    sys.stdout.flush()


def _show(logs: Path, name: str) -> None:
    say(_log(logs, name).read_text("utf-8", errors="replace"))


def _digest(logs: Path, name: str) -> str:
    """The last of its lines that tell something, none of them long."""
    lines = _log(logs, name).read_text("utf-8", errors="replace").splitlines()
    return "\n".join([one[:200] for one in lines if TELLING.match(one)][-MOST_LINES:])


def _log(logs: Path, name: str) -> Path:
    return logs / f"{name}.log"


def _line(result: Result) -> str:
    how = "passed" if result.passed else "FAILED"
    return f"== {result.name:10}{result.seconds:6.0f} s {result.cpu_seconds:6.0f} s CPU  {how}"


def _reaped() -> float:
    """CPU seconds of all children that ended, with everything that ended under them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        os.killpg(process.pid, signal.SIGINT)
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def main() -> int:
    """Exit code 0 if everything passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.parts", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts to run; all if none is named")
    parser.add_argument("--lanes", type=int, default=max(2, (os.cpu_count() or 2) // 2))
    arguments = parser.parse_args()
    known = parts()
    unknown = set(arguments.names) - {part.name for part in known}
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; {', '.join(p.name for p in known)}")
    wanted = [part for part in known if not arguments.names or part.name in arguments.names]
    # Both end the parts as Ctrl-C does. A shell in the background has its children ignore SIGINT,
    # and theirs would too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    begun = time.monotonic()
    try:
        results = run(wanted, arguments.lanes, LOGS)
    except KeyboardInterrupt:
        return 130
    for result in results:
        if not result.passed:
            say(f"== {result.name} in a few lines\n{_digest(LOGS, result.name)}")
    for result in results:
        say(_line(result))
    say(f"== all tests in {time.monotonic() - begun:.0f} s")
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
