"""What may be typed, and how little of it is shown again."""

import pytest

from duty.notify.contacts.addresses import hint, is_landline, objection, subscription, tidied


@pytest.mark.parametrize(
    ("channel", "typed", "kept"),
    [
        ("voice", "+86 199 0000 1234", "19900001234"),
        ("voice", "0571-8800 1234", "057188001234"),
        ("voice", "0571-88001234-802", "057188001234-802"),
        ("sms", " 19900001234 ", "19900001234"),
        ("email", "Lin@Example.CN", "lin@example.cn"),
        ("wecom_app", "LinXL", "LinXL"),
    ],
)
def test_an_address_is_kept_as_its_channel_needs_it(channel: str, typed: str, kept: str) -> None:
    assert tidied(channel, typed) == kept
    assert objection(channel, kept) is None


@pytest.mark.parametrize(
    ("channel", "typed", "reason"),
    [
        ("sms", "057188001234", "mobile"),
        ("sms", "1990000", "mobile"),
        ("voice", "no number", "telephone"),
        ("email", "lin@", "email"),
        ("wecom_app", "林", "wecom_app"),
        ("web_push", "{}", "subscription"),
    ],
)
def test_what_is_no_address_is_said_to_be_none(channel: str, typed: str, reason: str) -> None:
    assert objection(channel, tidied(channel, typed)) == reason


def test_a_landline_takes_calls_only() -> None:
    assert is_landline("voice", "057188001234")
    assert not is_landline("voice", "19900001234")


def test_a_hint_tells_ones_own_apart_and_no_more() -> None:
    assert hint("voice", "19900001234") == "199****1234"
    assert hint("email", "lin@example.cn") == "l***@example.cn"
    assert hint("wecom_app", "LinXL") == "Li***"


def test_a_subscription_needs_an_address_and_both_keys() -> None:
    assert (
        subscription('{"endpoint":"https://x.cn/1","keys":{"p256dh":"short","auth":"a"}}') is None
    )
    assert subscription('{"endpoint":"javascript:1","keys":{}}') is None
