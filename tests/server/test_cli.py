"""The command line: every process has its command, and mistakes are one line, not a trace."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from server.embedded.layout import prepare_layout
from server.embedded.services import EmbeddedServices
from server.migrate import upgrade_now
from server.supervisor.ledger import DirectoryLock

ROOT = Path(__file__).resolve().parents[2]


def _run(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("YUNSHANG_") and name not in {"DATABASE_URL", "VALKEY_URL"}
    }
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments],
        cwd=ROOT,
        env={**clean, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("serve",), "set DATABASE_URL, VALKEY_URL"),
        (("gateway",), "set YUNSHANG_SYSTEM_DATABASE_URL"),
        (("media",), "set YUNSHANG_SYSTEM_DATABASE_URL"),
        (("dicom",), "set YUNSHANG_SYSTEM_DATABASE_URL"),
        (("engine",), "set YUNSHANG_SYSTEM_DATABASE_URL"),
        (("sender",), "set YUNSHANG_SYSTEM_DATABASE_URL"),
        (("worker",), "set YUNSHANG_SYSTEM_DATABASE_URL"),
        (("migrate",), "set YUNSHANG_OWNER_DATABASE_URL"),
        (("verify",), "holds no demo"),
        (("replay", "--synth", "reactive"), "name the agent's token"),
    ],
)
def test_what_is_missing_is_one_line(command: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = _run(*command, YUNSHANG_DATA_DIR=str(tmp_path / "none"))
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "none").exists()


def test_a_mistyped_variable_is_refused_by_every_process(tmp_path: Path) -> None:
    done = _run("demo", YUNSHANG_DATA_DIR=str(tmp_path), YUNSHANG_PROT="9000")
    assert done.returncode == 2
    assert done.stderr == (
        "yunshang: YUNSHANG_PROT is not a setting of Yunshang; see docs/operators.md\n"
    )


def test_help_names_every_process() -> None:
    done = _run("--help", COLUMNS="200", NO_COLOR="1")
    listed = set(re.findall(r"^\W*([a-z]+) ", done.stdout, re.MULTILINE))
    wanted = {
        "serve",
        "gateway",
        "engine",
        "sender",
        "worker",
        "migrate",
        "demo",
        "verify",
        "replay",
    }
    assert wanted <= listed


def test_verify_starts_a_resting_demo_and_puts_it_back_to_rest(short_dir: Path) -> None:
    with EmbeddedServices(short_dir) as services:
        upgrade_now(services.layout.postgres_url("yunshang_owner"))
    done = _run("verify", YUNSHANG_DATA_DIR=str(short_dir))
    assert done.returncode == 0, done.stderr
    assert '"chain": "ok"' in done.stdout.splitlines()[-1]
    assert not (prepare_layout(short_dir).postgres_dir / "postmaster.pid").exists()

    lock = DirectoryLock(short_dir)  # a supervisor that is just starting
    try:
        refused = _run("verify", YUNSHANG_DATA_DIR=str(short_dir))
    finally:
        lock.release()
    assert refused.returncode == 2
    assert "in use by another Yunshang" in refused.stderr


def test_the_makefile_and_the_command_agree_on_their_names() -> None:
    text = (ROOT / "Makefile").read_text()
    for target in ("help", "setup", "run", "test", "check", "smoke", "lock", "clean"):
        assert re.search(rf"^{target}: ## \S", text, re.MULTILINE), target
    assert "exec $(VENV)/yunshang demo" in text
    runner = (ROOT / ".ci" / "run").read_text()
    assert "exec make test" in runner
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert os.access(ROOT / "bin" / "setup", os.X_OK)
