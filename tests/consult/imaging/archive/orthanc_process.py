"""An Orthanc of the tests' own, on the loopback, with a directory of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import httpx

from tests.fixtures.ports import free_port

USER, PASSWORD = "yunshang", "only tests know it"
BINARY: Final = shutil.which("Orthanc") or "/usr/sbin/Orthanc"


class OrthancProcess:
    """Start, stop, start again: what it holds stays."""

    def __init__(self, place: Path, **more: Any) -> None:
        self._place = place
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None
        (place / "db").mkdir(parents=True)
        configuration = {
            "StorageDirectory": str(place / "db"),
            "IndexDirectory": str(place / "db"),
            "HttpPort": self._port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "DicomServerEnabled": False,
            "OverwriteInstances": False,
            **more,
        }
        (place / "orthanc.json").write_text(json.dumps(configuration))

    @property
    def client(self) -> httpx.Client:
        """For what the tests look at beside the archive."""
        return httpx.Client(base_url=self.url, auth=(USER, PASSWORD), trust_env=False)

    def start(self) -> None:
        """Until it answers."""
        with (self._place / "log").open("ab") as log:
            command = [BINARY, str(self._place / "orthanc.json")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + 30
        with self.client as client:
            while True:
                try:
                    client.get("/system").raise_for_status()
                    return
                except httpx.HTTPError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
