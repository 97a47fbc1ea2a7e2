"""From a case's chain to what the clock rules need."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from kernel.chain.history import EventView
from referral.clocks.data import ConditionSet, valid_on
from referral.clocks.milestones import CaseFold, Milestone, fold
from referral.clocks.rules import Breach, Course, Delay, Marks, NotNeeded, Owner, Point
from registry.facilities.rules import local_date

BREACHED = "clock.breached"
OWNED = "clock.breach_owned"
DELAYED = "clock.delay_attributed"
NOT_NEEDED = "clock.prompt_not_needed"


def course_of(events: Sequence[EventView]) -> tuple[CaseFold, Course]:
    """The fold of a case and the same as its clocks see it."""
    folded = fold(events)
    return folded, Course(
        points={name: _point(entry) for name, entry in folded.milestones.items()},
        facts=facts_of(folded),
        marks=_marks(events),
        ended=folded.ended,
    )


def facts_of(folded: CaseFold) -> dict[str, object]:
    """What a set's `applies` may ask for; a mother whose child is born makes two patients."""
    said = folded.opening
    return {
        "condition": said.get("condition"),
        "acuity": said.get("acuity"),
        "subject": said.get("subject"),
        "direction": "back" if folded.back else "up",
        "milestones": frozenset(folded.milestones),
    }


def sets_for(folded: CaseFold, fallback: datetime) -> tuple[ConditionSet, ...]:
    """The sets in force on the day the case was opened: a case keeps its rules."""
    return valid_on(local_date(folded.opened_at or fallback))


def _point(entry: Milestone) -> Point:
    made_up = entry.source == "simulated"
    return Point(
        name=entry.name,
        seq=entry.seq,
        at=entry.at,
        entered_at=entry.at if made_up else max(entry.at, entry.recv_at),
        late=entry.late,
        payload=entry.payload,
    )


def _marks(events: Iterable[EventView]) -> Marks:
    breaches, owners, delays, spared = [], [], [], []
    for event in events:
        said = event.original
        kind, actor, at = event.row.kind, event.row.actor, event.at
        if kind == BREACHED:
            breaches.append(_breach(event))
        elif kind == OWNED:
            owners.append(Owner(str(said["interval"]), UUID(str(said["person_id"])), at))
        elif kind == DELAYED:
            delays.append(Delay(str(said["interval"]), str(said["code"]), actor, at))
        elif kind == NOT_NEEDED:
            spared.append(NotNeeded(str(said["prompt"]), str(said["code"]), actor, at))
    return Marks(tuple(breaches), tuple(owners), tuple(delays), tuple(spared))


def _breach(event: EventView) -> Breach:
    said = event.original
    pages = said.get("page_ids") or []
    assert isinstance(pages, list)  # noqa: S101  (written by the ladder only)
    return Breach(
        interval=str(said["interval"]),
        due=str(said["due"]),
        step=int(str(said["step"])),
        who=str(said["who"]),
        at=event.at,
        page_ids=tuple(map(str, pages)),
    )
