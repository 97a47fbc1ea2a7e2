"""A monitor's bytes become a recording's frames; started again it goes on behind a gap."""

from __future__ import annotations

from uuid import uuid4

from realtime import frames
from realtime.agent.bedside import Bedside, Began, Ended, Lost, Made, Unfinished
from realtime.agent.decoders.lines import CsvDecoder
from realtime.frames import Flag

S = 1_000_000_000
LINES = b"140\n" * 4


def decoder() -> CsvDecoder:
    """One that has seen a line's beginning."""
    made = CsvDecoder()
    made.feed(b"\n")
    return made


def bedside(unfinished: Unfinished | None = None) -> Bedside:
    return Bedside("SN-1", decoder(), off_s=60, unfinished=unfinished)


def test_a_recording_begins_with_its_first_second() -> None:
    one = bedside()
    events = [event for n in range(1, 13) for event in one.feed(LINES, n, n * S)]
    assert isinstance(events[0], Began)
    made = [event for event in events if isinstance(event, Made)]
    assert [event.seq for event in made] == list(range(1, 13))
    heads = [frames.read_head(event.frame) for event in made]
    assert [head.device_ns for head in heads] == [n * S for n in range(12)]
    assert heads[0].flags == Flag.FIRST | Flag.BACKFILL
    assert (events[0].device, events[0].started_ns) == ("SN-1", 0)


def test_flags_say_link_clock_and_battery() -> None:
    one = Bedside("SN-1", decoder(), off_s=60, start="always")
    one.linked = one.unsynchronised = True
    one.decoder.battery_low = True
    (_, made) = one.feed(LINES, 1, S)
    assert isinstance(made, Made)
    flags = Flag.UNSYNCHRONISED | Flag.BATTERY_LOW | Flag.FIRST
    assert frames.read_head(made.frame).flags == flags


def test_started_again_no_number_is_used_twice_and_the_missing_are_a_gap() -> None:
    recording = uuid4()
    one = bedside(Unfinished(recording, last_ns=99 * S, last_seq=100))
    lost, made = one.feed(LINES, 1.0, 131 * S)
    assert lost == Lost(recording, 101, 130)
    assert isinstance(made, Made)
    assert (made.recording, made.seq) == (recording, 131)


def test_started_again_with_a_clock_that_went_back_it_still_counts_on() -> None:
    one = bedside(Unfinished(uuid4(), last_ns=149 * S, last_seq=100))
    (made,) = one.feed(LINES, 1.0, 60 * S)
    assert isinstance(made, Made)
    assert made.seq == 101


def test_started_again_beside_a_silent_monitor_it_ends() -> None:
    recording = uuid4()
    one = bedside(Unfinished(recording, last_ns=99 * S, last_seq=100))
    assert one.tick(0.0, 0) == []
    assert one.tick(59.0, 0) == []
    assert one.tick(60.0, 0) == [Ended(recording, 100)]
    assert one.recording is None


def test_what_the_server_knows_is_not_used_again() -> None:
    one = bedside()
    events = [event for n in range(1, 11) for event in one.feed(LINES, n, n * S)]
    assert events
    one.skip_to(25)
    (made,) = one.feed(LINES, 11, 11 * S)
    assert isinstance(made, Made)
    assert made.seq == 26
