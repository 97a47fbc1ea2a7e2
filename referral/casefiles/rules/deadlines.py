"""When things are due and when somebody is told: arithmetic on moments."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from referral.casefiles.rules.rulebook import Ladder, Step
from registry.facilities.rules import CHINA

DAY_ENDS = time(17, 0)
"""A follow-up is due by the end of the working day, not at the minute it was planned."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A step that is due now, and the one after it."""

    step: Step
    number: int
    next_at: datetime


def end_of_day(moment: datetime) -> datetime:
    """The end of the working day on which `moment` falls in China."""
    local = moment.astimezone(CHINA)
    return datetime.combine(local.date(), DAY_ENDS, CHINA).astimezone(moment.tzinfo)


def seen_again(base: datetime, span: timedelta) -> datetime:
    """The moment by which she is seen again."""
    return end_of_day(base + span)


def first_look(ladder: Ladder, base: datetime) -> datetime:
    """When the first person is told."""
    return base + ladder.at(0).after


def rung(ladder: Ladder, base: datetime, number: int, now: datetime) -> Rung:
    """The newest step due at `now`, from step `number` on.

    What was missed while nobody looked is not made up for one by one: the newest step tells
    everybody whom an older one would have told.
    """
    while base + ladder.at(number + 1).after <= now:
        number += 1
    return Rung(ladder.at(number), number, base + ladder.at(number + 1).after)
