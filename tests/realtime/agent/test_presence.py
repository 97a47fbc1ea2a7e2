"""A recording begins with the first of ten seconds of signal and ends without any for long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from realtime.agent.clockwork import Timed
from realtime.agent.presence import START_S, Presence
from realtime.agent.samples import LOST, SILENT, Sample

HEARD = (Sample(fhr1=560), LOST, LOST, LOST)
TOCO = (Sample(toco=20),) * 4


def timed(n: int, there: bool) -> Timed:
    return Timed(HEARD if there else SILENT, n)


def test_ten_seconds_of_signal_begin_it_with_the_first_of_them() -> None:
    presence = Presence(off_s=60)
    early = [presence.take(timed(n, True)) for n in range(9)]
    assert not any(heard.keep or heard.began for heard in early)
    assert presence.signal_s == 9
    begun = presence.take(timed(9, True))
    assert begun.began
    assert [one.device_ns for one in begun.keep] == list(range(10))


def test_a_flicker_of_two_seconds_is_forgiven_three_are_not() -> None:
    for pattern, begins in (("1101101111", True), ("1101101101", False)):
        presence = Presence(off_s=60)
        took = [presence.take(timed(n, c == "1")) for n, c in enumerate(pattern)]
        assert any(heard.began for heard in took) is begins


def test_it_ends_after_the_transducer_was_off_for_long() -> None:
    presence = Presence(off_s=60)
    for n in range(START_S):
        presence.take(timed(n, True))
    for n in range(59):
        assert not presence.take(timed(n, False)).ended
    presence.take(timed(70, True))
    took = [presence.take(timed(n, False)) for n in range(60)]
    assert [heard.ended for heard in took] == [False] * 59 + [True]
    assert not presence.recording
    assert presence.take(timed(200, True)).keep == ()


def test_toco_alone_begins_nothing_unless_told_to_record_always() -> None:
    presence = Presence(off_s=60)
    assert not any(presence.take(Timed(TOCO, n)).began for n in range(30))
    always = Presence(off_s=30, start="always")
    assert not always.take(timed(0, False)).began
    assert always.take(Timed(TOCO, 1)).began
    assert [always.take(timed(n, False)).ended for n in range(30)][-1]


@given(st.lists(st.booleans(), max_size=300), st.integers(30, 60))
def test_no_second_of_a_recording_is_kept_twice_or_out_of_order(
    there: list[bool], off_s: int
) -> None:
    presence = Presence(off_s=off_s)
    kept: list[int] = []
    running = False
    for n, one in enumerate(there):
        heard = presence.take(timed(n, one))
        assert not heard.began or not running
        running = (running or heard.began) and not heard.ended
        kept += [second.device_ns for second in heard.keep]
        assert presence.recording is running
    assert kept == sorted(set(kept))
