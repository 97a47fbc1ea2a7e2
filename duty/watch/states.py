"""States of a sign: nothing is raised by one look, nothing is cleared by one.

A sign that flickers would teach people to overlook the banner; so it must stand for `raise_after`
before it counts, and be gone for `clear_after` before it stops counting.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from duty.watch.signs import Found, Severity, Sign
from kernel.states import Edge, StateTable


class SignState(StrEnum):
    """正常、待确认、已报警、待解除."""

    CLEAR = "clear"
    SUSPECT = "suspect"
    RAISED = "raised"
    EASING = "easing"


class SignAction(StrEnum):
    """What a look says about a sign."""

    SEE = "see"
    CONFIRM = "confirm"
    MISS = "miss"
    FORGET = "forget"


class By(StrEnum):
    """Who moves a sign."""

    WATCH = "watch"


_S, _A, _WATCH = SignState, SignAction, frozenset({By.WATCH})

SIGN: StateTable[SignState, SignAction, By] = StateTable(
    "sign",
    _S.CLEAR,
    (),
    {
        (_S.CLEAR, _A.SEE): Edge(_S.SUSPECT, _WATCH),
        (_S.SUSPECT, _A.CONFIRM): Edge(_S.RAISED, _WATCH),
        (_S.SUSPECT, _A.MISS): Edge(_S.CLEAR, _WATCH),
        (_S.RAISED, _A.MISS): Edge(_S.EASING, _WATCH),
        (_S.EASING, _A.SEE): Edge(_S.RAISED, _WATCH),
        (_S.EASING, _A.FORGET): Edge(_S.CLEAR, _WATCH),
    },
)

COUNTS = frozenset({SignState.RAISED, SignState.EASING})
"""States in which the banner stands."""


class Standing(msgspec.Struct, frozen=True):
    """Where one sign stands. `since`: when it entered the state; `raised_at`: since it counts."""

    sign: Sign
    severity: Severity
    state: SignState
    since: datetime
    value: float
    channel: str | None = None
    raised_at: datetime | None = None

    @property
    def counts(self) -> bool:
        return self.state in COUNTS


class Patience(msgspec.Struct, frozen=True):
    """How long a sign must stand, or be gone."""

    raise_after: timedelta = timedelta(seconds=2)
    clear_after: timedelta = timedelta(seconds=10)


class Change(msgspec.Struct, frozen=True):
    """A sign began to count, or ceased to."""

    what: str
    sign: Standing


def fold(
    before: Mapping[str, Standing], found: Iterable[Found], now: datetime, patience: Patience
) -> tuple[dict[str, Standing], list[Change]]:
    """The standings after one look, and what changed for people. Signs at rest are left out."""
    seen = {one.key: one for one in found}
    after: dict[str, Standing] = {}
    changes: list[Change] = []
    for key in [*seen, *(key for key in before if key not in seen)]:
        old, new = before.get(key), seen.get(key)
        moved = _look(old, new, now, patience)
        if moved is not None:
            after[key] = moved
        if moved is not None and moved.counts and (old is None or not old.counts):
            changes.append(Change("raised", moved))
        elif old is not None and old.counts and (moved is None or not moved.counts):
            changes.append(Change("cleared", old))
    return after, changes


def _look(
    old: Standing | None, new: Found | None, now: datetime, patience: Patience
) -> Standing | None:
    """One sign after one look; None once it is at rest."""
    if old is None:
        if new is None:
            return None
        to = SIGN.edge(SignState.CLEAR, SignAction.SEE).to
        old = Standing(new.sign, new.severity, to, now, new.value, new.channel)
    action = _action(old, new is not None, now, patience)
    if action is not None:
        to = SIGN.edge(old.state, action).to
        if to == SignState.CLEAR:
            return None
        raised_at = old.raised_at or (now if to == SignState.RAISED else None)
        old = msgspec.structs.replace(old, state=to, since=now, raised_at=raised_at)
    return old if new is None else msgspec.structs.replace(old, value=new.value)


def _action(old: Standing, seen: bool, now: datetime, patience: Patience) -> SignAction | None:
    stood = now - old.since
    if old.state == SignState.SUSPECT and seen and stood >= patience.raise_after:
        return SignAction.CONFIRM
    if old.state == SignState.EASING:
        if seen:
            return SignAction.SEE
        return SignAction.FORGET if stood >= patience.clear_after else None
    if not seen and old.state in (SignState.SUSPECT, SignState.RAISED):
        return SignAction.MISS
    return None
