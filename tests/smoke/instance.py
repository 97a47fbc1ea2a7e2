"""A private instance on free ports: the same command that people run, in a directory of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from tests.fixtures.ports import free_port

ROOT = Path(__file__).parent.parent.parent


class Instance:
    """`yunshang demo` without history, as a context manager."""

    def __init__(
        self,
        *,
        history_days: int = 0,
        place: Path | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.place = place or Path(tempfile.mkdtemp(prefix="ys-smoke-"))
        self.place.chmod(0o755)
        self.port, self.gateway_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.gateway_url = f"ws://127.0.0.1:{self.gateway_port}"
        self.environ = {
            **{name: value for name, value in os.environ.items() if "YUNSHANG" not in name},
            "YUNSHANG_PORT": str(self.port),
            "YUNSHANG_GATEWAY_PORT": str(self.gateway_port),
            "YUNSHANG_DATA_DIR": str(self.place),
            "YUNSHANG_DEMO_HISTORY_DAYS": str(history_days),
            "YUNSHANG_LOG_LEVEL": "warning",
            **(more or {}),
        }
        self.output = self.place.parent / f"{self.place.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Instance":
        with self.output.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "demo"],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            self._wait_until_up()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is None:
            shutil.rmtree(self.place, ignore_errors=True)
            self.output.unlink(missing_ok=True)
        else:
            sys.stderr.write(f"the instance's data and logs stay in {self.place}\n")

    def _wait_until_up(self, patience_s: float = 240) -> None:
        """Until the supervisor says that everything answers."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the instance ended:\n{self.output.read_text()[-3000:]}")
            if self.url in self.output.read_text() and self._answers():
                return
            time.sleep(0.1)
        raise RuntimeError(f"not up after {patience_s} s:\n{self.output.read_text()[-3000:]}")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/health", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A `yunshang` command against this instance's settings."""
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *command],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def child(self, name: str) -> dict[str, Any]:
        """What the supervisor last wrote down about one of its children."""
        found = json.loads((self.place / "processes.json").read_text())["children"]
        return next(child for child in found if child["name"] == name)

    def said(self, most: int = 30) -> str:
        """The last lines of each process."""
        logs = sorted((self.place / "logs").glob("*.log"))
        last = {log.stem: log.read_text(errors="replace").splitlines()[-most:] for log in logs}
        return "\n".join(f"{name}: {line}" for name, lines in last.items() for line in lines)

    def stop(self) -> None:
        """SIGTERM, and wait until nothing is left."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
