"""A worker that may be killed: `python -m tests.consult.media.forward.worker_process PORT URL`."""

import asyncio
import sys

from consult.media.forward.worker import WorkerSettings, run

MASTER = b"m" * 32


def main() -> None:
    """Serve on the loopback."""
    port, valkey_url = int(sys.argv[1]), sys.argv[2]
    settings = WorkerSettings("127.0.0.1", port, addresses={"127.0.0.1": "127.0.0.1"})
    asyncio.run(run(settings, MASTER, valkey_url, {}))


if __name__ == "__main__":
    main()
