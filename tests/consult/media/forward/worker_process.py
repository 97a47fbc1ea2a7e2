"""A worker to kill.

`python -m tests.consult.media.forward.worker_process HOST PORT URL [FOLDER]`
"""

import subprocess
import sys
from pathlib import Path

import uvloop
from redis.asyncio import Redis

from consult.media.forward.worker import WorkerSettings, run

MASTER = b"m" * 32
LOOPBACK = "127.0.0.1"


def spawn(
    port: int,
    valkey_url: str,
    *,
    host: str = LOOPBACK,
    quiet: bool = False,
    recordings: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Such a worker, reached at `host` alone; whoever starts it ends it."""
    module = "tests.consult.media.forward.worker_process"
    command = [sys.executable, "-m", module, host, str(port), valkey_url]
    command += [str(recordings)] if recordings else []
    stdout = subprocess.DEVNULL if quiet else None
    # Where the kernel shares cores between sessions (autogroup), it is not one of its starter's.
    return subprocess.Popen(command, stdout=stdout, start_new_session=True)


async def forget_others(valkey_url: str) -> None:
    """Nobody is placed at a worker that was killed before and is not yet missed."""
    async with Redis.from_url(valkey_url) as valkey:
        await valkey.flushdb()


def main() -> None:
    """Serve at one address."""
    host, port, valkey_url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    recordings = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    settings = WorkerSettings(host, port, addresses={host: host}, recordings=recordings)
    uvloop.run(run(settings, MASTER, valkey_url, {}))


if __name__ == "__main__":
    main()
