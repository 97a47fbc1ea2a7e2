"""What arrived, held against what was due: every acknowledgement and every viewer's every second.

Nothing is looked at while the load runs: the generator only writes down what came and when.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from realtime import frames
from tests.bench.ctg.schedule import Plan

CRC_EVERY: Final = 16
Times = npt.NDArray[np.float64]


@dataclass(slots=True)
class Acks:
    """Cumulative acknowledgements as they came: monitor, number, moment (monotonic seconds)."""

    monitors: list[int] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def add(self, monitor: int, seq: int, at_s: float) -> None:
        """One acknowledgement."""
        self.monitors.append(monitor)
        self.seqs.append(seq)
        self.moments.append(at_s)


@dataclass(slots=True)
class Seen:
    """Frames as viewers got them; `slots[n]` says who got the nth: wall and place on it."""

    frames: list[bytes] = field(default_factory=list)
    slots: list[tuple[int, int]] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def add(self, wall: int, monitor: int, joined: bytes, at_s: float) -> None:
        """One frame of one monitor."""
        self.frames.append(joined)
        self.slots.append((wall, monitor))
        self.moments.append(at_s)


def intended(plan: Plan, start_s: float) -> Times:
    """When each second of each monitor was due: an array of monitors by seconds."""
    phases = np.repeat(plan.phases, plan.mux)
    return np.asarray(start_s + phases[:, None] + np.arange(plan.total_s)[None, :])


def ack_moments(plan: Plan, acks: Acks) -> Times:
    """When each second was first acknowledged; infinity where it never was."""
    out = np.full((plan.monitors, plan.total_s), np.inf)
    who = np.asarray(acks.monitors, dtype=np.int64)
    seqs = np.asarray(acks.seqs, dtype=np.int64)
    good = (seqs >= 1) & (seqs <= plan.total_s)
    np.minimum.at(out, (who[good], seqs[good] - 1), np.asarray(acks.moments)[good])
    # An acknowledgement of one second is one of all before it.
    return np.asarray(np.minimum.accumulate(out[:, ::-1], axis=1)[:, ::-1])


def quantiles(late_s: npt.NDArray[Any]) -> dict[str, float | None]:
    """Milliseconds by nearest rank; None where nothing was measured."""
    ranked = np.sort(late_s[np.isfinite(late_s)])
    names = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    if not len(ranked):
        return dict.fromkeys(names)
    return {
        name: round(float(ranked[math.ceil(len(ranked) * share) - 1]) * 1000, 1)
        for name, share in names.items()
    }


def judge_acks(plan: Plan, acks: Acks, start_s: float) -> tuple[dict[str, Any], npt.NDArray[Any]]:
    """Figures of the acknowledgements, and how far each monitor's are."""
    moments = ack_moments(plan, acks)
    late = (moments - intended(plan, start_s))[:, plan.warm_s :]
    reached = np.isfinite(moments).sum(axis=1)
    return {"acked": int(reached.sum()), "ack_ms": quantiles(late)}, reached


def judge_views(plan: Plan, seen: Seen, start_s: float) -> dict[str, Any]:
    """Figures of the viewers.

    `gaps` counts seconds that never came and seconds that came out of their order; `dups` those
    that came again.
    """
    expected = plan.monitors * plan.copies * plan.total_s
    if not seen.frames:
        return {"delivered": 0, "gaps": expected, "dups": 0, "crc": 0, "view_ms": quantiles(_NONE)}
    arrived = np.frombuffer(b"".join(seen.frames), dtype=frames.FRAME)
    slots = np.asarray(seen.slots, dtype=np.int64)
    seqs = arrived["seq"].astype(np.int64)
    late = np.asarray(seen.moments) - intended(plan, start_s)[slots[:, 1], seqs - 1]
    keys = slots[:, 0] * plan.monitors + slots[:, 1]
    order = np.argsort(keys, kind="stable")
    same = keys[order][1:] == keys[order][:-1]
    backwards = int((same & (np.diff(seqs[order]) < 0)).sum())
    distinct = len(np.unique(keys * (plan.total_s + 1) + seqs))
    return {
        "delivered": len(arrived),
        "gaps": expected - distinct + backwards,
        "dups": len(arrived) - distinct,
        "crc": _bad_crcs(seen.frames[::CRC_EVERY]),
        "view_ms": quantiles(late[seqs > plan.warm_s]),
    }


def _bad_crcs(some: Sequence[bytes]) -> int:
    return sum(zlib.crc32(one[:76]) != int.from_bytes(one[76:80], "little") for one in some)


_NONE: Final = np.zeros(0)
