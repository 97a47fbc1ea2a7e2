"""The alarm rules once more, one recording, one sample at a time, in plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field

from realtime.alarms.kinds import SAMPLED, AlarmKind
from realtime.alarms.limits import Limits

LEAST, MOST = 120, 960
"""Quarter bpm: 30 and 240."""


@dataclass(slots=True)
class Second:
    """One frame; four samples of (fhr1, fhr2, fhr3, mhr), quarter bpm, and of device marks."""

    seq: int
    rates: list[tuple[int, int, int, int]]
    reported: bool = False
    battery: bool = False


@dataclass(slots=True)
class Bucket:
    full: int
    fill: int = 0
    on: bool = False
    onset: int = 0


@dataclass
class Oracle:
    """Tells the same changes as the board, as (kind, channel, present, onset, seq)."""

    channels: tuple[str, ...]
    limits: Limits
    seq: int = 0
    buckets: dict[tuple[AlarmKind, int], Bucket] = field(default_factory=dict)
    expected: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        limits = self.limits
        delays = (
            limits.low_delay_s, limits.high_delay_s, limits.loss_delay_s,
            limits.maternal_delay_s, limits.same_fetus_delay_s, 1,
        )  # fmt: skip
        for kind, delay in zip(SAMPLED, delays, strict=True):
            for channel in (0,) if kind is AlarmKind.BATTERY_LOW else (1, 2, 3):
                self.buckets[kind, channel] = Bucket(delay * 4)
        named = sorted(name for name in self.channels if name.startswith("fhr"))
        self.expected = {int(named[0][3])} if named else set()

    def take(self, second: Second) -> list[tuple[AlarmKind, int, bool, int, int]]:
        if second.seq <= self.seq:
            return []
        if self.seq and second.seq - self.seq > 30:
            for bucket in self.buckets.values():
                bucket.fill = bucket.full if bucket.on else 0
        self.seq = second.seq
        found = []
        for rates in second.rates:
            for key, shows in self._told(rates, second):
                found += self._pour(key, shows, second.seq)
        return found

    def _told(
        self, rates: tuple[int, int, int, int], second: Second
    ) -> list[tuple[tuple[AlarmKind, int], bool]]:
        told: list[tuple[tuple[AlarmKind, int], bool]] = []
        mother = rates[3] if LEAST <= rates[3] <= MOST else None
        near = self.limits.together_bpm * 4
        for channel in (1, 2, 3):
            rate = rates[channel - 1]
            valid = LEAST <= rate <= MOST
            if valid:
                self.expected.add(channel)
                told.append(((AlarmKind.BRADYCARDIA, channel), rate < self.limits.low_bpm * 4))
                told.append(((AlarmKind.TACHYCARDIA, channel), rate > self.limits.high_bpm * 4))
                if mother is not None or second.reported:
                    close = mother is not None and abs(rate - mother) <= near
                    told.append(((AlarmKind.MATERNAL_RATE, channel), second.reported or close))
                others = [r for r in rates[: channel - 1] if LEAST <= r <= MOST]
                if others:
                    close = any(abs(rate - other) <= near for other in others)
                    told.append(((AlarmKind.SAME_FETUS, channel), close))
            if channel in self.expected:
                told.append(((AlarmKind.SIGNAL_LOSS, channel), not valid))
        told.append(((AlarmKind.BATTERY_LOW, 0), second.battery))
        return told

    def _pour(
        self, key: tuple[AlarmKind, int], shows: bool, seq: int
    ) -> list[tuple[AlarmKind, int, bool, int, int]]:
        bucket = self.buckets[key]
        if shows and bucket.fill == 0:
            bucket.onset = seq
        bucket.fill = min(bucket.fill + 1, bucket.full) if shows else max(bucket.fill - 4, 0)
        if not bucket.on and bucket.fill == bucket.full:
            bucket.on = True
            return [(*key, True, bucket.onset, seq)]
        if bucket.on and bucket.fill == 0:
            bucket.on = False
            return [(*key, False, seq, seq)]
        return []
