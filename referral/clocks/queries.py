"""A case's clocks as its viewer may see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain.history import EventView, history
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, FacilityId, PersonId
from kernel.viewer import CLINICAL_ROLES, Role, Viewer
from referral.clocks.data import (
    DELAYS,
    MILESTONES,
    NOT_NEEDED,
    ConditionSet,
    Reason,
    Target,
    Text,
    valid_on,
)
from referral.clocks.marks import course_of, sets_for
from referral.clocks.milestones import Milestone
from referral.clocks.rules import Course, Owner, Question, Reading, applying, questions, readings
from referral.clocks.schemas import (
    BreachOut,
    CaseClock,
    ClockCatalogue,
    ClockOut,
    DelayOut,
    MilestoneOut,
    MilestoneWords,
    OwnerOut,
    PromptOut,
    ReasonWords,
    SetOut,
    TargetOut,
)
from registry.facilities import queries as facilities
from registry.facilities.rules import local_date
from registry.facilities.schemas import FacilityRef
from registry.people import queries as people
from registry.people.schemas import PersonRef

UNDO_S = 30
"""How long a slip of the finger may be taken back by its author alone: the screen offers it for
10 s, the rest is for the network."""


@dataclass(frozen=True, slots=True)
class _Names:
    people: dict[PersonId, PersonRef]
    places: dict[FacilityId, FacilityRef]

    def person(self, id_: UUID | None) -> PersonRef | None:
        return None if id_ is None else self.people.get(PersonId(id_))

    def place(self, id_: UUID | None) -> FacilityRef | None:
        return None if id_ is None else self.places.get(FacilityId(id_))


async def case_clock(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: CaseId
) -> CaseClock:
    """Milestones, clocks, prompts; from the same fold as the indicators.

    Raises:
        NotFound: unknown or foreign.
    """
    events = await history(session, case_id)
    if not events:
        raise NotFound()
    now = clock.now()
    folded, course = course_of(events)
    sets = sets_for(folded, events[0].at)
    clocks = readings(course, sets, now)
    reached = sorted(folded.milestones.values(), key=lambda entry: (entry.at, entry.seq))
    names = await _names(session, reached, course, clocks)
    return CaseClock(
        case_id=case_id,
        server_time=now,
        ended=folded.ended,
        drill=folded.drill,
        demo=folded.demo,
        milestones=[_milestone(entry, names, viewer, now) for entry in reached],
        sets=[set_out(entry) for entry in applying(course, sets)],
        clocks=[_clock(entry, names) for entry in clocks],
        prompts=[_prompt(entry) for entry in questions(course, sets)],
        may_act=not folded.ended and _treats(viewer),
    )


def _treats(viewer: Viewer) -> bool:
    """A hint for the page; the commands decide."""
    return viewer.has(*CLINICAL_ROLES, Role.CREW)


async def _names(
    session: AsyncSession, reached: Sequence[Milestone], course: Course, clocks: Iterable[Reading]
) -> _Names:
    persons = {entry.actor for entry in reached}
    for reading in clocks:
        persons |= {delay.person_id for delay in reading.delays}
    persons |= {owner.person_id for owner in course.marks.owners}
    places = {FacilityId(entry.facility) for entry in reached if entry.facility is not None}
    known = await people.get_many(session, {PersonId(id_) for id_ in persons if id_ is not None})
    return _Names(dict(known), dict(await facilities.get_many(session, places)))


def words_of(name: str) -> Text:
    """A milestone's words; an unknown one speaks for itself."""
    known = MILESTONES.get(name)
    return Text(name, name) if known is None else Text(known.zh, known.en)


def target_out(target: Target | None) -> TargetOut | None:
    """A target as the API says it."""
    if target is None:
        return None
    text = Text(target.zh, target.en)
    return TargetOut(target.seconds, text, target.source, target.confidence, target.to_be_verified)


def set_out(entry: ConditionSet) -> SetOut:
    """A set as the API says it."""
    return SetOut(
        code=entry.code,
        version=entry.version,
        name=Text(entry.zh, entry.en),
        keys=entry.keys,
        source=entry.source,
        confidence=entry.confidence,
        to_be_verified=entry.to_be_verified,
    )


def _milestone(entry: Milestone, names: _Names, viewer: Viewer, now: datetime) -> MilestoneOut:
    until = entry.recv_at + timedelta(seconds=UNDO_S)
    own = entry.actor is not None and entry.actor == viewer.person_id and not entry.auto
    slip = own and entry.name in MILESTONES and MILESTONES[entry.name].manual and now < until
    said = entry.payload
    return MilestoneOut(
        name=entry.name,
        words=words_of(entry.name),
        seq=entry.seq,
        at=entry.at,
        recv_at=entry.recv_at,
        device_at=entry.device_at,
        source=entry.source,
        auto=entry.auto,
        late=entry.late,
        amended=entry.amended,
        actor=names.person(entry.actor),
        facility=names.place(entry.facility),
        urgency_class=said.get("urgency_class"),  # type: ignore[arg-type]
        place=said.get("place"),  # type: ignore[arg-type]
        anaesthesia=said.get("anaesthesia"),  # type: ignore[arg-type]
        undo_until=until if slip else None,
    )


def _clock(reading: Reading, names: _Names) -> ClockOut:
    elapsed = reading.elapsed
    interval, climb = reading.interval, reading.climb
    return ClockOut(
        code=reading.code,
        set=reading.set.code,
        version=reading.set.version,
        name=Text(interval.zh, interval.en),
        from_milestone=interval.start,
        to_milestone=interval.end,
        state=reading.state,
        started_at=reading.start.at,
        stopped_at=None if reading.end is None else reading.end.at,
        elapsed_s=None if elapsed is None else elapsed.total_seconds(),
        due_at=reading.due_at,
        overdue=reading.overdue,
        late=reading.late,
        target=target_out(interval.target),
        breaches=[
            BreachOut(mark.step, mark.who, mark.at)  # type: ignore[arg-type]
            for mark in reading.breaches
        ],
        owner=_owner(reading.owner, names),
        delays=[
            DelayOut(mark.code, delay_words(mark.code), names.person(mark.person_id), mark.at)
            for mark in reading.delays
        ],
        next_step_at=None if climb is None else climb.at,
        next_step_who=None if climb is None else climb.step.who,
    )


def _owner(owner: Owner | None, names: _Names) -> OwnerOut | None:
    return None if owner is None else OwnerOut(names.person(owner.person_id), owner.at)


def delay_words(code: str) -> Text:
    """A delay reason's words."""
    known = DELAYS.get(code)
    return Text(code, code) if known is None else Text(known.zh, known.en)


def _prompt(question: Question) -> PromptOut:
    return PromptOut(
        code=question.code,
        set=question.set.code,
        words=Text(question.prompt.zh, question.prompt.en),
        ask_at=question.ask_at,
        records=question.prompt.records,
        to_be_verified=question.set.to_be_verified,
    )


def catalogue(now: datetime) -> ClockCatalogue:
    """The words of the clocks and the sets in force today."""
    return ClockCatalogue(
        milestones=[
            MilestoneWords(name, Text(kind.zh, kind.en), kind.by, kind.manual)
            for name, kind in MILESTONES.items()
        ],
        delays=_reasons(DELAYS),
        not_needed=_reasons(NOT_NEEDED),
        sets=[set_out(entry) for entry in valid_on(local_date(now))],
    )


def _reasons(reasons: dict[str, Reason]) -> list[ReasonWords]:
    return [ReasonWords(code, Text(r.zh, r.en), r.text) for code, r in reasons.items()]


def event_at(events: Sequence[EventView], seq: int) -> EventView:
    """One event of a case.

    Raises:
        NotFound: there is none with this number.
    """
    found = next((event for event in events if event.row.seq == seq), None)
    if found is None:
        raise NotFound()
    return found
