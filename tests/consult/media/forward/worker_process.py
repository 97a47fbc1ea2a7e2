"""A worker that may be killed: `python -m tests.consult.media.forward.worker_process PORT URL`."""

import asyncio
import subprocess
import sys

from consult.media.forward.worker import WorkerSettings, run

MASTER = b"m" * 32


def spawn(port: int, valkey_url: str, *, quiet: bool = False) -> subprocess.Popen[bytes]:
    """Such a worker; whoever starts it ends it."""
    module = "tests.consult.media.forward.worker_process"
    command = [sys.executable, "-m", module, str(port), valkey_url]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL if quiet else None)


def main() -> None:
    """Serve on the loopback."""
    port, valkey_url = int(sys.argv[1]), sys.argv[2]
    settings = WorkerSettings("127.0.0.1", port, addresses={"127.0.0.1": "127.0.0.1"})
    asyncio.run(run(settings, MASTER, valkey_url, {}))


if __name__ == "__main__":
    main()
