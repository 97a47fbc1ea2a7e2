"""`make test` runs every test once, and one failure fails the whole."""

import sys
from pathlib import Path

import psutil
import pytest

from tests import parts
from tests.parts import NAMED, ROOT, Part


def python(name: str, code: str) -> Part:
    return Part(name, (sys.executable, "-c", code))


def test_named_paths_exist_once_and_the_rest_leaves_out_no_other() -> None:
    named = [path for paths in NAMED.values() for path in paths]
    assert len(set(named)) == len(named)
    assert all((ROOT / path).is_dir() for path in named)
    found = {part.name: part for part in parts.parts()}
    assert list(found) == list(NAMED)
    rest = found.pop("rest")
    assert list(rest.argv[len(parts.PYTEST) :]) == [f"--ignore={path}" for path in named]
    run = {word for part in found.values() for word in part.argv}
    assert set(named) <= run


def test_a_part_that_fails_is_told_and_stops_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = [
        python("bad", "print('what went wrong'); raise SystemExit(1)"),
        python("good", "print('all is well')"),
        python("last", "pass"),
    ]
    results = parts.run(wanted, 1, tmp_path)
    assert [(result.name, result.passed) for result in results] == [
        ("bad", False), ("good", True), ("last", True),
    ]  # fmt: skip
    said = capsys.readouterr().out
    assert said.index("FAILED") < said.index("all is well") < said.index("what went wrong")


def test_an_interrupted_run_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(words: str) -> None:
        if "second begins" in words:
            raise KeyboardInterrupt

    monkeypatch.setattr(parts, "say", interrupt)
    started: list[int] = []
    spawn = parts.spawn

    def spawned(*given: object, **named: object) -> object:
        process = spawn(*given, **named)  # type: ignore[arg-type]
        started.append(process.pid)
        return process

    monkeypatch.setattr(parts, "spawn", spawned)
    sleeping = [python(name, "import time; time.sleep(600)") for name in ("first", "second")]
    with pytest.raises(KeyboardInterrupt):
        parts.run(sleeping, 2, tmp_path)
    assert len(started) == 1
    assert not psutil.pid_exists(started[0])
