"""What duty weighs: cut at midnight and at the edges of night, and nothing is lost by cutting."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from duty.changes.fairness import weighing
from duty.changes.fairness.points import Stretch, loads, pieces, points
from kernel.ids import PersonId

CHINA, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
WEIGHTS = weighing.parse(weighing.shipped())
ANN, BEA = PersonId(UUID(int=1)), PersonId(UUID(int=2))
HOLIDAY = date(2026, 10, 1)


def kind(day: date) -> str:
    if day == HOLIDAY:
        return "holiday"
    return "weekend" if day.weekday() >= 5 else "workday"


def at(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}:00+08:00").astimezone(UTC)


def stretch(start: datetime, hours: float, tier: str = "first", who: PersonId = ANN) -> Stretch:
    return Stretch(who, tier, start, start + timedelta(hours=hours))


def test_a_working_day_of_24_hours() -> None:
    day = stretch(at("2026-11-24", "08:00"), 24)
    found = list(pieces(day.start, day.end, WEIGHTS, kind, CHINA))
    assert [(piece.hours, piece.night) for piece in found] == [(14, False), (2, True), (8, True)]
    assert {piece.night_of for piece in found if piece.night} == {date(2026, 11, 24)}
    assert points(day, WEIGHTS, kind, CHINA) == 14 * 1.0 + 10 * 1.5
    load = loads([day], WEIGHTS, kind, CHINA)[ANN]
    assert (load.shifts, load.hours, load.night_hours, load.nights) == (1, 24, 10, 1)


def test_weekends_holidays_and_tiers_weigh_differently() -> None:
    friday = stretch(at("2026-11-27", "20:00"), 12)
    load = loads([friday], WEIGHTS, kind, CHINA)[ANN]
    assert load.weekend_hours == 8
    assert load.points == 2 * 1.0 + 2 * 1.5 + 8 * 2.5
    holiday = stretch(at("2026-10-01", "08:00"), 10)
    assert points(holiday, WEIGHTS, kind, CHINA) == 30
    second = stretch(at("2026-10-01", "08:00"), 10, "second")
    assert points(second, WEIGHTS, kind, CHINA) == 18
    assert loads([holiday], WEIGHTS, kind, CHINA)[ANN].holiday_hours == 10


def test_a_short_evening_is_no_night_of_duty_but_two_halves_are_one() -> None:
    evening = stretch(at("2026-11-24", "18:00"), 5)
    assert loads([evening], WEIGHTS, kind, CHINA)[ANN].nights == 0
    halves = [stretch(at("2026-11-24", "22:00"), 2), stretch(at("2026-11-25", "00:00"), 2)]
    assert loads(halves, WEIGHTS, kind, CHINA)[ANN].nights == 1


START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda n: START + timedelta(minutes=n))
LENGTHS = st.integers(1, 7 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
ZONES = st.sampled_from([CHINA, BERLIN])


@given(MOMENTS, LENGTHS, ZONES)
def test_pieces_cover_the_period_without_gap_or_overlap(
    start: datetime, length: timedelta, zone: ZoneInfo
) -> None:
    found = list(pieces(start, start + length, WEIGHTS, kind, zone))
    assert found[0].start == start
    assert found[-1].end == start + length
    assert all(one.end == next_.start for one, next_ in pairwise(found))
    for piece in found:
        middle = (piece.start + (piece.end - piece.start) / 2).astimezone(zone)
        assert kind(middle.date()) == piece.kind
        assert (middle.time() >= WEIGHTS.night_from or middle.time() < WEIGHTS.night_to) == (
            piece.night
        )


@given(MOMENTS, LENGTHS, LENGTHS, ZONES)
def test_cutting_a_shift_changes_no_points(
    start: datetime, first: timedelta, second: timedelta, zone: ZoneInfo
) -> None:
    whole = Stretch(ANN, "first", start, start + first + second)
    parts = [
        Stretch(ANN, "first", start, start + first),
        Stretch(ANN, "first", start + first, start + first + second),
    ]
    summed = sum(points(part, WEIGHTS, kind, zone) for part in parts)
    assert abs(points(whole, WEIGHTS, kind, zone) - summed) < 1e-6
    both = loads(parts, WEIGHTS, kind, zone)[ANN]
    alone = loads([whole], WEIGHTS, kind, zone)[ANN]
    assert abs(both.hours - alone.hours) < 1e-6
    assert both.nights == alone.nights


def test_each_person_is_weighed_apart() -> None:
    day = at("2026-11-24", "08:00")
    found = loads([stretch(day, 8), stretch(day, 4, who=BEA)], WEIGHTS, kind, CHINA)
    assert (found[ANN].points, found[BEA].points) == (8, 4)
