"""Services that can be killed, gateways that share a port, the centres' process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import httpx
import psutil

from server.embedded import postgres
from tests.bench.ctg.ground import Ground as Bench
from tests.faults.ctg.centre import Centre
from tests.faults.ctg.sender import Plan
from tests.fixtures.ports import free_port
from tests.realtime.conftest import ORIGIN
from tests.realtime.gateway.process import ROOT

PATIENCE_S: Final = 60.0
ANSWERS: Final = 8
"""Good answers in a row, for each gateway, that say that none of them is ill."""


class Ground:
    """Everything that runs; each `kill_…` also brings it back, as a supervisor would."""

    def __init__(self, bench: Bench, gateways: int, dice: random.Random) -> None:
        assert bench.clone is not None
        self.clone = bench.clone
        self.place = bench.place
        self.port = free_port()
        self._bench = bench
        self._dice = dice
        self._environment = {
            "PATH": os.environ["PATH"],
            "YUNSHANG_SYSTEM_DATABASE_URL": bench.clone.system_url,
            "VALKEY_URL": bench.services.layout.valkey_url,
            "YUNSHANG_GATEWAY_PORT": str(self.port),
            "YUNSHANG_PUBLIC_ORIGINS": ORIGIN,
            "YUNSHANG_DATA_DIR": str(bench.place / "data"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.gateways = [self._gateway() for _ in range(gateways)]
        self._sender: subprocess.Popen[bytes] | None = None
        self.centre: Centre | None = None
        self._plan: Path = self.place / "plan.json"

    @property
    def services_place(self) -> Path:
        """The directory of PostgreSQL's files."""
        return self._bench.services.layout.data_dir

    @property
    def url(self) -> str:
        """Where all gateways are."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """A browser that is logged in."""
        return self._logged_in(0)

    @property
    def other_headers(self) -> dict[str, str]:
        """Another one; so many viewers do not find seats with one login."""
        return self._logged_in(-1)

    def _logged_in(self, number: int) -> dict[str, str]:
        cookie = f"__Host-yunshang={self._bench.sessions[number]}"
        return {"Cookie": cookie, "Origin": ORIGIN}

    def _gateway(self) -> subprocess.Popen[bytes]:
        return self._spawn("gateway", "server.cli", "gateway", env=self._environment)

    def _spawn(
        self, log: str, module: str, *arguments: str, env: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        with (self.place / f"{log}.log").open("ab") as out:
            argv = [sys.executable, "-m", module, *arguments]
            return subprocess.Popen(argv, cwd=ROOT, env=env, stdout=out, stderr=out)

    async def serves(self) -> None:
        """Wait until every gateway listens and is well; the kernel chooses which one answers."""
        deadline, good = time.monotonic() + PATIENCE_S, 0
        while good < ANSWERS * len(self.gateways):
            if time.monotonic() > deadline:
                raise RuntimeError(f"a gateway does not serve; see {self.place}/gateway.log")
            good = good + 1 if self._all_listen() and await self._is_well() else 0
            if not good:
                await asyncio.sleep(0.05)

    def _all_listen(self) -> bool:
        listening = {
            one.pid
            for one in psutil.net_connections("tcp")
            if one.status == psutil.CONN_LISTEN and one.laddr.port == self.port
        }
        return {child.pid for child in self.gateways} <= listening

    async def _is_well(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"http://127.0.0.1:{self.port}/health", timeout=2)
                return answer.status_code == 200
        return False

    def add_gateway(self) -> None:
        """One more, the youngest."""
        self.gateways.append(self._gateway())

    async def drain(self) -> int:
        """What an operator types: all but the youngest leave; returns the command's exit code."""
        command = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.cli", "gateway", "--drain",
            cwd=ROOT, env=self._environment,
        )  # fmt: skip
        return await command.wait()

    # The centres

    def start_sender(self, plan: Plan) -> None:
        """Let the centres send."""
        self._plan.write_text(json.dumps(asdict(plan)))
        self._sender = self._spawn("sender", "tests.faults.ctg.sender", str(self._plan))

    async def sender_ends(self, patience_s: float) -> bool:
        """Wait until every centre has everything acknowledged."""
        assert self._sender is not None
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if self._sender.poll() is not None:
                return self._sender.returncode == 0
            await asyncio.sleep(0.1)
        return False

    # Deaths

    def kill_agent(self) -> None:
        """kill -9 of the real agent."""
        assert self.centre is not None
        self.centre.kill()

    def kill_sender(self) -> None:
        """kill -9 of what stands for all other centres."""
        assert self._sender is not None
        _end(self._sender)
        self._sender = self._spawn("sender", "tests.faults.ctg.sender", str(self._plan))

    def kill_gateway(self) -> None:
        """kill -9 of one gateway with all that belongs to it."""
        place = self._dice.randrange(len(self.gateways))
        _end(self.gateways[place])
        self.gateways[place] = self._gateway()

    def kill_postgres(self) -> None:
        """kill -9 of the whole server: no checkpoint, no farewell."""
        process = psutil.Process(self._bench.services.pid("postgres"))
        everybody = [process, *process.children(recursive=True)]
        for one in everybody:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(everybody[1:], timeout=PATIENCE_S)
        _until_dead(process)
        self._again("postgres", lambda: postgres.clear_ground(self._bench.services.layout))

    def revive_postgres(self) -> None:
        """Start the server again if its full disk has ended it, as a supervisor would."""
        process = psutil.Process(self._bench.services.pid("postgres"))
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            self._again("postgres", lambda: postgres.clear_ground(self._bench.services.layout))

    def kill_backend(self) -> None:
        """kill -9 of one session's process: PostgreSQL cuts all of them and recovers by itself."""
        process = psutil.Process(self._bench.services.pid("postgres"))
        sessions = [
            one
            for one in process.children()
            if any("yunshang_system" in word for word in one.cmdline())
        ]
        if sessions:
            self._dice.choice(sessions).kill()
        else:
            self.kill_postgres()

    def kill_valkey(self) -> None:
        """kill -9."""
        os.kill(self._bench.services.pid("valkey"), signal.SIGKILL)
        self._again("valkey", lambda: None)

    def _again(self, name: str, clear: Callable[[], None]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            clear()
            try:
                return self._bench.services.restart(name)
            except TimeoutError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def close(self) -> None:
        """End what was started here."""
        if self.centre is not None:
            self.centre.hush()
        for child in (*self.gateways, self._sender):
            if child is not None:
                _end(child)


def _until_dead(process: psutil.Process) -> None:
    """What was killed gives its memory back first; whoever started it still has to collect it."""
    deadline = time.monotonic() + PATIENCE_S
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {process.pid} does not die")
        time.sleep(0.01)


def _end(child: subprocess.Popen[bytes]) -> None:
    """kill -9 of a process and its children."""
    everybody: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(child.pid)
        everybody = [*process.children(recursive=True), process]
    for one in everybody:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    child.wait(10)
