"""Reports are those of RFC 3550."""

from hypothesis import given
from hypothesis import strategies as st

from consult.media.forward.reception import Line, Reception
from consult.media.forward.wrap import SEQ


def test_before_the_first_packet_there_is_nothing_to_report() -> None:
    assert Reception(90_000).report(0.0) is None


@given(st.integers(0, SEQ - 1), st.lists(st.booleans(), min_size=2, max_size=300))
def test_losses_are_counted_over_every_wrap(first: int, comes: list[bool]) -> None:
    comes[0] = comes[-1] = True
    reception = Reception(90_000)
    for step, here in enumerate(comes):
        if here:
            reception.add((first + step) % SEQ, 6000 * step, step / 15)
    report = reception.report(100.0)
    assert report is not None
    assert report.packets_lost == comes.count(False)
    assert report.fraction_lost == comes.count(False) * 256 // len(comes)
    assert report.highest % SEQ == (first + len(comes) - 1) % SEQ
    assert report.jitter <= 1
    again = reception.report(101.0)
    assert again is not None
    assert again.fraction_lost == 0


def test_a_senders_report_is_answered() -> None:
    reception = Reception(48_000)
    reception.add(1, 0, 0.0)
    reception.heard_sender(0x1234_5678_9ABC_DEF0, 4800, 10.0)
    report = reception.report(10.5)
    assert report is not None
    assert (report.lsr, report.dlsr) == (0x5678_9ABC, 32768)
    assert reception.sender is not None
    assert reception.sender.timestamp_at(0x1234_5679_9ABC_DEF0, 48_000) == 4800 + 48_000


def test_a_line_forgets_what_was_taken() -> None:
    line = Line()
    line.add(80, 20)
    line.add(20, 0)
    assert line.take() == 0.2
    assert line.take() is None
    assert (line.total_expected, line.total_lost) == (100, 20)
    line.round_trip(0.08)
    line.round_trip(0.16)
    assert line.round_trip_s == 0.09
