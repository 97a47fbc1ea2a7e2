"""Attendance and quizzes as arithmetic."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.training import attendance, grading
from consult.training.attendance import Attendance, present_s
from consult.training.errors import MaterialRefused, QuizBroken
from consult.training.grading import QuizOption, QuizQuestion
from consult.training.materials import media_type
from consult.training.rules import RULES

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def _at(second: int) -> datetime:
    return START + timedelta(seconds=second)


@given(st.lists(st.tuples(st.integers(-20, 80), st.integers(0, 40)), max_size=6))
def test_a_second_counts_once_and_only_while_the_class_ran(drawn: list[tuple[int, int]]) -> None:
    there = {second for since, length in drawn for second in range(since, since + length)}
    stays = [(_at(since), _at(since + length)) for since, length in drawn]
    assert present_s(stays, _at(0), _at(60)) == len(there & set(range(60)))


@pytest.mark.parametrize(
    ("came_to", "verified"),
    [
        (Attendance(800, 1000, 4, 3), True),
        (Attendance(799, 1000, 4, 4), False),  # not there for long enough
        (Attendance(1000, 1000, 4, 2), False),  # there, and not awake
        (Attendance(1000, 1000, 0, 0), False),  # nobody could tell
        (Attendance(0, 0, 1, 1), False),
    ],
)
def test_there_and_awake(came_to: Attendance, verified: bool) -> None:
    assert came_to.verified() is verified


@given(st.integers())
def test_checks_come_at_chance_within_their_bounds(seed: int) -> None:
    chance = Random(seed)
    first = attendance.first_check(START, chance)
    following = attendance.next_check(START, chance)
    asked = attendance.check(START, chance)
    assert _at(RULES.first_check_s[0]) <= first <= _at(RULES.first_check_s[1])
    assert _at(RULES.check_every_s[0]) <= following <= _at(RULES.check_every_s[1])
    assert asked.wanted in asked.choices
    assert len(set(asked.choices)) == attendance.CHOICES
    assert asked.answer_by == _at(RULES.answer_within_s)


def _asked(text: str, **options: bool) -> QuizQuestion:
    return QuizQuestion(
        text=text, options=[QuizOption(text=one, right=right) for one, right in options.items()]
    )


ONE = _asked("收缩压多少为重度高血压？", 一百四=False, 一百六=True)
MANY = _asked("硫酸镁中毒的表现", 膝反射消失=True, 呼吸抑制=True, 发热=False)


@pytest.mark.parametrize(
    ("answers", "right"),
    [([[1], [1, 0]], 2), ([[1], [0]], 1), ([[0], [0, 1, 2]], 0), ([[1]], 1), ([], 0)],
)
def test_a_question_is_right_as_a_whole(answers: list[list[int]], right: int) -> None:
    assert grading.correct([ONE, MANY], answers) == right


@pytest.mark.parametrize(("right", "of", "passed"), [(4, 5, True), (3, 5, False), (0, 0, False)])
def test_enough_is_enough(right: int, of: int, passed: bool) -> None:
    assert grading.passes(right, of, 80) is passed


def test_a_question_has_a_right_option() -> None:
    grading.must_be_whole([ONE, MANY])
    with pytest.raises(QuizBroken) as refused:
        grading.must_be_whole([ONE, _asked("？", 甲=False, 乙=False)])
    assert refused.value.fields["n"] == 2


def test_a_file_is_known_by_its_bytes() -> None:
    assert media_type(b"%PDF-1.7 ...") == "application/pdf"
    assert media_type(b"\0\0\0\x20ftypisom") == "video/mp4"
    for content in (b"", b"PK\x03\x04", b"<html>", b"MZ"):
        with pytest.raises(MaterialRefused):
            media_type(content)
