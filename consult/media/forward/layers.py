"""How much of each picture a subscriber is sent, decided by what their line loses.

Estimates of bandwidth grow on their own and say nothing about a policed line; the loss that
receivers report does. Two reports in a row above a tenth: the low layer. There above a fifth for
five seconds: no picture, and the page says "audio only". What is between is repaired by sending
again, and a picture at a tenth lost is worth more than none. Below a fiftieth for eight seconds:
one step up; if that was wrong, the next try comes after twice the time, at most a minute.

Sound is never dropped. Of pictures the least important goes first: faces, then ultrasound.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from consult.media.engine import RANK, Layer, Source

K = TypeVar("K", bound=Hashable)

MUCH: Final = 0.10
TOO_MUCH: Final = 0.20
LITTLE: Final = 0.02
REPORTS: Final = 2
PAUSE_AFTER_S: Final = 5.0
CALM_S: Final = 8.0
LONGEST_CALM_S: Final = 60.0
SETTLE_S: Final = 1.5
"""Reports within this time of a change still speak of what was before it."""

ORDER: Final = (Layer.OFF, Layer.LOW, Layer.HIGH)


def lower(layer: Layer) -> Layer:
    """One step down; OFF stays."""
    return ORDER[max(0, ORDER.index(layer) - 1)]


def higher(layer: Layer) -> Layer:
    """One step up; HIGH stays."""
    return ORDER[min(len(ORDER) - 1, ORDER.index(layer) + 1)]


def least(*layers: Layer) -> Layer:
    """The smallest of them: a wish, a cap and a line are each a limit."""
    return min(layers, key=ORDER.index)


@dataclass(slots=True)
class _Line:
    level: Layer = Layer.HIGH
    bad: int = 0
    bad_since: float | None = None
    calm_since: float | None = None
    calm_s: float = CALM_S
    raised_at: float | None = None
    changed_at: float = float("-inf")


@dataclass(slots=True)
class LossRule:
    """The state of one subscriber's line. Times are seconds of a steady clock.

    The level is one for the line; `allowed` turns it into a limit for each source.
    """

    _line: _Line = field(default_factory=_Line)

    @property
    def level(self) -> Layer:
        """HIGH: all is well. LOW: small faces, or the scan alone. OFF: sound alone."""
        return self._line.level

    def report(self, loss: float, at: float) -> bool:
        """A receiver report came: `loss` of 0 to 1 over its interval. True if the level changed."""
        line = self._line
        if at - line.changed_at < SETTLE_S:
            return False
        if loss > MUCH:
            return self._bad(loss, at)
        line.bad, line.bad_since = 0, None
        if loss >= LITTLE:
            line.calm_since = None
            return False
        return self._calm(at)

    def _bad(self, loss: float, at: float) -> bool:
        line = self._line
        line.calm_since = None
        line.bad += 1
        if line.level is Layer.HIGH and line.bad >= REPORTS:
            return self._change(Layer.LOW, at)
        if loss <= TOO_MUCH:
            line.bad_since = None
        elif line.bad_since is None:
            line.bad_since = at
        elif line.level is Layer.LOW and at - line.bad_since >= PAUSE_AFTER_S:
            return self._change(Layer.OFF, at)
        return False

    def _calm(self, at: float) -> bool:
        line = self._line
        if line.calm_since is None:
            line.calm_since = at
        if line.level is not Layer.HIGH and at - line.calm_since >= line.calm_s:
            line.raised_at = at
            return self._change(higher(line.level), at)
        if line.level is Layer.HIGH and at - line.calm_since >= LONGEST_CALM_S:
            line.calm_s = CALM_S
        return False

    def _change(self, level: Layer, at: float) -> bool:
        line = self._line
        fell = ORDER.index(level) < ORDER.index(line.level)
        if fell and line.raised_at is not None and at - line.raised_at < 2 * line.calm_s:
            line.calm_s = min(LONGEST_CALM_S, 2 * line.calm_s)
        line.level, line.changed_at = level, at
        line.bad, line.bad_since, line.calm_since = 0, None, None
        return True


def allowed(level: Layer, tracks: Mapping[K, Source], *, strained: bool = False) -> dict[K, Layer]:
    """What may be sent of each track at this level of the line.

    With a scan in the room the faces go first: at LOW they are gone and the scan is whole (it has
    one layer, for its resolution is never reduced). With faces alone, LOW is small faces.

    Args:
        level: of the line.
        tracks: what there is to send, by any key.
        strained: the worker itself is behind; faces are sent small.
    """
    scan = any(
        RANK[source] < RANK[Source.CAMERA]
        for source in tracks.values()
        if source is not Source.MICROPHONE
    )
    result: dict[K, Layer] = {}
    for key, source in tracks.items():
        if source is Source.MICROPHONE:
            result[key] = Layer.HIGH
        elif source is Source.CAMERA:
            limit = Layer.OFF if scan and level is Layer.LOW else level
            result[key] = least(limit, Layer.LOW) if strained else limit
        else:
            result[key] = Layer.OFF if level is Layer.OFF else Layer.HIGH
    return result
