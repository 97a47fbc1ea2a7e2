"""When a point is tested, and when nobody may rely on it any more."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from duty.notify.contacts.checks import DATA, Proof, alarming, due_test, monthly_slot, standing
from registry.facilities.rules import CHINA

AT = datetime(2026, 11, 26, 12, 0, tzinfo=CHINA)
LONG_AGO = AT - timedelta(days=200)
moments = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: AT + timedelta(minutes=minutes))


def proof(verified: float | None, ok: float | None = None) -> Proof:
    """Days ago."""
    return Proof(
        LONG_AGO,
        None if verified is None else AT - timedelta(days=verified),
        None if ok is None else AT - timedelta(days=ok),
    )


def test_a_point_stands_until_35_days_pass_without_a_success() -> None:
    assert standing(proof(100, 34), AT) == "ok"
    assert standing(proof(100, 36), AT) == "stale"
    assert standing(proof(10), AT) == "ok"
    assert standing(proof(None), AT) == "unverified"


def test_a_point_that_was_just_added_alarms_nobody() -> None:
    young = Proof(AT - timedelta(hours=1), None, None)
    assert standing(young, AT) == "unverified"
    assert not alarming(young, AT)
    assert alarming(proof(None), AT)
    assert alarming(proof(40), AT)


@given(st.uuids(), moments)
def test_every_month_has_one_slot_at_a_civil_hour(point_id: UUID, local: datetime) -> None:
    slot = monthly_slot(point_id, local)
    assert (slot.year, slot.month) == (local.year, local.month)
    assert DATA.test.from_hour <= slot.hour < DATA.test.to_hour
    assert monthly_slot(point_id, slot) == slot


@given(st.uuids(), moments)
def test_nobody_is_called_by_night(point_id: UUID, local: datetime) -> None:
    if due_test(point_id, LONG_AGO.replace(year=2020), local) is not None:
        assert DATA.test.from_hour <= local.hour < DATA.test.to_hour
        assert local >= monthly_slot(point_id, local)


def test_what_a_stopped_engine_missed_follows_the_same_month() -> None:
    point_id = uuid4()
    last = AT.replace(day=30, hour=11)
    assert due_test(point_id, LONG_AGO, last) == "2026-11"


def test_what_was_proved_after_its_slot_waits_for_the_next_month() -> None:
    point_id = uuid4()
    slot = monthly_slot(point_id, AT)
    late = AT.replace(day=30, hour=11)
    assert due_test(point_id, slot + timedelta(seconds=1), late) is None
    assert due_test(point_id, slot + timedelta(seconds=1), late + timedelta(days=30)) == "2026-12"
