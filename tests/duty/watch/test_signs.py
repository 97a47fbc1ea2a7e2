"""What one look at paging means."""

from datetime import UTC, datetime

import pytest

from duty.watch.signs import SEVERITY, ChannelTally, PagingVitals, Severity, Sign, fails, judge

AT = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
WELL = {"at": AT, "engine_age_s": 1.0, "listening": True, "skew_ms": 3.0}


def signs(**over: object) -> list[Sign]:
    return [one.sign for one in judge(PagingVitals(**(WELL | over)))]  # type: ignore[arg-type]


def test_a_well_installation_has_no_sign() -> None:
    assert signs() == []


@pytest.mark.parametrize(
    ("over", "sign"),
    [
        ({"engine_age_s": 10.1}, Sign.ENGINE_SILENT),
        ({"engine_age_s": None}, Sign.ENGINE_SILENT),
        ({"overdue_s": 5.1}, Sign.ESCALATION_OVERDUE),
        ({"pending_s": 5.1, "pending": 2}, Sign.MESSAGES_PENDING),
        ({"listening": False}, Sign.LISTENER_DEAD),
        ({"skew_ms": 1000.1}, Sign.CLOCK_SKEW),
        ({"given_up": 1}, Sign.ROWS_GIVEN_UP),
        ({"channels": (ChannelTally("sms", 0, 3),)}, Sign.CHANNEL_FAILING),
    ],
)
def test_each_fact_beyond_its_limit_is_its_sign(over: dict[str, object], sign: Sign) -> None:
    assert signs(**over) == [sign]


def test_at_the_limit_is_not_beyond_it() -> None:
    assert signs(engine_age_s=10.0, overdue_s=5.0, pending_s=5.0, skew_ms=1000.0) == []


def test_without_an_engine_nobody_knows_whether_it_listens() -> None:
    assert signs(engine_age_s=11.0, listening=None) == [Sign.ENGINE_SILENT]


@pytest.mark.parametrize(
    ("sent", "failed", "failing"), [(0, 2, False), (0, 3, True), (2, 3, True), (3, 3, False)]
)
def test_a_provider_fails_when_it_refuses_more_than_it_takes(
    sent: int, failed: int, failing: bool
) -> None:
    assert fails(ChannelTally("voice", sent, failed)) is failing


def test_two_failing_channels_are_two_signs() -> None:
    found = judge(
        PagingVitals(**WELL, channels=(ChannelTally("sms", 0, 4), ChannelTally("voice", 0, 5)))
    )  # type: ignore[arg-type]
    assert [one.key for one in found] == ["channel_failing:sms", "channel_failing:voice"]


def test_only_what_stops_no_page_is_information() -> None:
    quiet = {sign for sign, severity in SEVERITY.items() if severity == Severity.INFO}
    assert quiet == {Sign.VALKEY_DOWN, Sign.ROWS_GIVEN_UP, Sign.UNWATCHED}
