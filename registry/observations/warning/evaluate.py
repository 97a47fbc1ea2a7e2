"""What the tools say of readings: triggered, not triggered, or not known. Pure.

A reading speaks only while it is fresh, and what nobody has measured is never taken for normal: a
tool is "not triggered" only if no reading that is missing could trigger it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from kernel.confidence import Confidence, unverified
from kernel.predicates import Answer, AtLeast, Predicate
from registry.observations.catalogue import CATALOGUE
from registry.observations.derived import FORMULAS, Sample, derive
from registry.observations.warning.rulesets import Item, Ruleset, Variable

State = Literal["triggered", "not_triggered", "unknown"]
Lack = Literal["never", "stale", "apart", "again"]
"""Never read; read too long ago; read, but not with its partner; to be read once more."""


class Seen(msgspec.Struct, frozen=True):
    """The reading behind an answer."""

    code: str
    number: float | None
    word: str | None
    taken_at: datetime


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    """A criterion that holds, and since when as far as readings tell."""

    item: str
    tier: str
    zh: str
    en: str
    seen: list[Seen]
    since: datetime
    confidence: Confidence
    verify: bool


class Missing(msgspec.Struct, frozen=True):
    """What would have to be read; `after` for a second reading not before that moment."""

    code: str
    why: Lack
    last_at: datetime | None = None
    after: datetime | None = None


class Score(msgspec.Struct, frozen=True):
    """The reachable scores; one if nothing is missing. `advice` in the order of the scale."""

    low: int
    high: int
    advice: list[str]


class Warned(msgspec.Struct, frozen=True, kw_only=True):
    """What one tool says at a moment."""

    tool: str
    version: int
    zh: str
    en: str
    state: State
    known: int
    total: int
    fired: list[Fired]
    missing: list[Missing]
    score: Score | None = None
    source: str
    confidence: Confidence
    verify: bool


class Readings:
    """Samples of one woman, looked at from any moment."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        """Takes measured values in any order; computed ones are added."""
        measured = sorted(samples, key=lambda one: one.taken_at)
        self._by_code: dict[str, list[Sample]] = {}
        for sample in [*measured, *derive(measured)]:
            self._by_code.setdefault(sample.code, []).append(sample)

    def last(self, code: str, at: datetime) -> Sample | None:
        """The newest reading at a moment, whatever its age."""
        found = self._by_code.get(code, [])
        place = bisect_right(found, at, key=lambda one: one.taken_at)
        return found[place - 1] if place else None

    def fresh(self, code: str, at: datetime) -> Sample | None:
        """The newest reading, if it still says how she is."""
        sample = self.last(code, at)
        if sample is None or at - sample.taken_at > timedelta(minutes=CATALOGUE.codes[code].fresh):
            return None
        return sample

    def facts(self, codes: Iterable[str], at: datetime) -> dict[str, object]:
        """What is known at a moment."""
        samples = ((code, self.fresh(code, at)) for code in codes)
        return {code: sample.value for code, sample in samples if sample is not None}

    def moments(self, codes: Iterable[str], at: datetime) -> list[datetime]:
        """When any of these was read, newest first."""
        found = {one.taken_at for code in codes for one in self._by_code.get(code, [])}
        return sorted((moment for moment in found if moment <= at), reverse=True)


def evaluate(ruleset: Ruleset, readings: Readings, at: datetime) -> Warned:
    """What a tool says at a moment."""
    if ruleset.kind == "score":
        return _score(ruleset, readings, at)
    judged = [(item, *_judge(item, readings, at)) for item in ruleset.items]
    answers = [
        AtLeast(tier.at_least, tuple(_Given(a) for i, a, _ in judged if i.tier == tier.code))
        for tier in ruleset.tiers
    ]
    answer = AtLeast(1, tuple(answers)).test({})
    fired = [_fired(ruleset, item, readings, since, at) for item, a, since in judged if a]
    lacking = [(item, since) for item, a, since in judged if a is None]
    return _warned(
        ruleset,
        answer,
        known=len(judged) - len(lacking),
        total=len(judged),
        fired=fired,
        missing=_merged(
            one for item, since in lacking for one in _missing(item, readings, since, at)
        ),
    )


class _Given:
    """An answer that was found before."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def test(self, facts: object) -> Answer:
        return self._answer

    def facts(self) -> frozenset[str]:
        return frozenset()


def _warned(
    ruleset: Ruleset,
    answer: Answer,
    *,
    known: int,
    total: int,
    fired: list[Fired],
    missing: list[Missing],
    score: Score | None = None,
) -> Warned:
    states: dict[Answer, State] = {True: "triggered", False: "not_triggered", None: "unknown"}
    return Warned(
        tool=ruleset.code,
        version=ruleset.version,
        zh=ruleset.name.zh,
        en=ruleset.name.en,
        state=states[answer],
        known=known,
        total=total,
        fired=fired,
        missing=missing,
        score=score,
        source=ruleset.source,
        confidence=ruleset.confidence,
        verify=unverified(ruleset.confidence) or any(one.verify for one in fired),
    )


def _judge(item: Item, readings: Readings, at: datetime) -> tuple[Answer, datetime]:
    """Whether a criterion holds and since when; one that must last needs readings that show it."""
    now = _test(item.predicate, readings, at)
    since = _since(item.predicate, readings, at) if now else at
    if not now or item.lasting is None:
        return now, since
    newest = readings.moments(item.predicate.facts(), at)[0]
    lasted, needed = newest - since, timedelta(minutes=item.lasting.minutes)
    enough = lasted >= needed if item.lasting.inclusive else lasted > needed
    return (True if enough else None), since


def _test(predicate: Predicate, readings: Readings, at: datetime) -> Answer:
    return predicate.test(readings.facts(predicate.facts(), at))


def _since(predicate: Predicate, readings: Readings, at: datetime) -> datetime:
    """The first of the unbroken run of readings at which it held."""
    since = at
    for moment in readings.moments(predicate.facts(), at):
        if not _test(predicate, readings, moment):
            break
        since = moment
    return since


def _fired(
    ruleset: Ruleset, item: Item, readings: Readings, since: datetime, at: datetime
) -> Fired:
    confidence = item.confidence or ruleset.confidence
    return Fired(
        item=item.code,
        tier=item.tier,
        zh=item.zh,
        en=item.en,
        seen=_seen(item.predicate.facts(), readings, at),
        since=since,
        confidence=confidence,
        verify=unverified(confidence),
    )


def _seen(codes: Iterable[str], readings: Readings, at: datetime) -> list[Seen]:
    samples = (readings.fresh(code, at) for code in sorted(codes))
    return [_as_seen(sample) for sample in samples if sample is not None]


def _as_seen(sample: Sample) -> Seen:
    value = sample.value
    if isinstance(value, bool):
        return Seen(sample.code, None, "yes" if value else "no", sample.taken_at)
    if isinstance(value, str):
        return Seen(sample.code, None, value, sample.taken_at)
    decimals = CATALOGUE.codes[sample.code].decimals
    return Seen(sample.code, round(float(value), decimals), None, sample.taken_at)


def _missing(item: Item, readings: Readings, since: datetime, at: datetime) -> list[Missing]:
    found = _lacking(item.predicate.facts(), readings, at)
    if _test(item.predicate, readings, at) and item.lasting is not None:
        after = since + timedelta(minutes=item.lasting.minutes)
        known = [one for one in item.predicate.facts() if readings.fresh(one, at)]
        return [Missing(code, "again", since, after) for code in sorted(known)]
    return found


def _lacking(codes: Iterable[str], readings: Readings, at: datetime) -> list[Missing]:
    """What was not read, in terms of what can be read: a computed value lacks its parts."""
    found: list[Missing] = []
    for code in sorted(codes):
        if readings.fresh(code, at) is not None:
            continue
        parts = FORMULAS[code].needs if code in FORMULAS else (code,)
        absent = [part for part in parts if readings.fresh(part, at) is None]
        for part in absent or parts:
            last = readings.last(part, at)
            why: Lack = "apart" if not absent else "stale" if last else "never"
            found.append(Missing(part, why, None if last is None else last.taken_at))
    return found


def _merged(missing: Iterable[Missing]) -> list[Missing]:
    """Each code once; of two second readings the earlier moment, and never before absent ones."""
    rank: Sequence[Lack] = ("never", "stale", "apart", "again")
    best: dict[str, Missing] = {}
    for one in missing:
        known = best.get(one.code)
        if known is None or (rank.index(one.why), one.after or one.last_at) < (
            rank.index(known.why),
            known.after or known.last_at,
        ):
            best[one.code] = one
    order = list(CATALOGUE.codes)
    return sorted(best.values(), key=lambda one: order.index(one.code))


def _score(ruleset: Ruleset, readings: Readings, at: datetime) -> Warned:
    low = high = known = 0
    fired: list[Fired] = []
    missing: list[Missing] = []
    for variable in ruleset.variables:
        least, most = reachable(variable, readings, at)
        low, high = low + least, high + most
        if least < most:
            missing += _lacking(variable.facts, readings, at)
            continue
        known += 1
        if least > 0:
            fired.append(_points(ruleset, variable, least, readings, at))
    answer = True if low >= ruleset.trigger_at else False if high < ruleset.trigger_at else None
    advice = [one.code for one in ruleset.advice if one.low <= high and low <= one.high]
    return _warned(
        ruleset,
        answer,
        known=known,
        total=len(ruleset.variables),
        fired=fired,
        missing=_merged(missing),
        score=Score(low, high, advice),
    )


def reachable(variable: Variable, readings: Readings, at: datetime) -> tuple[int, int]:
    """The least and the most points that a variable can give by what is known."""
    facts = readings.facts(variable.facts, at)
    answers = [(band.points, band.predicate.test(facts)) for band in variable.bands]
    sure = [points for points, answer in answers if answer]
    open_ = sure or [points for points, answer in answers if answer is None]
    return min(open_), max(open_)


def _points(
    ruleset: Ruleset, variable: Variable, points: int, readings: Readings, at: datetime
) -> Fired:
    seen = _seen(variable.facts, readings, at)
    return Fired(
        item=variable.code,
        tier=f"+{points}",
        zh=variable.zh,
        en=variable.en,
        seen=seen,
        since=max(one.taken_at for one in seen),
        confidence=ruleset.confidence,
        verify=unverified(ruleset.confidence),
    )


def alarms(warned: Iterable[Warned], rulesets: Iterable[Ruleset]) -> dict[str, frozenset[str]]:
    """Per triggered tool what deserves a notice of its own: each item of the gravest tier, or the
    recommendation that a score has reached for certain."""
    gravest = {one.code: one.tiers[0].code if one.tiers else "" for one in rulesets}
    return {
        one.tool: frozenset(
            one.score.advice[:1]
            if one.score is not None
            else (item.item for item in one.fired if item.tier == gravest[one.tool])
        )
        for one in warned
        if one.state == "triggered"
    }


def newly(before: dict[str, frozenset[str]], after: dict[str, frozenset[str]]) -> tuple[str, ...]:
    """Tools that were not triggered before, or by less grave readings."""
    return tuple(tool for tool, what in after.items() if tool not in before or what - before[tool])
