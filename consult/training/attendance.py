"""Pure: whether attendance is verified, and when the next check comes; chance is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from consult.staying import Interval, seconds, shared
from consult.training.rules import RULES, Rules

CHOICES = 4
"""Numbers to choose from in a check."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """What somebody's time in a class came to; seconds of the `live_s` that it ran."""

    present_s: int
    live_s: int
    asked: int
    answered: int

    def verified(self, rules: Rules = RULES) -> bool:
        """There for most of it, and answering most of the checks, of which there was one."""
        there = self.present_s * 100 >= self.live_s * rules.present_percent
        awake = self.answered * 100 >= self.asked * rules.answered_percent
        return self.live_s > 0 and self.asked > 0 and there and awake


@dataclass(frozen=True, slots=True)
class Check:
    """Press the number that is named: `wanted` of `choices`, until `answer_by`."""

    choices: list[int]
    wanted: int
    answer_by: datetime


def present_s(stays: Iterable[Interval], since: datetime, until: datetime) -> int:
    """Whole seconds of somebody's stays between `since` and `until`; two pages count once."""
    return seconds(shared(stays, [(since, until)]))


def first_check(at: datetime, chance: Random, rules: Rules = RULES) -> datetime:
    """When somebody who came at `at` is asked first."""
    return at + timedelta(seconds=chance.randint(*rules.first_check_s))


def next_check(at: datetime, chance: Random, rules: Rules = RULES) -> datetime:
    """When somebody who was asked at `at` is asked again."""
    return at + timedelta(seconds=chance.randint(*rules.check_every_s))


def check(at: datetime, chance: Random, rules: Rules = RULES) -> Check:
    """A check that begins now."""
    choices = chance.sample(range(10, 100), CHOICES)
    wanted = chance.choice(choices)
    return Check(choices, wanted, at + timedelta(seconds=rules.answer_within_s))
