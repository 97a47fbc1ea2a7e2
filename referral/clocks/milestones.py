"""The fold: a case's events become its milestones. Timeline, clocks and indicators all use it.

The same fold stands in SQL as the view `quality_milestone`; a property test holds the two equal.

A moment that a person entered counts no longer once its author has undone it at once
(`clock.undone`), or once an amendment checked by a second person sets `withdrawn`.

A milestone that several events report is taken from the earliest event that was not entered late;
a late entry counts only where nothing else says when it happened. Times are the chain's: the
database's receipt time, or the moment that a late entry or a simulated event names.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from kernel.chain.history import EventView

KINDS: dict[str, str] = {
    "referral.requested": "request",
    "page.sent": "page_sent",
    "offer.delivered": "first_delivered",
    "page.acknowledged": "first_acknowledged",
    "offer.acknowledged": "first_acknowledged",
    "offer.accepted": "accepted",
    "referral.committed": "committed",
    "leg.departed": "departed",
    "leg.arrived": "arrived",
    "referral.self_arrival": "arrived",
    "leg.handed_over": "handed_over",
    "referral.guided_in_place": "guided_in_place",
    "advice.signed": "advice_signed",
    "referral.closed": "closed",
}
"""Event kind to milestone; `milestone.<name>` events report `<name>` themselves."""

OPENING = frozenset({"referral.requested", "referral.self_arrival"})
"""Kinds with which a case enters the indicators, at that event's time."""

UNDONE = "clock.undone"
"""Its `seq` names the milestone that a slip of the finger reported."""

ENDING = frozenset({"referral.closed", "referral.cancelled", "referral.died", "referral.voided"})
"""Events after which no clock runs on."""

_OWN = "milestone."


def milestone_of(kind: str) -> str | None:
    """The milestone that an event of this kind reports, if any."""
    return kind.removeprefix(_OWN) if kind.startswith(_OWN) else KINDS.get(kind)


@dataclass(frozen=True, slots=True)
class Milestone:
    """One milestone of a case and the event that reports it."""

    name: str
    seq: int
    at: datetime
    recv_at: datetime
    original_at: datetime
    device_at: datetime | None
    source: str
    auto: bool
    late: bool
    amended: bool
    actor: UUID | None
    facility: UUID | None
    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class CaseFold:
    """What the indicators need to know about one case.

    `back` marks a back-referral: it travels the other way and is nobody's emergency. `opening` is
    what the first event said.
    """

    milestones: dict[str, Milestone]
    opened_at: datetime | None
    origin: UUID | None
    number: str | None
    back: bool
    drill: bool
    voided: bool
    demo: bool
    ended: bool = False
    opening: Mapping[str, object] = field(default_factory=dict)


def is_late(event: EventView) -> bool:
    """Entered by a person after the fact; simulated late entries carry their reason."""
    return event.late or event.payload.get("late_reason") is not None


def fold(events: Iterable[EventView]) -> CaseFold:
    """Fold one case's events, in any order."""
    ordered = sorted(events, key=lambda event: event.row.seq)
    milestones: dict[str, Milestone] = {}
    opening = [event for event in ordered if event.row.kind in OPENING]
    undone = {event.original.get("seq") for event in ordered if event.row.kind == UNDONE}
    for event in sorted(ordered, key=lambda event: (is_late(event), event.at, event.row.seq)):
        name = milestone_of(event.row.kind)
        if name is not None and not _withdrawn(event, undone):
            milestones.setdefault(name, _milestone(name, event))
    first = opening[0] if opening else None
    return CaseFold(
        milestones=milestones,
        opened_at=None if first is None else first.at,
        origin=None if first is None else _origin(first),
        number=None if first is None else _number(first),
        back=any(event.original.get("direction") == "back" for event in opening),
        # A case is a drill from its first event or never: no amendment takes it out of the count.
        drill=any(event.original.get("drill") is True for event in opening),
        voided=any(event.row.kind == "referral.voided" for event in ordered),
        demo=any(
            event.row.source == "simulated" or event.original.get("demo") is True
            for event in opening
        ),
        ended=any(event.row.kind in ENDING for event in ordered),
        opening={} if first is None else first.original,
    )


def _withdrawn(event: EventView, undone: Set[object]) -> bool:
    if not event.row.kind.startswith(_OWN):
        return False
    return event.row.seq in undone or event.payload.get("withdrawn") is True


@dataclass(frozen=True, slots=True)
class Interval:
    """The time from one milestone to another within one case.

    `duration` is None while the second milestone is open, and for good when the two stand in the
    wrong order: such a pair is shown and counted as inconsistent, never as a negative time.
    """

    start: Milestone
    end: Milestone | None

    @property
    def consistent(self) -> bool:
        """False when the end lies before the start."""
        return self.end is None or self.end.at >= self.start.at

    @property
    def duration(self) -> timedelta | None:
        """Never negative."""
        if self.end is None or not self.consistent:
            return None
        return self.end.at - self.start.at

    @property
    def late(self) -> bool:
        """Either end was entered after the fact."""
        return self.start.late or (self.end is not None and self.end.late)


def interval(folded: CaseFold, start: str, end: str) -> Interval | None:
    """The interval between two milestones, or None where the first never happened."""
    first = folded.milestones.get(start)
    return None if first is None else Interval(first, folded.milestones.get(end))


def _milestone(name: str, event: EventView) -> Milestone:
    row = event.row
    return Milestone(
        name=name,
        seq=row.seq,
        at=event.at,
        recv_at=row.recv_at,
        original_at=event.original_at,
        device_at=row.device_at,
        source=row.source,
        auto=row.auto,
        late=is_late(event),
        amended=bool(event.amendments),
        actor=row.actor,
        facility=row.facility,
        payload=event.payload,
    )


def _origin(event: EventView) -> UUID | None:
    named = event.original.get("origin_facility")
    return event.row.facility if named is None else UUID(str(named))


def _number(event: EventView) -> str | None:
    named = event.original.get("number")
    return None if named is None else str(named)
