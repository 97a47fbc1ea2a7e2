"""`yunshang outbox` as a program: what it lists, what it refuses, what it keeps."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.database import Clone
from tests.kernel.test_given_up import given_up


def run(clone: Clone, place: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "outbox", *arguments],
        env={
            "PATH": os.environ["PATH"],
            "YUNSHANG_SYSTEM_DATABASE_URL": clone.system_url,
            "YUNSHANG_DATA_DIR": str(place),
            "LOGNAME": "operator",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


async def test_an_operator_finds_revives_and_sets_aside(database: Clone, tmp_path: Path) -> None:
    first, second = sorted(await given_up(database, "a", "b"), key=lambda one: one.topic)
    status, out, _ = run(database, tmp_path, "list")
    assert (status, out.splitlines()[-1]) == (0, "2 given up")
    assert "ValueError" in out
    assert "nobody's" not in out, "payloads are not shown"
    _, out, _ = run(database, tmp_path, "list", "--json", "--topic", "b")
    assert [one["id"] for one in json.loads(out)] == [str(second.id)]
    done = run(database, tmp_path, "revive", str(first.id), "--reason", "provider is back")
    assert done == (0, "1 revived\n", "")
    done = run(database, tmp_path, "set-aside", "--topic", "b", "--reason", "too late")
    assert done == (0, "1 set aside\n", "")
    assert run(database, tmp_path, "list")[1] == "0 given up\n"
    newest, oldest = run(database, tmp_path, "history")[1].splitlines()
    assert newest.endswith(f"set_aside  {second.id}  b  operator: too late")
    assert oldest.endswith(f"revived  {first.id}  a  operator: provider is back")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("revive", "--reason", "x"), "name the rows' ids, or --topic"),
        (("revive", "--topic", "a", "--reason", " "), "--reason"),
        (
            ("set-aside", "0198a000-0000-7000-8000-000000000000", "--reason", "x"),
            "yunshang outbox list",
        ),
    ],
)
async def test_a_refusal_is_one_line(
    database: Clone, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    status, out, errors = run(database, tmp_path, *arguments)
    assert (status, out, errors.count("\n")) == (2, "", 1)
    assert said in errors
