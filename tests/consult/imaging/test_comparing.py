"""Names of files beside names of cases."""

from datetime import date

import pytest

from consult.imaging.comparing import Header, Woman, likeness

HER = Woman("林测试", date(1996, 3, 2))


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        (Header("林测试"), "same"),
        (Header("LIN^CESHI=林^测试"), "same"),
        (Header("林 测试", "P1", "19960302", "F"), "same"),
        (Header("林测试", birth="19960303"), "differs"),
        (Header("林测"), "differs"),
        (Header("LI^SI=李^四"), "differs"),
        (Header("林测试", sex="M"), "differs"),
        (Header("LIN^CESHI"), "unread"),
        (Header("", "P-1"), "unread"),
        (Header("", "", "19960302"), "absent"),
        (Header(" ^ "), "absent"),
        (Header("林测试", birth="1996"), "same"),
    ],
)
def test_what_cannot_be_compared_is_never_taken_for_the_same(header: Header, answer: str) -> None:
    assert likeness(header, HER) == answer


def test_a_birthday_that_is_only_an_age_is_not_compared() -> None:
    assert likeness(Header("林测试", birth="19960101"), Woman("林测试", None)) == "same"
