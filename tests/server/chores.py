"""A worker application for test_worker.py, with one chore that leaves a trace in the database."""

import os
from typing import Any

from sqlalchemy import text

from kernel.database import Database
from kernel.viewer import Viewer
from server.settings import Settings
from server.worker import Chores, build

celery = build(Settings.from_env(os.environ))

_TRACE = text(
    "INSERT INTO process_heartbeat (name, instance, pid) VALUES ('chore', :mark, :pid)"
    " ON CONFLICT (name, instance) DO NOTHING"
)


@celery.task(name="tests.leave_trace", bind=True)
def leave_trace(self: Any, mark: str) -> None:
    """Write `mark` through the bridge, from whatever process runs the chore."""
    app: Chores = self.app

    async def work(database: Database) -> None:
        async with database.session(Viewer.system("worker")) as session:
            await session.execute(_TRACE, {"mark": mark, "pid": os.getpid()})

    app.bridge.run(work)
