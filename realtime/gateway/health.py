"""What `/health` and the heartbeat say about this gateway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import psutil

from kernel.database_clock import DatabaseClock
from realtime.gateway.commit import Committer
from realtime.gateway.ingest import Ingest
from realtime.gateway.viewing import Viewing
from realtime.marks import NONE

TEXT: Final = "text/plain; version=0.0.4"
COUNTERS: Final = frozenset(
    {
        "frames_received",
        "frames_stored",
        "frames_delivered",
        "frames_dropped",
        "viewer_resyncs",
        "acks",
        "conflicts",
        "commits",
        "commit_failures",
        "connections_refused",
    }
)


def resident_bytes() -> int:
    """Memory of this process."""
    held: int = psutil.Process().memory_info().rss
    return held


@dataclass(slots=True)
class Health:
    """Numbers about now; `database` is the outcome of the latest attempt to use it."""

    ingest: Ingest
    viewing: Viewing
    committer: Committer
    clock: DatabaseClock
    database: bool = False
    draining: bool = False
    empty_bytes: int = field(default_factory=resident_bytes)
    """What the gateway held before anybody came."""

    @property
    def ok(self) -> bool:
        """Whether frames can be made durable, and new senders are welcome."""
        return self.database and not self.committer.pressed and not self.draining

    def facts(self) -> dict[str, Any]:
        """All numbers, JSON-ready."""
        figures, columns = self.committer.figures, self.ingest.recordings.columns
        fed = np.flatnonzero(columns.feeder != NONE)
        lags = columns.lag_ms(fed[columns.last["seq"][fed] != 0]).tolist()
        resident = resident_bytes()
        connected = len(self.ingest.listeners) + len(self.viewing.listeners)
        commit_ms = [seconds * 1000 for seconds in figures.commit_s]
        return {
            "status": "draining" if self.draining else "ok" if self.ok else "degraded",
            "database": self.database,
            "storage": self.ingest.recordings.storage.state,
            "clock_offset_ms": self.clock.offset_ms,
            "senders": len(self.ingest.listeners),
            "viewers": len(self.viewing.listeners),
            "connections_refused": self.ingest.seats.refused + self.viewing.seats.refused,
            "recordings": len(fed),
            "frames_received": self.ingest.received,
            "frames_stored": figures.stored,
            "frames_waiting": self.committer.waiting,
            "frames_delivered": self.viewing.delivered,
            "frames_dropped": self.viewing.dropped,
            "viewer_resyncs": self.viewing.resyncs,
            "acks": self.ingest.acks,
            "conflicts": self.ingest.conflicts,
            "commits": figures.commits,
            "commit_failures": figures.failures,
            "commit_p50_ms": _quantile(commit_ms, 0.5),
            "commit_p99_ms": _quantile(commit_ms, 0.99),
            "flush_frames_p50": _quantile(figures.flush_frames, 0.5),
            "flush_frames_p99": _quantile(figures.flush_frames, 0.99),
            "lag_p50_ms": _quantile(lags, 0.5),
            "lag_p99_ms": _quantile(lags, 0.99),
            "viewer_bytes_waiting_max": max(
                (viewer.waiting_bytes for viewer in self.viewing.listeners), default=0
            ),
            "resident_bytes": resident,
            "connection_bytes_mean": max(0, resident - self.empty_bytes) // max(1, connected),
        }


def metrics(facts: Mapping[str, Any]) -> bytes:
    """The numbers as a metrics scraper reads them (text exposition format 0.0.4)."""
    lines = []
    for name, value in facts.items():
        if isinstance(value, bool | int | float):
            kind = "counter" if name in COUNTERS else "gauge"
            lines.append(f"# TYPE yunshang_gateway_{name} {kind}")
            lines.append(f"yunshang_gateway_{name} {float(value):.15g}")
    lines.append("# TYPE yunshang_gateway_storage_waiting gauge")
    lines.append(f"yunshang_gateway_storage_waiting {int(facts['storage'] != 'ok')}")
    return ("\n".join(lines) + "\n").encode()


def _quantile(values: Iterable[float], share: float) -> float | None:
    ordered = sorted(values)
    return round(ordered[int((len(ordered) - 1) * share)], 2) if ordered else None
