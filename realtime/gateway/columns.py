"""What the gateway knows of each recording and looks at all the time, as columns."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from realtime import frames
from realtime.marks import NONE, Marks, Places

UNMEASURED: Final = np.iinfo(np.int64).min
"""No clock offset has been reported."""
LAG_MOVED_MS: Final = 500
REPEAT_NS: Final = 60_000_000_000
"""A state is told when it changes. To viewers at other gateways it is told so often all the same: a
hint may be lost."""
_TO_LAST_SAMPLE_NS: Final = frames.FRAME_PERIOD_NS - frames.SAMPLE_PERIOD_NS
_CONNECTED, _WAITING = 1 << 16, 1 << 17
"""Beside the 16 flags of a frame."""

Ints = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]


class Columns(Marks):
    """One place a recording in memory; times in ns since 1970 by the gateway's clock.

    Attributes:
        no: its number in the database; `number` is 32 bits of that.
        heard_ns: when its latest frame was taken.
        last: the frame of the highest number so far; `seq` 0 before the first.
        pulsed_ns, pulse_due: `heard_ns` as last written down, and whether it must be now.
        offset_ns: the sender's clock offset, or `UNMEASURED`.
        elsewhere: another gateway has it; set while its seconds arrive.
        feeder, stream: number of the connection that it comes in by, and its stream there; or -1.
        patience_ms: how long acknowledgements of it may wait for more.
        watched: somebody waits for its frames.
        seat, neighbour: numbers of the one or two viewers who just get every frame; or -1.
        odd: watched, but each of its frames has to be looked at.
        sent_on: viewers at other gateways are fed from here.
        row: where the alarms look after it; or -1.
        told, told_lag_ms, told_offset_ns, told_ns: what viewers were told last, and when.
    """

    COLUMNS: ClassVar[dict[str, tuple[Any, Any]]] = {
        **Marks.COLUMNS,
        "no": (np.int64, 0),
        "number": (np.uint32, 0),
        "heard_ns": (np.int64, 0),
        "last": (frames.FRAME, np.zeros((), frames.FRAME)),
        "pulsed_ns": (np.int64, 0),
        "pulse_due": (np.bool_, False),
        "offset_ns": (np.int64, UNMEASURED),
        "elsewhere": (np.bool_, False),
        "feeder": (np.int64, NONE),
        "stream": (np.int64, NONE),
        "patience_ms": (np.int32, 0),
        "watched": (np.bool_, False),
        "seat": (np.int64, NONE),
        "neighbour": (np.int64, NONE),
        "odd": (np.bool_, False),
        "sent_on": (np.bool_, False),
        "row": (np.intp, NONE),
        "told": (np.int64, NONE),
        "told_lag_ms": (np.int64, 0),
        "told_offset_ns": (np.int64, UNMEASURED),
        "told_ns": (np.int64, 0),
    }

    no: Ints
    number: npt.NDArray[np.uint32]
    heard_ns: Ints
    last: npt.NDArray[Any]
    pulsed_ns: Ints
    pulse_due: Truths
    offset_ns: Ints
    elsewhere: Truths
    feeder: Ints
    stream: Ints
    patience_ms: npt.NDArray[np.int32]
    watched: Truths
    seat: Ints
    neighbour: Ints
    odd: Truths
    sent_on: Truths
    row: Places
    told: Ints
    told_lag_ms: Ints
    told_offset_ns: Ints
    told_ns: Ints

    def lag_ms(self, places: Places) -> Ints:
        """Delay of the newest second from its last sample to its arrival; 0 before the first."""
        last = frames.picked(self.last, places)
        offsets = self.offset_ns[places]
        offsets[offsets == UNMEASURED] = 0
        device_ns = last["device_ns"].astype(np.int64)
        late_ns = self.heard_ns[places] - device_ns - _TO_LAST_SAMPLE_NS - offsets
        lags: Ints = np.where(last["seq"] == 0, 0, late_ns // 1_000_000)
        return lags

    def untold(self, places: Places, now_ns: int, *, waiting: bool) -> Places:
        """Of these the ones whose viewers should be told the state again; notes that they are.

        The frames themselves show that it runs and when it was last heard of. So it is said when
        something else has changed, and when the lag has moved.
        """
        connected = (self.feeder[places] != NONE) | self.elsewhere[places]
        told = self.last["flags"][places] + connected * _CONNECTED + waiting * _WAITING
        lag_ms, offsets = self.lag_ms(places), self.offset_ns[places]
        due = (told != self.told[places]) | (offsets != self.told_offset_ns[places])
        due |= np.abs(lag_ms - self.told_lag_ms[places]) > LAG_MOVED_MS
        due |= self.sent_on[places] & (np.abs(now_ns - self.told_ns[places]) > REPEAT_NS)
        which: Places = places[due]
        self.told[which], self.told_lag_ms[which] = told[due], lag_ms[due]
        self.told_offset_ns[which], self.told_ns[which] = offsets[due], now_ns
        return which
