"""Reads of consultations, as the viewer: row-level security cuts what is not theirs."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.names import Names, names
from consult.requests import rights, store
from consult.requests.planning import may_agree
from consult.requests.rules import RULES
from consult.requests.schemas import (
    ConsultDetail,
    ConsultEventOut,
    ConsultOut,
    Decision,
    DecisionOut,
    InvitationOut,
    Kind,
    ProposalOut,
    RatingOut,
)
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from registry.pregnancies import queries as pregnancies
from registry.pregnancies.queries import CaseSubject

Which = Literal["open", "to_answer", "asked", "planned", "done"]
MOST = 200

_OPEN = "r.state NOT IN ('closed', 'cancelled')"
_INVITED = (
    "EXISTS (SELECT 1 FROM consult_invitation i WHERE i.request_id = r.id"
    " AND i.facility_id = ANY(:houses) AND i.state IN ('invited', 'called_off'))"
)
_WHERE = {
    "open": _OPEN,
    "to_answer": f"r.state <> 'closed' AND {_INVITED}",
    "asked": f"{_OPEN} AND r.facility_id = ANY(:houses)",
    "planned": f"{_OPEN} AND r.planned_at >= :since"
    " AND r.planned_at < coalesce(CAST(:until AS timestamptz), 'infinity')",
    "done": f"NOT ({_OPEN})",
}
_ORDER = {"planned": "r.planned_at", "done": "r.asked_at DESC"}
_ALL = "SELECT r.* FROM consult_request r"
_LISTS = {
    which: text(
        f"{_ALL} WHERE {where}"
        " AND (CAST(:of_case AS uuid) IS NULL OR r.of_case_id = :of_case)"
        f" ORDER BY {_ORDER.get(which, 'r.urgency DESC, r.asked_at')} LIMIT :most"
    )
    for which, where in _WHERE.items()
}
_INVITATIONS = text(
    "SELECT i.*, g.name AS group_name FROM consult_invitation i"
    " LEFT JOIN expert_group g ON g.id = i.group_id WHERE i.request_id = ANY(:ids) ORDER BY i.n"
)
_PROPOSALS = text("SELECT * FROM consult_proposal WHERE request_id = :id ORDER BY n")
_DECISIONS = text("SELECT * FROM consult_decision WHERE request_id = :id ORDER BY n")
_RATING = text("SELECT * FROM consult_rating WHERE request_id = :id ORDER BY n DESC LIMIT 1")
_EVENTS = text("SELECT * FROM consult_event WHERE request_id = :id ORDER BY id")


async def consults(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    which: Which,
    *,
    of_case_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[ConsultOut]:
    """Consultations open to the viewer; planned ones by their time, done ones the newest first.

    Args:
        since, until: the calendar's window, half-open; for `planned` only.
    """
    values: dict[str, Any] = {"of_case": of_case_id, "most": MOST}
    if which in ("to_answer", "asked"):
        values["houses"] = list(viewer.facility_ids)
    if which == "planned":
        values |= {"since": since or clock.now(), "until": until}
    rows = (await session.execute(_LISTS[which], values)).all()
    return await _out(session, clock, viewer, sealer, rows)


async def one(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, request_id: UUID
) -> ConsultDetail:
    """One consultation with everything that belongs to it, or `NotFound`."""
    id_ = {"id": request_id}
    row = await store.seen(session, request_id)
    (consult,) = await _out(session, clock, viewer, sealer, [row])
    proposals = (await session.execute(_PROPOSALS, id_)).all()
    decisions = (await session.execute(_DECISIONS, id_)).all()
    events = (await session.execute(_EVENTS, id_)).all()
    rated = (await session.execute(_RATING, id_)).all()
    known = await names(
        session,
        [
            *(one.person_id for one in (*proposals, *events, *rated)),
            *(one.author_id for one in decisions),
        ],
        [one.facility_id for one in (*proposals, *decisions)],
    )
    return ConsultDetail(
        consult,
        row.summary,
        row.consent,
        [_proposal(viewer, row, one, known) for one in proposals],
        [_decision(one, known) for one in decisions],
        _rating(rated[0], known) if rated else None,
        row.concluded_at is not None and rights.asks(viewer, row),
        [
            ConsultEventOut(one.at, one.action, one.state, known.person(one.person_id), one.note)
            for one in events
        ],
    )


async def is_consult(session: AsyncSession, case_id: UUID) -> bool:
    """Whether this case is a consultation that the viewer sees."""
    try:
        await store.seen(session, case_id)
    except NotFound:
        return False
    return True


def _proposal(viewer: Viewer, row: Row[Any], one: Row[Any], known: Names) -> ProposalOut:
    return ProposalOut(
        one.n,
        known.house(one.facility_id),
        known.person(one.person_id),
        one.at,
        one.starts_at,
        one.minutes,
        one.note,
        one.state,
        row.state in ("asked", "agreed") and one.state == "open" and may_agree(viewer, row, one),
    )


def _decision(one: Row[Any], known: Names) -> DecisionOut:
    return DecisionOut(
        one.n,
        known.person(one.author_id),
        known.house(one.facility_id),
        msgspec.convert(one.content, Decision),
        one.signed_at,
        bytes(one.digest).hex(),
    )


def _rating(one: Row[Any], known: Names) -> RatingOut:
    return RatingOut(
        one.at, known.person(one.person_id), one.timely, one.clear, one.useful, one.words
    )


async def _out(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, rows: Sequence[Row[Any]]
) -> list[ConsultOut]:
    if not rows:
        return []
    ids = [row.id for row in rows]
    invited: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for one in (await session.execute(_INVITATIONS, {"ids": ids})).all():
        invited[one.request_id].append(one)
    everybody = [one for some in invited.values() for one in some]
    known = await names(
        session,
        [
            *(row.asked_by for row in rows),
            *(id_ for one in everybody for id_ in (one.person_id, one.answered_by)),
        ],
        [*(row.facility_id for row in rows), *(one.facility_id for one in everybody)],
    )
    cases = [CaseId(id_) for id_ in ids]
    women = await pregnancies.subjects(session, clock, viewer, sealer, cases)
    return [
        _consult(viewer, row, invited[row.id], known, women.get(CaseId(row.id))) for row in rows
    ]


def _consult(
    viewer: Viewer,
    row: Row[Any],
    invited: Sequence[Row[Any]],
    known: Names,
    woman: CaseSubject | None,
) -> ConsultOut:
    return ConsultOut(
        id=row.id,
        of_case_id=row.of_case_id,
        pregnancy_id=row.pregnancy_id,
        facility=known.house(row.facility_id),
        kind=_kind(invited),
        urgency=row.urgency,
        purpose=row.purpose,
        state=row.state,
        asked_by=known.person(row.asked_by),
        asked_at=row.asked_at,
        answer_by=row.answer_by,
        planned_at=row.planned_at,
        minutes=row.minutes,
        begun_at=row.begun_at,
        concluded_at=row.concluded_at,
        outcome=row.outcome,
        decide_by=row.decide_by,
        escalated_at=row.escalated_at,
        next_at=row.next_at,
        version=row.version,
        rules=row.rules,
        rules_confidence=RULES.confidence,
        woman=woman.name_short if woman else "",
        gestation_days=woman.gestation_days if woman else None,
        invited=[_invitation(viewer, row, one, known) for one in invited],
        allowed=rights.allowed(viewer, row, invited),
    )


def _kind(invited: Sequence[Row[Any]]) -> Kind:
    """By whom it was asked of at first: those who were handed it are not counted twice."""
    asked = [one for one in invited if one.from_id is None]
    if len(asked) > 1:
        return "mdt"
    return "single" if asked and asked[0].person_id is not None else "group"


def _invitation(viewer: Viewer, row: Row[Any], one: Row[Any], known: Names) -> InvitationOut:
    return InvitationOut(
        one.id,
        one.n,
        known.house(one.facility_id),
        one.group_id,
        one.group_name,
        known.person(one.person_id),
        one.from_id,
        one.state,
        known.person(one.answered_by),
        one.answered_at,
        one.why,
        one.note,
        rights.allowed_with(viewer, row, one),
    )
