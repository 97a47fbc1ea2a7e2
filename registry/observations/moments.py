"""Readings as they arrive: put to their moments, checked alone and beside each other. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kernel.errors import BadInput
from registry.observations.catalogue import Subject
from registry.observations.errors import TakenInFuture, TakenTooOld
from registry.observations.rules import Reading, check_together, read
from registry.observations.schemas import Entry

CLOCK_SLACK = timedelta(minutes=5)
"""So far ahead of ours a clock may run before its moments are refused."""

OLDEST = timedelta(days=366)
"""Longer ago a year was mistyped."""


def checked_moments(
    entries: Sequence[Entry], taken_at: datetime, now: datetime, subject: Subject
) -> list[tuple[datetime, list[Reading]]]:
    """The readings by moment, each checked alone and beside the others of its moment.

    Raises:
        BadInput: one thing twice at one moment, or a moment without a time zone.
        TakenInFuture, TakenTooOld: a moment that cannot be meant.
        Refusal: what `rules.read` and `rules.check_together` refuse.
    """
    moments: dict[datetime, list[Reading]] = {}
    for entry in entries:
        moment = _moment(entry.taken_at or taken_at, now)
        reading = read(
            entry.code, number=entry.number, word=entry.word, unit=entry.unit, subject=subject
        )
        moments.setdefault(moment, []).append(reading)
    for readings in moments.values():
        if len({reading.code for reading in readings}) < len(readings):
            raise BadInput(field="entries", reason="同一时刻重复 / twice at one moment")
        check_together(readings)
    return sorted(moments.items(), key=lambda pair: pair[0])


def _moment(taken_at: datetime, now: datetime) -> datetime:
    if taken_at.tzinfo is None:
        raise BadInput(field="taken_at", reason="缺少时区 / has no time zone")
    if taken_at > now + CLOCK_SLACK:
        raise TakenInFuture(taken_at=taken_at.isoformat())
    if taken_at < now - OLDEST:
        raise TakenTooOld(taken_at=taken_at.isoformat(), days=OLDEST.days)
    return taken_at
