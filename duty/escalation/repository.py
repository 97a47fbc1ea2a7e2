"""SQL of pages, ladders and targets. Row-level security opens them to those who see the case."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation.crew import Standing
from duty.escalation.ladder import Target
from duty.escalation.states import LIVE, REACH, PageState, ReachAction, ReachState
from kernel.ids import CaseId, FacilityId, PageId, PersonId, ShiftId
from kernel.parties import PEOPLE_RUNG, PartyRole

_PAGE_COLUMNS = (
    "p.id, p.req_key, p.case_id, p.facility_id, p.from_facility_id, p.event, p.level, p.title,"
    " p.policy_id, p.mode, p.colour, p.condition, p.simulated, p.created_by, p.created_at, p.drill"
)
_BY_KEY = text("SELECT id FROM page WHERE req_key = :req_key")
_INSERT_PAGE = text(
    "WITH sent AS ("
    " INSERT INTO page (id, req_key, case_id, facility_id, from_facility_id, event, level, title,"
    "  policy_id, mode, colour, condition, simulated, created_by, created_at, drill)"
    " VALUES (:id, :req_key, :case_id, :facility_id, :from_facility_id, :event, :level, :title,"
    "  :policy_id, :mode, :colour, :condition, :simulated, :created_by, :created_at,"
    "  page_is_drill(:case_id)) RETURNING drill), climbs AS ("
    " INSERT INTO escalation (page_id, case_id, state, step, next_due_at, simulated)"
    " VALUES (:id, :case_id, :state, :step, :next_due_at, :simulated))"
    " SELECT drill FROM sent"
)
"""Whether it is a drill its case knows from the event that opened it: no caller can forget."""
_GET = text(f"SELECT {_PAGE_COLUMNS} FROM page p WHERE p.id = :id")  # noqa: S608
_OPEN_OF_CASE = text(
    f"SELECT {_PAGE_COLUMNS} FROM page p JOIN escalation e ON e.page_id = p.id"  # noqa: S608
    " WHERE p.case_id = :case_id AND e.next_due_at IS NOT NULL"
    "  AND (CAST(:facility_id AS uuid) IS NULL OR p.facility_id = :facility_id) ORDER BY p.id"
)
_AWAITS = text(
    "SELECT EXISTS (SELECT 1 FROM escalation e JOIN page_target t ON t.page_id = e.page_id"
    " WHERE e.case_id = :case_id AND e.next_due_at IS NOT NULL AND t.person_id = :person_id"
    "  AND t.state = 'acknowledged' AND t.joined_at IS NULL)"
)
_LOCK_CASE = text("SELECT case_lock(:case_id)")
_LADDER = text(
    "SELECT page_id, state, step, rev, next_due_at, acknowledged_by, clock_timestamp() AS now"
    " FROM escalation WHERE page_id = :page_id FOR UPDATE"
)
_CLIMB = text(
    "UPDATE escalation SET state = :state, step = :step, rev = rev + 1, acknowledged_by = NULL,"
    " ended_at = NULL, next_due_at = clock_timestamp() + :delay WHERE page_id = :page_id"
)
_DUE_NOW = text("UPDATE escalation SET next_due_at = :at, rev = rev + 1 WHERE page_id = :page_id")
_END = text(
    "UPDATE escalation SET state = :state, rev = rev + 1, next_due_at = :join_by,"
    " acknowledged_by = :by, ended_at = :at, end_reason = :reason WHERE page_id = :page_id"
)
_REST = text(
    "UPDATE escalation SET state = :state, rev = rev + 1, next_due_at = NULL,"
    " joined_at = :joined_at WHERE page_id = :page_id"
)
_ADD_TARGETS = text(
    f"""
    WITH rung AS (
      INSERT INTO page_target
        (page_id, step, person_id, case_id, shift_id, tier, specialty, facility_id, state,
         queued_at)
      SELECT :page_id, :step, n.person_id, :case_id, n.shift_id, n.tier, n.specialty,
             n.facility_id, :state, :at
        FROM unnest(CAST(:people AS uuid[]), CAST(:shifts AS uuid[]), CAST(:tiers AS text[]),
                    CAST(:specialties AS text[]), CAST(:houses AS uuid[]))
          AS n (person_id, shift_id, tier, specialty, facility_id)
      ON CONFLICT (page_id, step, person_id) DO NOTHING
      RETURNING person_id
    ), opened AS ({PEOPLE_RUNG})
    SELECT person_id FROM rung
    """  # noqa: S608
)
_STANDING = text(
    "SELECT step, person_id, state, specialty, tier, shift_id, facility_id, acknowledged_at,"
    " joined_at, stood_down_at FROM page_target WHERE page_id = :page_id"
)
_JOIN = text(
    "UPDATE page_target SET joined_at = :at"
    " WHERE page_id = :page_id AND person_id = ANY(CAST(:people AS uuid[]))"
    "  AND joined_at IS NULL RETURNING person_id"
)
_STAND_DOWN = text(
    "UPDATE page_target SET stood_down_at = :at"
    " WHERE page_id = :page_id AND specialty = ANY(CAST(:specialties AS text[]))"
    "  AND stood_down_at IS NULL AND state <> ALL(CAST(:answers AS text[]))"
    " RETURNING person_id"
)
_DECLINE_WHY = text(
    "UPDATE page_target SET decline_reason = :reason, decline_note = :note"
    " WHERE page_id = :page_id AND person_id = :person_id AND state = 'declined'"
)


@dataclass(frozen=True, slots=True)
class PageRow:
    """What a page was when it was sent; it never changes."""

    id: PageId
    req_key: str
    case_id: CaseId
    facility_id: FacilityId
    from_facility_id: FacilityId | None
    event: str
    level: str
    title: str
    policy_id: UUID
    mode: str
    colour: str | None
    condition: str | None
    simulated: bool
    created_by: PersonId | None
    created_at: datetime
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """The locked ladder of a page; `now` is the database's clock after the lock."""

    page_id: PageId
    state: PageState
    step: int
    rev: int
    next_due_at: datetime | None
    acknowledged_by: PersonId | None
    now: datetime

    @property
    def live(self) -> bool:
        """True while it still rings."""
        return self.state in LIVE

    @property
    def awaits_joining(self) -> bool:
        """True while those who said yes are expected to be there by a moment."""
        return self.state is PageState.ACKNOWLEDGED and self.next_due_at is not None


async def id_by_key(session: AsyncSession, req_key: str) -> PageId | None:
    """The page already sent under this key, if any."""
    found = (await session.execute(_BY_KEY, {"req_key": req_key})).scalar_one_or_none()
    return None if found is None else PageId(found)


async def insert_page(
    session: AsyncSession, page: PageRow, state: PageState, step: int, next_due_at: datetime
) -> PageRow:
    """Write the page and its ladder; the page as written knows whether its case is a drill."""
    values = {name: getattr(page, name) for name in PageRow.__slots__ if name != "drill"}
    values |= {"state": str(state), "step": step, "next_due_at": next_due_at}
    drill = (await session.execute(_INSERT_PAGE, values)).scalar_one()
    return replace(page, drill=drill)


async def get(session: AsyncSession, page_id: PageId) -> PageRow | None:
    """The page, if this session may see its case."""
    row = (await session.execute(_GET, {"id": page_id})).one_or_none()
    return None if row is None else PageRow(*row)


async def open_of_case(
    session: AsyncSession, case_id: CaseId, facility_id: FacilityId | None
) -> list[PageRow]:
    """Pages of the case (to one facility, or to all) that ring or wait for somebody to join."""
    rows = await session.execute(_OPEN_OF_CASE, {"case_id": case_id, "facility_id": facility_id})
    return [PageRow(*row) for row in rows]


async def awaits(session: AsyncSession, case_id: CaseId, person_id: PersonId) -> bool:
    """True if an open page of the case has this person's yes and waits for them."""
    values = {"case_id": case_id, "person_id": person_id}
    return (await session.execute(_AWAITS, values)).scalar_one() is True


async def lock_case(session: AsyncSession, case_id: CaseId) -> bool:
    """Take the case before its pages; False if there is no such case for this viewer."""
    return (await session.execute(_LOCK_CASE, {"case_id": case_id})).scalar_one() is not None


async def lock_ladder(session: AsyncSession, page_id: PageId) -> Ladder:
    """Take the page's ladder: whoever holds it decides whether the page still rings."""
    row = (await session.execute(_LADDER, {"page_id": page_id})).one()
    return Ladder(
        page_id,
        PageState(row.state),
        row.step,
        row.rev,
        row.next_due_at,
        row.acknowledged_by,
        row.now,
    )


async def climb_ladder(
    session: AsyncSession, page_id: PageId, state: PageState, step: int, delay_s: float
) -> None:
    """Record that `step` has rung and when to look again, by the database's clock."""
    await session.execute(
        _CLIMB,
        {
            "page_id": page_id,
            "state": str(state),
            "step": step,
            "delay": timedelta(seconds=delay_s),
        },
    )


async def hurry_ladder(session: AsyncSession, page_id: PageId, at: datetime) -> None:
    """Make the next step due at `at`."""
    await session.execute(_DUE_NOW, {"page_id": page_id, "at": at})


async def end_ladder(
    session: AsyncSession,
    page_id: PageId,
    state: PageState,
    at: datetime,
    *,
    by: PersonId | None = None,
    reason: str | None = None,
    join_by: datetime | None = None,
) -> None:
    """Stop ringing; somebody must have joined until `join_by`, or it goes on."""
    await session.execute(
        _END,
        {
            "page_id": page_id,
            "state": str(state),
            "by": by,
            "at": at,
            "reason": reason,
            "join_by": join_by,
        },
    )


async def rest_ladder(
    session: AsyncSession, page_id: PageId, state: PageState, joined_at: datetime | None
) -> None:
    """Nobody is waited for any more; `joined_at` if that is because they are there."""
    values = {"page_id": page_id, "state": str(state), "joined_at": joined_at}
    await session.execute(_REST, values)


async def add_targets(
    session: AsyncSession, page: PageRow, step: int, targets: Sequence[Target], at: datetime
) -> list[PersonId]:
    """Write who is rung at `step` and open the case to them; returns those who were not yet."""
    rows = await session.execute(
        _ADD_TARGETS,
        {
            "page_id": page.id,
            "case_id": page.case_id,
            "step": step,
            "state": str(REACH.initial),
            "role": str(PartyRole.EXPERT),
            "at": at,
            "people": [target.person_id for target in targets],
            "shifts": [target.shift_id for target in targets],
            "tiers": [str(target.tier) for target in targets],
            "specialties": [target.specialty for target in targets],
            "houses": [target.facility_id for target in targets],
        },
    )
    return [PersonId(row.person_id) for row in rows]


async def standings(session: AsyncSession, page_id: PageId) -> list[Standing]:
    """How far the page got with everybody."""
    rows = await session.execute(_STANDING, {"page_id": page_id})
    return [standing(row) for row in rows]


def standing(row: Row[Any]) -> Standing:
    """A target's row as the rules read it."""
    return Standing(
        row.step,
        PersonId(row.person_id),
        ReachState(row.state),
        row.specialty,
        row.tier,
        None if row.shift_id is None else ShiftId(row.shift_id),
        None if row.facility_id is None else FacilityId(row.facility_id),
        row.acknowledged_at,
        row.joined_at,
        row.stood_down_at,
    )


async def join(
    session: AsyncSession, page_id: PageId, people: Collection[PersonId], at: datetime
) -> set[PersonId]:
    """These people are there; returns those who were not before."""
    values = {"page_id": page_id, "people": list(people), "at": at}
    rows = await session.execute(_JOIN, values)
    return {PersonId(row.person_id) for row in rows}


async def stand_down(
    session: AsyncSession, page_id: PageId, specialties: Collection[str], at: datetime
) -> set[PersonId]:
    """Enough colleagues of these specialties answered: the others need not; returns whom."""
    answers = [str(ReachState.ACKNOWLEDGED), str(ReachState.DECLINED)]
    values = {
        "page_id": page_id,
        "specialties": list(specialties),
        "answers": answers,
        "at": at,
    }
    rows = await session.execute(_STAND_DOWN, values)
    return {PersonId(row.person_id) for row in rows}


# Reaching a state proves the ones before it: a phone that has seen the page was delivered it.
_STAMPS = {
    ReachAction.SEND: ("sent_at",),
    ReachAction.DELIVER: ("sent_at", "delivered_at"),
    ReachAction.SEE: ("sent_at", "delivered_at", "seen_at"),
    ReachAction.ACKNOWLEDGE: ("acknowledged_at",),
    ReachAction.DECLINE: ("declined_at",),
    ReachAction.GIVE_UP: ("unreachable_at",),
}


def _move_statement(action: ReachAction) -> str:
    stamps = ", ".join(f"{column} = coalesce({column}, :at)" for column in _STAMPS[action])
    return (
        f"UPDATE page_target SET state = :to, {stamps}, route = coalesce(:route, route)"  # noqa: S608
        " WHERE page_id = :page_id AND state = ANY(:sources)"
        "  AND (CAST(:people AS uuid[]) IS NULL OR person_id = ANY(CAST(:people AS uuid[])))"
        " RETURNING person_id"
    )


_MOVE = {action: text(_move_statement(action)) for action in ReachAction}


async def move_targets(
    session: AsyncSession,
    page_id: PageId,
    action: ReachAction,
    at: datetime,
    *,
    people: Collection[PersonId] | None = None,
    route: str | None = None,
) -> set[PersonId]:
    """Apply `action` where the table of reach states allows it; returns whose state moved."""
    edges = [(state, edge.to) for state, act, edge in REACH if act == action]
    rows = await session.execute(
        _MOVE[action],
        {
            "page_id": page_id,
            "to": str(edges[0][1]),
            "sources": [str(state) for state, _ in edges],
            "at": at,
            "people": None if people is None else list(people),
            "route": route,
        },
    )
    return {PersonId(row.person_id) for row in rows}


async def say_why(
    session: AsyncSession, page_id: PageId, person_id: PersonId, reason: str, note: str | None
) -> None:
    """Keep the reason of a decline beside it."""
    await session.execute(
        _DECLINE_WHY,
        {"page_id": page_id, "person_id": person_id, "reason": reason, "note": note},
    )
