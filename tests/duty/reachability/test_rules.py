"""What is wrong with a place, worst first."""

from datetime import UTC, datetime, timedelta

import pytest

from duty.notify.contacts.checks import Proof
from duty.reachability.rules import Here, Mark, Point, gravity, marks

AT = datetime(2026, 11, 26, 3, tzinfo=UTC)
LONG_AGO = AT - timedelta(days=90)
HERE, AWAY = Here(True, True), Here(False, False)
NOW, TOMORROW = timedelta(0), timedelta(hours=12)


def point(channel: str, verified: datetime | None = AT, ok: datetime | None = None) -> Point:
    return Point(channel, Proof(LONG_AGO, verified, ok))


VOICE, SMS = point("voice"), point("sms")


def wrong(
    points: tuple[Point, ...] = (VOICE, SMS),
    here: Here = HERE,
    starts_in: timedelta = NOW,
    *,
    filled: bool = True,
    required: bool = True,
) -> list[Mark]:
    return marks(
        filled=filled, required=required, starts_in=starts_in, here=here, points=points, at=AT
    )


def test_somebody_on_call_with_a_tested_telephone_is_well() -> None:
    assert wrong() == []
    assert gravity(wrong()) == 0


def test_an_empty_place_is_worst_if_somebody_must_be_there() -> None:
    assert wrong(filled=False) == [Mark.GAP]
    assert wrong(filled=False, required=False) == []


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ((), [Mark.NO_POINT]),
        ((point("voice", None),), [Mark.NO_POINT]),
        ((point("voice", LONG_AGO),), [Mark.STALE]),
        ((point("voice", LONG_AGO, AT),), []),
        ((SMS,), [Mark.NO_VOICE]),
        ((VOICE, point("sms", LONG_AGO)), [Mark.STALE]),
    ],
)
def test_points_are_judged_by_their_proof(points: tuple[Point, ...], found: list[Mark]) -> None:
    assert wrong(points) == found


def test_devices_are_asked_of_those_on_call_now() -> None:
    assert wrong(here=AWAY) == [Mark.AWAY, Mark.NOT_SIGNED_ON]
    assert wrong(here=AWAY, starts_in=TOMORROW) == []


def test_worse_stands_before_less_bad() -> None:
    assert wrong((), AWAY) == [Mark.NO_POINT, Mark.AWAY, Mark.NOT_SIGNED_ON]
    order = [gravity([mark]) for mark in Mark]
    assert order == sorted(order, reverse=True)
