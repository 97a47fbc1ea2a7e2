"""Reads of reviews, as the viewer: row-level security cuts what is not theirs."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.names import Names, names
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.viewer import Role, Viewer
from quality.owed import OwedState
from quality.reviews import measures, rights, store
from quality.reviews.pack import Pack
from quality.reviews.rules import RULES, Cell, Kind, Level, Sourced, Term
from quality.reviews.schemas import (
    Candidate,
    CellOut,
    MeasureOut,
    MemberOut,
    ReviewDetail,
    ReviewFindingOut,
    ReviewOut,
    ReviewRules,
    RuleOut,
    TallyOut,
    TermOut,
    ViewingOut,
)
from quality.reviews.states import RUNNING, Side
from registry.people import queries as people

Which = Literal["open", "done"]
MOST: Final = 200
_ENDED = "('closed', 'dismissed')"
_LISTS: Final = {
    which: text(
        "SELECT r.*, k.number, count(m.id) AS measures,"  # noqa: S608  (constants)
        "  count(m.id) FILTER (WHERE m.state IN ('open', 'done')) AS measures_open"
        " FROM case_review r LEFT JOIN referral k ON k.id = r.of_case_id"
        f" LEFT JOIN review_measure m ON m.review_id = r.id WHERE {where}"
        f" GROUP BY r.id, k.number ORDER BY {order}, r.id LIMIT :most"
    )
    for which, where, order in (
        ("open", f"r.state NOT IN {_ENDED}", "r.concluded_at IS NOT NULL, r.due_at"),
        ("done", f"r.state IN {_ENDED}", "r.ended_at DESC"),
        ("one", "r.id = :id", "r.due_at"),
    )
}
_OWED = text(
    "SELECT * FROM review_measure WHERE owner_id = :person AND state IN ('open', 'done')"
    " ORDER BY due_on, id LIMIT :most"
)
_PACK_ROLES = (Role.EXPERT, Role.COORDINATOR, Role.REFERRING_CLINICIAN)


def rules() -> ReviewRules:
    """The rules in force, with their sources."""
    found: list[RuleOut] = [
        _rule("cadence", one, one.zh, one.en, one.kind, one.level) for one in RULES.cadence
    ]
    least = RULES.quorum.least
    zh, en = {}, {}
    zh["treated"], en["treated"] = "参与救治者", "who treated her"
    zh["same_house"], en["same_house"] = "救治机构人员", "who works where she was treated"
    for one in RULES.recusal:
        said = "、".join(zh[why] for why in one.reasons), ", ".join(en[why] for why in one.reasons)
        found.append(
            _rule("recusal", one, f"回避：{said[0]}", f"Kept out: {said[1]}", None, one.level)
        )
    found += [
        _rule("grace", RULES.grace, "期满后 30 天内", "Within 30 days of the period's end"),
        _rule("quorum", RULES.quorum, f"至少 {least} 名可表决成员", f"At least {least} voters"),
        _rule("voting", RULES.voting, "少数服从多数", "More than half of the voters decide"),
        _rule("grid", RULES.grid, "十二格表", "Twelve cells"),
    ]
    return ReviewRules(
        version=RULES.version,
        kinds=_cells(RULES.kinds),
        levels=_cells(RULES.levels),
        links=_cells(RULES.grid.links),
        aspects=_cells(RULES.grid.aspects),
        conclusions=_terms(RULES.conclusions),
        delays=_terms(RULES.delays),
        causes=_terms(RULES.causes),
        dismissals=_terms(RULES.dismissals),
        rules=found,
        quorum=least,
    )


def _cells(of: Sequence[Kind | Level | Cell]) -> list[CellOut]:
    return [CellOut(one.code, one.zh, one.en) for one in of]


def _terms(of: Sequence[Term]) -> list[TermOut]:
    return [_term(one) for one in of]


def _term(one: Term) -> TermOut:
    return TermOut(
        one.code, one.zh, one.en, one.source, one.confidence, one.to_be_verified,
        sorted(one.kinds), one.who,
    )  # fmt: skip


def _rule(
    topic: Any, one: Sourced, zh: str, en: str, kind: str | None = None, level: str | None = None
) -> RuleOut:
    return RuleOut(
        topic, kind, level, zh, en, one.source, one.confidence, one.to_be_verified
    )  # fmt: skip


async def reviews(
    session: AsyncSession, clock: Clock, viewer: Viewer, which: Which
) -> list[ReviewOut]:
    """Reviews open to the viewer: running ones by their limit, ended ones the newest first."""
    rows = (await session.execute(_LISTS[which], {"most": MOST})).all()
    known = await names(session, [], [one.facility_id for one in rows])
    seated = await _seated(session, viewer, rows)
    return [_out(viewer, one, known, clock.now(), seated[one.id]) for one in rows]


async def _seated(
    session: AsyncSession, viewer: Viewer, rows: Sequence[Row[Any]]
) -> dict[UUID, frozenset[Side]]:
    return {one.id: rights.sides(viewer, one, await store.members(session, one.id)) for one in rows}


async def one(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, what: str = "review"
) -> ReviewDetail:
    """One review with everything that belongs to it, or `NotFound`; the reading is recorded."""
    found = (await session.execute(_LISTS["one"], {"id": review_id, "most": 1})).one_or_none()
    if found is None:
        raise NotFound()
    at = clock.now()
    await store.viewed(session, review_id, viewer.person_id, what, at)
    return await _detail(session, viewer, found, at)


async def shown(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID
) -> ReviewDetail:
    """As `one`, after the viewer's own step."""
    found = (await session.execute(_LISTS["one"], {"id": review_id, "most": 1})).one()
    return await _detail(session, viewer, found, clock.now())


async def _detail(
    session: AsyncSession, viewer: Viewer, row: Row[Any], at: datetime
) -> ReviewDetail:
    members = await store.members(session, row.id)
    stands = rights.sides(viewer, row, members)
    votes = await store.votes(session, row.id)
    findings = await store.findings(session, row.id)
    owed = await store.measures(session, row.id)
    viewings = await store.viewings(session, row.id)
    ids = [
        row.opened_by,
        row.concluded_by,
        *(one.person_id for one in (*members, *viewings)),
        *(one.by for one in findings),
        *(id_ for one in owed for id_ in (one.owner_id, one.ended_by)),
    ]
    known = await names(session, ids, [row.facility_id])
    seats = await names(session, [], [one.facility_id for one in known.who.values()])
    voted = {one.person_id: one.conclusion for one in votes}
    # Who votes is not led by how others did: the count shows once the review is concluded.
    tally = Counter(voted.values()) if row.concluded_at is not None else Counter()
    return ReviewDetail(
        review=_out(viewer, row, known, at, stands),
        rules=row.rules,
        opened_at=row.opened_at if Side.CONVENER in stands else None,
        opened_by=known.person(row.opened_by),
        members=[_member(one, known, seats, one.person_id in voted) for one in members],
        packs=len(await store.packs(session, row.id)),
        tally=[TallyOut(code, n) for code, n in tally.most_common()],
        my_vote=voted.get(viewer.person_id),
        findings=[
            ReviewFindingOut(one.id, one.link, one.aspect, one.words, known.person(one.by), one.at)
            for one in findings
        ],
        cause=row.cause,
        delays=[one.code for one in RULES.delays if one.code in row.delays],
        summary=row.summary,
        concluded_at=row.concluded_at,
        concluded_by=known.person(row.concluded_by),
        measures=[_measure(viewer, one, known, at, stands) for one in owed],
        dismissal=row.dismissal,
        why=row.why,
        ended_at=row.ended_at,
        viewings=[ViewingOut(known.person(one.person_id), one.what, one.at) for one in viewings],
    )


async def pack_of(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, what: str = "pack"
) -> Pack:
    """The newest pack, or `NotFound`; the reading is recorded."""
    found = await store.packs(session, review_id)
    if not found:
        raise NotFound()
    await store.viewed(session, review_id, viewer.person_id, what, clock.now())
    return msgspec.json.decode(bytes(found[0].content), type=Pack)


async def candidates(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID
) -> list[Candidate]:
    """Who might sit on the panel, and what keeps them out; for whoever convenes it."""
    row = await store.seen(session, review_id)
    if not rights.convenes(viewer, row.facility_id):
        raise NotFound()
    found = await people.holding(session, clock.now(), None, _PACK_ROLES)
    kept_out = await rights.conflicts(session, row, found)
    known = await names(session, [], [one.facility_id for one in found])
    return [Candidate(one, known.house(one.facility_id), kept_out.get(one.id)) for one in found]


async def owed(session: AsyncSession, clock: Clock, viewer: Viewer) -> list[MeasureOut]:
    """What the viewer owes, of any review."""
    rows = (await session.execute(_OWED, {"person": viewer.person_id, "most": MOST})).all()
    known = await names(session, [viewer.person_id], [])
    return [
        _measure(viewer, one, known, clock.now(), await measures.stands(session, viewer, one))
        for one in rows
    ]


async def measure(
    session: AsyncSession, clock: Clock, viewer: Viewer, measure_id: UUID
) -> MeasureOut:
    """One measure, or `NotFound`."""
    row = await store.measure(session, measure_id)
    known = await names(session, [row.owner_id, row.ended_by], [])
    stands = await measures.stands(session, viewer, row)
    return _measure(viewer, row, known, clock.now(), stands)


def _out(
    viewer: Viewer, row: Row[Any], known: Names, at: datetime, stands: frozenset[Side]
) -> ReviewOut:
    convenes = Side.CONVENER in stands
    return ReviewOut(
        id=row.id,
        case_number=row.number if convenes else None,
        kind=row.kind,
        level=row.level,
        facility=known.house(row.facility_id),
        happened_at=row.happened_at if convenes else None,
        state=row.state,
        due_at=row.due_at if convenes else None,
        overdue=convenes and row.state in RUNNING and row.due_at <= at,
        held_at=row.held_at,
        conclusion=row.conclusion,
        measures=row.measures,
        measures_open=row.measures_open,
        demo=row.demo,
        version=row.version,
        convenes=convenes,
        allowed=rights.allowed(row, stands),
    )


def _member(one: Row[Any], known: Names, seats: Names, voted: bool) -> MemberOut:
    person = known.person(one.person_id)
    return MemberOut(
        person,
        None if person is None else seats.house(person.facility_id),
        one.chair,
        one.recused,
        voted,
        one.removed_at is not None,
    )


def _measure(
    viewer: Viewer, one: Row[Any], known: Names, at: datetime, stands: frozenset[Side]
) -> MeasureOut:
    return MeasureOut(
        id=one.id,
        review_id=one.review_id,
        finding_id=one.finding_id,
        words=one.words,
        owner=known.person(one.owner_id),
        due_on=one.due_on,
        overdue=one.state == OwedState.OPEN and measures.end_of(one.due_on) <= at,
        state=one.state,
        evidence=one.evidence,
        done_at=one.done_at,
        note=one.note,
        ended_at=one.ended_at,
        ended_by=known.person(one.ended_by),
        version=one.version,
        allowed=rights.measure_allowed(viewer, one, stands),
    )
