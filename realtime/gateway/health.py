"""What `/health` and the heartbeat say about this gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from realtime.gateway.commit import Committer
from realtime.gateway.ingest import Ingest
from realtime.gateway.viewing import Viewing


@dataclass(slots=True)
class Health:
    """Numbers about now; `database` is the outcome of the latest attempt to use it."""

    ingest: Ingest
    viewing: Viewing
    committer: Committer
    database: bool = False
    draining: bool = False

    @property
    def ok(self) -> bool:
        """Whether frames can be made durable, and new senders are welcome."""
        return self.database and not self.committer.pressed and not self.draining

    def facts(self) -> dict[str, Any]:
        """All numbers, JSON-ready."""
        figures = self.committer.figures
        times = sorted(figures.commit_s)
        return {
            "status": "ok" if self.ok else "degraded",
            "database": self.database,
            "senders": len(self.ingest.listeners),
            "viewers": len(self.viewing.listeners),
            "recordings": sum(1 for r in self.ingest.recordings if r.feeder is not None),
            "frames_received": self.ingest.received,
            "frames_stored": figures.stored,
            "frames_waiting": self.committer.waiting,
            "frames_delivered": self.viewing.delivered,
            "commit_p50_ms": round(times[len(times) // 2] * 1000, 2) if times else None,
            "commit_p99_ms": round(times[len(times) * 99 // 100] * 1000, 2) if times else None,
        }
