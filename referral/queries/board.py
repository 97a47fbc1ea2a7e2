"""The board: which cases there are, the most pressing first."""

from datetime import datetime, time
from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.models import OfferRow, ReferralRow
from referral.queries.rows import around, board_row
from referral.readmodel.board import Board, BoardCounts, BoardRow
from referral.repository import CaseRepository
from referral.states import LIVE_REFERRAL, ReferralState
from registry.facilities.rules import CHINA

Scope = Literal["mine", "incoming", "outgoing", "all"]
Filter = Literal["live", "open", "moving", "ended", "all"]

ACUITY_ORDER = ("resuscitation", "critical", "urgent", "stable")
MAX_LIVE = 500
"""More open cases than a region ever has; beyond it the oldest are still reachable by filter."""

_ENDED = (ReferralState.CLOSED, ReferralState.CANCELLED, ReferralState.DIED)
_MOVING = (ReferralState.MOVING,)
_OPEN = (
    ReferralState.DRAFT,
    ReferralState.OPEN,
    ReferralState.COMMITTED,
    ReferralState.GUIDED_IN_PLACE,
)


async def board(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    *,
    scope: Scope = "all",
    state: Filter = "live",
    limit: int = 100,
) -> Board:
    """Cases of `scope`, by acuity and then by the age of the oldest unanswered step.

    Cancelled cases stay among the live ones until every receiver has said that it knows, closed
    ones on the sender's board until the feedback is read.
    """
    repository = CaseRepository(session, viewer)
    wanted = repository.visible().where(_state(state, viewer), *_scope(viewer, scope))
    order = ReferralRow.ended_at.desc() if state == "ended" else ReferralRow.created_at.desc()
    statement = wanted.order_by(order, ReferralRow.id).limit(MAX_LIVE)
    found = (await session.execute(statement)).scalars().all()
    cases = await repository.with_parts(found)
    others = await around(session, clock, viewer, sealer, cases)
    rows = [board_row(case, viewer, others) for case in cases]
    if state != "ended":
        rows.sort(key=_pressing)
    counts = BoardCounts(
        to_act=sum(row.to_act for row in rows),
        open=sum(row.state in _OPEN for row in rows),
        moving=sum(row.state in _MOVING for row in rows),
        closed_today=await _closed_today(session, repository, viewer, scope, clock.now()),
    )
    return Board(counts=counts, rows=rows[:limit], server_time=clock.now())


def _pressing(row: BoardRow) -> tuple[int, datetime]:
    return ACUITY_ORDER.index(row.acuity), row.oldest_unanswered_at or row.created_at


def _state(wanted: Filter, viewer: Viewer) -> ColumnElement[bool]:
    unaware = exists().where(
        OfferRow.case_id == ReferralRow.id,
        OfferRow.state == "withdrawn",
        OfferRow.withdrawal_acknowledged_at.is_(None),
    )
    live = or_(
        ReferralRow.state.in_(LIVE_REFERRAL),
        (ReferralRow.state == ReferralState.CANCELLED) & unaware,
        unread_feedback(viewer),
    )
    match wanted:
        case "live":
            return live
        case "open":
            return ReferralRow.state.in_(_OPEN)
        case "moving":
            return ReferralRow.state.in_(_MOVING)
        case "ended":
            return ReferralRow.state.in_(_ENDED)
        case _:
            return ReferralRow.state != ReferralState.VOIDED


def unread_feedback(viewer: Viewer) -> ColumnElement[bool]:
    """Closed, and we who sent her have not said that we read what came back."""
    return and_(
        ReferralRow.state == ReferralState.CLOSED,
        ReferralRow.feedback_read_at.is_(None),
        ReferralRow.origin_id.in_(viewer.facility_ids),
    )


def _scope(viewer: Viewer, scope: Scope) -> list[ColumnElement[bool]]:
    here = list(viewer.facility_ids)
    outgoing = ReferralRow.origin_id.in_(here)
    incoming = or_(
        ReferralRow.receiver_id.in_(here),
        exists().where(OfferRow.case_id == ReferralRow.id, OfferRow.facility_id.in_(here)),
    )
    match scope:
        case "mine":
            return [or_(outgoing, incoming)]
        case "incoming":
            return [incoming]
        case "outgoing":
            return [outgoing]
        case _:
            return []


async def _closed_today(
    session: AsyncSession,
    repository: CaseRepository,
    viewer: Viewer,
    scope: Scope,
    now: datetime,
) -> int:
    """Cases ended since midnight in China."""
    midnight = datetime.combine(now.astimezone(CHINA).date(), time(), CHINA)
    ended: Select[tuple[ReferralRow]] = repository.visible().where(
        ReferralRow.state == ReferralState.CLOSED,
        ReferralRow.ended_at >= midnight,
        *_scope(viewer, scope),
    )
    counted = select(func.count()).select_from(ended.subquery())
    return (await session.execute(counted)).scalar_one()
