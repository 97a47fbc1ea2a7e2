"""May this person fill this place then? Title, qualification, leave: pure, and its reads."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.rosters.calendar import dates
from duty.rosters.errors import PersonOnLeave, PersonUnfit, TitleTooLow
from duty.rosters.recording import Assignment
from duty.rosters.repository import SlotRow
from duty.rosters.rotation import Leave
from duty.rosters.rules import Period, title_suffices
from kernel.errors import NotFound
from kernel.ids import PersonId
from registry.facilities.rules import local_date
from registry.people import queries as people
from registry.people.schemas import PersonRef

INSTANT = timedelta(microseconds=1)

_LEAVE = text(
    'SELECT person_id, lower(during) AS start, upper(during) AS "end", substitute_id'
    "  FROM leave_spans(CAST(:people AS uuid[]), tstzrange(:start, :end))"
)
_QUALIFICATIONS = text(
    "SELECT person_id, kind, lower(valid) AS first, upper(valid) AS until"
    "  FROM qualification_spans(CAST(:people AS uuid[]))"
)


class Unfit(StrEnum):
    """Why somebody cannot fill a place."""

    TITLE = "title_too_low"
    QUALIFICATION = "qualification_missing"
    LEAVE = "on_leave"


@dataclass(frozen=True, slots=True)
class Valid:
    """A qualification and the days on which it counts; `until` None: without end."""

    kind: str
    first: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Staff:
    """What is known about people: who they are, when they are away, what they may do."""

    known: dict[PersonId, PersonRef]
    leave: list[Leave] = field(default_factory=list)
    held: dict[PersonId, list[Valid]] = field(default_factory=dict)

    def unfit(self, row: SlotRow, person_id: PersonId, period: Period) -> list[Unfit]:
        """Every reason against it; none means the person may."""
        found = []
        person = self.known.get(person_id)
        if person is None or not title_suffices(person.title, row.min_title):
            found.append(Unfit.TITLE)
        if row.qualification is not None and not self._qualified(
            person_id, row.qualification, period
        ):
            found.append(Unfit.QUALIFICATION)
        if any(
            away.person_id == person_id and away.start < period[1] and period[0] < away.end
            for away in self.leave
        ):
            found.append(Unfit.LEAVE)
        return found

    def _qualified(self, person_id: PersonId, kind: str, period: Period) -> bool:
        """True if the qualification counts on every day that the period touches in China."""
        last = local_date(period[1] - INSTANT) + timedelta(days=1)
        valid = [one for one in self.held.get(person_id, []) if one.kind == kind]
        return all(
            any(one.first <= day and (one.until is None or day < one.until) for one in valid)
            for day in dates(local_date(period[0]), last)
        )


async def staff(session: AsyncSession, ids: Collection[PersonId], window: Period) -> Staff:
    """What must be known of these people to roster them inside `window`."""
    held: dict[PersonId, list[Valid]] = defaultdict(list)
    for row in await session.execute(_QUALIFICATIONS, {"people": list(ids)}):
        held[PersonId(row.person_id)].append(Valid(row.kind, row.first, row.until))
    return Staff(await people.get_many(session, ids), await leave(session, ids, window), held)


async def leave(session: AsyncSession, ids: Collection[PersonId], window: Period) -> list[Leave]:
    """When these people are away inside `window`; why is not said."""
    values = {"people": list(ids), "start": window[0], "end": window[1]}
    return [
        Leave(
            PersonId(row.person_id),
            row.start,
            row.end,
            None if row.substitute_id is None else PersonId(row.substitute_id),
        )
        for row in await session.execute(_LEAVE, values)
    ]


async def absent(session: AsyncSession, ids: Collection[PersonId], window: Period) -> list[Leave]:
    """When these people cannot be counted on inside `window`, although a shift of theirs may stand:
    their leave, and all of it for whoever has left for good."""
    gone = sorted(await people.gone(session, ids)) if ids else []
    return await leave(session, ids, window) + [Leave(one, *window) for one in gone]


async def must_fit(session: AsyncSession, assignments: Iterable[Assignment]) -> None:
    """Refuse the first assignment of somebody who may not fill the place.

    Raises:
        NotFound: no such person.
        TitleTooLow: the place asks for a higher title.
        PersonUnfit: the place asks for a qualification that is not valid then.
        PersonOnLeave: the person is away.
    """
    wanted = list(assignments)
    window = (min(one.period[0] for one in wanted), max(one.period[1] for one in wanted))
    known = await staff(session, {one.person_id for one in wanted}, window)
    for one in wanted:
        person = known.known.get(one.person_id)
        if person is None:
            raise NotFound()
        for reason in known.unfit(one.row, one.person_id, one.period):
            if reason is Unfit.TITLE:
                raise TitleTooLow(min_title=one.row.min_title, title=person.title)
            if reason is Unfit.QUALIFICATION:
                raise PersonUnfit(qualification=one.row.qualification)
            raise PersonOnLeave()
