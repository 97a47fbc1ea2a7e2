"""What a line loses decides how much of each picture is sent."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from consult.media.engine import Layer, Source
from consult.media.forward.layers import LossRule, allowed


def _run(rule: LossRule, losses: list[float], start: float = 0.0) -> list[tuple[float, Layer]]:
    """Report once a second; when the level changed, and to what."""
    changes = []
    for second, loss in enumerate(losses):
        if rule.report(loss, start + second):
            changes.append((start + second, rule.level))
    return changes


def test_two_bad_reports_make_the_picture_small() -> None:
    assert _run(LossRule(), [0.0, 0.11, 0.11]) == [(2, Layer.LOW)]
    assert _run(LossRule(), [0.11, 0.05, 0.11, 0.05]) == []


def test_five_more_bad_seconds_leave_the_sound() -> None:
    changes = _run(LossRule(), [0.3] * 12)
    assert changes == [(1, Layer.LOW), (8, Layer.OFF)]


def test_what_can_be_repaired_keeps_its_picture() -> None:
    assert _run(LossRule(), [0.15] * 60) == [(1, Layer.LOW)]


def test_eight_calm_seconds_bring_a_step_back() -> None:
    rule = LossRule()
    _run(rule, [0.3] * 12)
    changes = _run(rule, [0.0] * 30, start=12.0)
    assert [level for _, level in changes] == [Layer.LOW, Layer.HIGH]
    assert changes[0][0] == 20.0


def test_a_step_that_was_wrong_doubles_the_wait_to_a_minute() -> None:
    rule, at, waits = LossRule(), 0.0, []
    fell = 0.0
    for _ in range(1500):
        loss = 0.2 if rule.level is Layer.HIGH else 0.0
        if rule.report(loss, at):
            if rule.level is Layer.HIGH:
                waits.append(at - fell)
            else:
                fell = at
        at += 1
    assert waits[0] < 12
    assert sorted(waits) == waits
    assert 58 <= waits[-1] <= 65


@given(st.lists(st.floats(0, 1), max_size=80))
def test_the_level_moves_one_step_at_a_time(losses: list[float]) -> None:
    rule, before = LossRule(), 2
    order = [Layer.OFF, Layer.LOW, Layer.HIGH]
    for second, loss in enumerate(losses):
        rule.report(loss, second)
        now = order.index(rule.level)
        assert abs(now - before) <= 1
        before = now


def test_a_little_loss_changes_nothing() -> None:
    assert _run(LossRule(), [0.05] * 200) == []


def test_faces_go_before_the_scan_and_sound_never() -> None:
    sound, scan, face = uuid4(), uuid4(), uuid4()
    tracks = {sound: Source.MICROPHONE, scan: Source.ULTRASOUND, face: Source.CAMERA}
    assert set(allowed(Layer.HIGH, tracks).values()) == {Layer.HIGH}
    low = allowed(Layer.LOW, tracks)
    assert (low[sound], low[scan], low[face]) == (Layer.HIGH, Layer.HIGH, Layer.OFF)
    off = allowed(Layer.OFF, tracks)
    assert (off[sound], off[scan], off[face]) == (Layer.HIGH, Layer.OFF, Layer.OFF)


def test_faces_alone_become_small_first() -> None:
    tracks = {"s": Source.MICROPHONE, "f": Source.CAMERA}
    assert allowed(Layer.LOW, tracks) == {"s": Layer.HIGH, "f": Layer.LOW}
    assert allowed(Layer.OFF, tracks) == {"s": Layer.HIGH, "f": Layer.OFF}


def test_a_strained_worker_sends_small_faces_and_whole_scans() -> None:
    tracks = {"u": Source.ULTRASOUND, "f": Source.CAMERA}
    assert allowed(Layer.HIGH, tracks, strained=True) == {"u": Layer.HIGH, "f": Layer.LOW}
