"""What a plain installation imports is what its lock file installs."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Celery and uvicorn import some of their parts only when they are used.
# These come with tools of the tests only: what looks for them must do without.
USED = """
import sys
sys.modules |= {"PIL": None, "requests": None}
import celery.apps.worker, celery.concurrency.prefork, kombu.transport.redis
import uvicorn.loops.uvloop, uvicorn.protocols.websockets.websockets_sansio_impl
import server.cli, server.app, server.worker, server.engine, server.migrate
import server.commands.processes, server.commands.demo, server.commands.verify
import server.commands.replay, server.commands.openapi, server.commands.region
import realtime.gateway.main, consult.imaging.receiving.main
import importlib.metadata, json
known = importlib.metadata.packages_distributions()
# setuptools, where it is installed, loads its shim into every interpreter.
tops = {name.partition(".")[0] for name, used in sys.modules.items() if used}
tops -= {"_distutils_hack"}
print(json.dumps(sorted({dist for top in tops for dist in known.get(top, [])})))
"""


def _locked(name: str) -> dict[str, str]:
    pins = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in pins}


def test_everything_that_is_imported_is_locked_for_running() -> None:
    done = subprocess.run(
        [sys.executable, "-c", USED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    imported = {re.sub(r"[-_.]+", "-", name).lower() for name in json.loads(done.stdout)}
    assert "kombu" in imported
    assert imported - set(_locked("requirements.lock")) <= {"yunshang"}


def test_tools_come_on_top_of_the_same_versions() -> None:
    running, developing = _locked("requirements.lock"), _locked("requirements-dev.lock")
    assert running.items() <= developing.items()


def test_locks_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-bootstrap.lock"):
        text = (ROOT / name).read_text()
        assert not re.search(r"(https?|file)://|--(extra-)?index-url|--find-links", text), name
        pins = re.findall(r"^[A-Za-z0-9_.-]+==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[A-Za-z0-9_.-]+==", text, re.MULTILINE)), name
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    assert not [name for name, body in packages.items() if "resolved" in body]
    bare = [name for name, body in packages.items() if name and "integrity" not in body]
    assert bare == []
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "web" / ".npmrc").read_text()
