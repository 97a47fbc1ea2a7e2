"""`python -m tests.parts`: all tests in parts, several at once, each in a process of its own.

A part has its own servers, so parts never meet. The long ones begin first and a free lane takes the
next, so that no core waits long for another. What no part names belongs to `rest`. Where the time
goes is said at the end.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.supervisor.program import Program, spawn

ROOT = Path(__file__).parent.parent
LOGS = ROOT / ".setup" / "tests"
PYTEST = (sys.executable, "-m", "pytest", "--durations=12", "--durations-min=4")
STOP_SECONDS = 30

NAMED = {
    "stories": ("tests/browser", "tests/stories"),
    "attacks": ("tests/contract", "tests/matrix"),
    "referral": ("tests/referral",),
    "rest": (),
    "realtime": ("tests/realtime",),
    "web": (),
    "duty": ("tests/duty",),
    "server": ("tests/server",),
    "faults": ("tests/faults",),
}
"""Paths by part, the longest part first; `web` and `rest` have none of their own."""


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
    passed: bool


def parts() -> list[Part]:
    """All tests there are, each in one part."""
    others = [f"--ignore={path}" for paths in NAMED.values() for path in paths]
    special = {
        "web": ("npm", "--prefix", "web", "test", "--silent"),
        "rest": (*PYTEST, *others),
    }
    return [Part(name, special.get(name, (*PYTEST, *paths))) for name, paths in NAMED.items()]


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
            while waiting and len(running) < lanes:
                part = waiting.pop(0)
                say(f"== {part.name} begins")
                program = Program(part.name, part.argv, stop_signal=signal.SIGINT, cwd=ROOT)
                with _log(logs, part.name).open("wb") as out:
                    running[part.name] = spawn(program, stdout=out), time.monotonic()
            for name, (process, since) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[name]
                results.append(Result(name, time.monotonic() - since, process.returncode == 0))
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


def say(words: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(words.rstrip("\n") + "\n")
    sys.stdout.flush()


def _show(logs: Path, name: str) -> None:
    say(_log(logs, name).read_text("utf-8", errors="replace"))


def _log(logs: Path, name: str) -> Path:
    return logs / f"{name}.log"


def _line(result: Result) -> str:
    return f"== {result.name:10}{result.seconds:6.0f} s  {'passed' if result.passed else 'FAILED'}"


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
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the parts as Ctrl-C does
    begun = time.monotonic()
    try:
        results = run(wanted, arguments.lanes, LOGS)
    except KeyboardInterrupt:
        return 130
    for result in results:
        say(_line(result))
    say(f"== all tests in {time.monotonic() - begun:.0f} s")
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
