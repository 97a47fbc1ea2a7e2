"""Which points ring and when: the floor, the redialling, wishes and quiet hours."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from duty.notify.contacts.reaching import DATA, Point, Ring, Wish, plan, quiet_for_s

NIGHT = datetime(2026, 11, 26, 3, 7, tzinfo=UTC)
EMERGENCY, ROUTINE = "critical", "stable"
CHANNELS = ("voice", "sms", "web_push", "wecom_app", "dingtalk_app", "email", "webhook")

times = st.times().map(lambda at: at.replace(microsecond=0))
wish = st.builds(
    Wish,
    delay_s=st.none() | st.integers(0, 3600),
    off=st.booleans(),
    quiet_from=times,
    quiet_to=times,
)
wishes = st.dictionaries(st.sampled_from(CHANNELS), wish)
points = st.lists(
    st.builds(Point, id=st.uuids(), channel=st.sampled_from(CHANNELS), rank=st.integers(1, 9)),
    max_size=8,
    unique_by=lambda point: point.id,
)
moments = st.datetimes(timezones=st.just(UTC))


def point(channel: str, rank: int = 1) -> Point:
    return Point(uuid4(), channel, rank)


def calls(rings: list[Ring], point_id: UUID) -> list[tuple[int, int]]:
    return [(ring.after_s, ring.ring) for ring in rings if ring.point_id == point_id]


def test_a_telephone_rings_four_times_a_minute_apart_and_then_the_second_number_does() -> None:
    first, second = point("voice"), point("voice", 2)
    rings = plan([second, first], {}, EMERGENCY, NIGHT)
    assert calls(rings, first.id) == [(0, 1), (65, 2), (130, 3), (195, 4)]
    assert calls(rings, second.id) == [(260, 1), (325, 2), (390, 3), (455, 4)]


def test_a_text_message_goes_out_at_once_and_once_to_every_number() -> None:
    rings = plan([point("sms"), point("sms", 2)], {}, EMERGENCY, NIGHT)
    assert [(ring.after_s, ring.ring) for ring in rings] == [(0, 1), (0, 1)]


def test_the_floor_is_not_a_matter_of_wishes() -> None:
    wished = {"voice": Wish(600, off=True, quiet_from=time(22), quiet_to=time(7))}
    rings = plan([point("voice")], wished, EMERGENCY, NIGHT)
    assert rings[0].after_s == 0


def test_another_channel_may_be_delayed_or_turned_off() -> None:
    wished = {"sms": Wish(90), "email": Wish(off=True)}
    rings = plan([point("sms"), point("email")], wished, EMERGENCY, NIGHT)
    assert [(ring.channel, ring.after_s) for ring in rings] == [("sms", 90)]


def test_quiet_hours_hold_back_what_can_wait_until_they_end() -> None:
    wished = {"voice": Wish(quiet_from=time(22), quiet_to=time(7))}
    rings = plan([point("voice")], wished, ROUTINE, NIGHT)
    assert rings[0].after_s == (3 * 60 + 53) * 60


def test_what_can_wait_may_be_turned_off_by_voice_too() -> None:
    assert plan([point("voice")], {"voice": Wish(off=True)}, ROUTINE, NIGHT) == []


def test_an_unknown_level_is_an_emergency() -> None:
    assert DATA.emergency("no such level")


def test_the_data_says_that_nobody_has_confirmed_it() -> None:
    assert DATA.confidence == "待核实"
    assert {"in_app", "voice"} <= DATA.floor


@given(points, wishes, moments)
def test_in_an_emergency_every_floor_channel_rings_at_once(
    found: list[Point], wished: dict[str, Wish], local: datetime
) -> None:
    rings = plan(found, wished, EMERGENCY, local)
    for channel in {one.channel for one in found} & DATA.floor:
        assert min(ring.after_s for ring in rings if ring.channel == channel) == 0


@given(points, wishes, moments, st.sampled_from([EMERGENCY, ROUTINE]))
def test_no_ring_is_planned_twice_and_none_in_the_past(
    found: list[Point], wished: dict[str, Wish], local: datetime, level: str
) -> None:
    rings = plan(found, wished, level, local)
    assert len({(ring.point_id, ring.ring) for ring in rings}) == len(rings)
    assert all(ring.after_s >= 0 for ring in rings)
    assert plan(reversed(found), wished, level, local) == rings


@given(times, times, moments)
def test_quiet_hours_end_when_they_say(start: time, end: time, local: datetime) -> None:
    waits = quiet_for_s(Wish(quiet_from=start, quiet_to=end), local)
    assert 0 <= waits <= 24 * 3600
    if waits:
        ends = (local + timedelta(seconds=waits + 1)).time()
        assert abs(_seconds(ends) - _seconds(end)) % 86400 in (0, 1, 86399)


def _seconds(at: time) -> int:
    return (at.hour * 60 + at.minute) * 60 + at.second
