"""`make test` runs every test once, and one failure fails the whole."""

import sys
from pathlib import Path

import psutil
import pytest

from tests import parts
from tests.parts import NAMED, ROOT, Part

WIRES = Path("tests/bench/video/test_wire.py")


def python(name: str, code: str) -> Part:
    return Part(name, (sys.executable, "-c", code))


def runs(part: Part, file: Path) -> bool:
    """Whether pytest, asked so, collects the file."""
    named, left_out = list[Path](), list[Path]()
    for word in part.argv[len(parts.PYTEST) :]:
        _, ignored, path = word.rpartition("--ignore=")
        (left_out if ignored else named).append(Path(path))
    return any(file.is_relative_to(one) for one in named) and not any(
        file.is_relative_to(one) for one in left_out
    )


def test_every_file_of_tests_is_in_one_part() -> None:
    found = {part.name: part for part in parts.parts()}
    assert list(found) == list(NAMED)
    assert found.pop("web").argv[0] == "npm"
    files = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")]
    where = {file: [part.name for part in found.values() if runs(part, file)] for file in files}
    assert {file: names for file, names in where.items() if len(names) != 1} == {}
    assert {names[0] for names in where.values()} == set(found)


def test_what_a_part_names_is_there() -> None:
    for patterns in NAMED.values():
        assert all(list(ROOT.glob(one)) for one in patterns)


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
    assert all(0 < result.cpu_seconds < 60 for result in results)
    said = capsys.readouterr().out
    assert said.index("FAILED") < said.index("all is well") < said.index("what went wrong")


def test_what_failed_is_said_again_in_a_few_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "print('a' * 9_000); print('E   assert ' + 'b' * 900); raise SystemExit(1)"
    monkeypatch.setattr(parts, "LOGS", tmp_path)
    monkeypatch.setattr(parts, "parts", lambda: [python("bad", code), python("good", "pass")])
    monkeypatch.setattr(sys, "argv", ["parts"])
    monkeypatch.setattr("signal.signal", lambda *_: None)  # ours are the run's own
    assert parts.main() == 1
    said = capsys.readouterr().out
    assert len(said.partition("bad in a few lines")[2]) < 500
    assert "E   assert bbb" in said.partition("bad in a few lines")[2]


def test_devices_are_made_where_no_browser_is() -> None:
    """A part that waits for the other browsers begins with them."""
    (part,) = (part for part in parts.parts() if runs(part, WIRES))
    assert part.name in parts.ALONE
    assert part.argv[len(parts.PYTEST)] == str(WIRES)


def test_parts_full_of_browsers_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = list[str]()
    monkeypatch.setattr(parts, "say", said.append)
    wanted = [python(name, "import time; time.sleep(0.5)") for name in ("stories", "rooms", "web")]
    assert all(one.passed for one in parts.run(wanted, 2, tmp_path))
    order = [words.split()[1] for words in said if words.endswith("begins")]
    assert order == ["stories", "web", "rooms"]
    assert said.index("== rooms begins") > next(
        at for at, words in enumerate(said) if words.startswith("== stories") and "passed" in words
    )


def test_beside_the_heaviest_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    monkeypatch.setattr(parts, "say", said.append)
    code = "import os, time; print(os.environ.get('YS_BROWSER_YIELDS')); time.sleep(0.4)"
    wanted = [python(name, code) for name in ("web", "pictures", "duty")]
    assert all(one.passed for one in parts.run(wanted, 2, tmp_path))
    order = [words.split()[1:3] for words in said if words.startswith("== ")]
    assert [name for name, what in order if what == "begins"] == ["web", "duty", "pictures"]
    assert order.index(["pictures", "begins"]) == 4
    assert list(parts.NAMED)[-1] in parts.LONE
    yields = {one.name: (tmp_path / f"{one.name}.log").read_text().strip() for one in wanted}
    assert yields == {"web": "None", "duty": "None", "pictures": str(parts.YIELDS)}


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
