"""Where every command works: one locked case, one moment, one list of what may happen to it.

Commands on one case queue up at its row lock, so a decision is always taken on the newest state.
Only the `move_*` methods write a state column, and only along an edge of the tables.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.chain import append
from kernel.chain.errors import TimelineFrozen
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound, VersionStale
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer
from referral import policies
from referral.clocks.watch import moves_clocks, rewatch
from referral.commands.fields import Act
from referral.errors import EventInFuture, EventTooOld, LateReasonMissing
from referral.models import HoldRow, LegRow, OfferRow, RecordRow
from referral.repository import CaseRepository, CaseRows
from referral.rules.facts import CaseFacts, Viewpoint, sides
from referral.rules.timers import TIMERS
from referral.states import (
    HOLD,
    LEG,
    OFFER,
    REFERRAL,
    HoldAction,
    HoldState,
    LegAction,
    LegState,
    OfferAction,
    OfferState,
    ReferralAction,
    ReferralState,
    Side,
)

LATE_DAYS = 30
"""How long after the fact a moment may still be entered; beyond it a year was mistyped."""

Part = TypeVar("Part", OfferRow, LegRow, HoldRow)


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened and when it was entered; `late` entries say why."""

    at: datetime
    entered_at: datetime
    late_reason: str | None = None
    late: bool = False


def moment(clock: Clock, event_at: datetime | None, late_reason: str | None) -> Moment:
    """Check a given moment (transition 22).

    Raises:
        BadInput: it has no time zone.
        EventInFuture: it lies after now.
        EventTooOld: it lies so far back that the date must be a slip.
        LateReasonMissing: it lies in the past and nobody says why.
    """
    now = clock.now()
    if event_at is None:
        return Moment(now, now)
    if event_at.tzinfo is None:
        raise BadInput(field="event_at", reason="缺少时区 / has no time zone")
    if event_at > now:
        raise EventInFuture(event_at=event_at.isoformat(), now=now.isoformat())
    if event_at < now - timedelta(days=LATE_DAYS):
        raise EventTooOld(event_at=event_at.isoformat(), days=LATE_DAYS)
    if not late_reason:
        raise LateReasonMissing()
    return Moment(event_at, now, late_reason, late=True)


@dataclass(slots=True)
class Desk:
    """A command at work on a locked case."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    rows: CaseRows
    moment: Moment
    view: Viewpoint

    @property
    def case_id(self) -> CaseId:
        """The case, which is also its chain."""
        return CaseId(self.rows.referral.id)

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.moment.at

    def facts(self) -> CaseFacts:
        """The case as it stands at this point of the command."""
        return self.rows.facts()

    def offer(self, offer_id: UUID) -> OfferRow:
        """An offer of this case, or `NotFound`."""
        return _pick(self.rows.offers, offer_id)

    def leg(self, leg_id: UUID) -> LegRow:
        """A leg of this case, or `NotFound`."""
        return _pick(self.rows.legs, leg_id)

    def hold(self, hold_id: UUID) -> HoldRow:
        """A hold of this case, or `NotFound`."""
        return _pick(self.rows.holds, hold_id)

    def check_version(self, given: int) -> None:
        """Refuse to act on what somebody else has changed since.

        Raises:
            VersionStale: the case has moved on.
        """
        current = self.rows.referral.version
        if given != current:
            raise VersionStale(current=current, given=given)

    def move_case(self, action: ReferralAction, *, system: bool = False) -> Side:
        """Move the case along its table and say as which side."""
        row, facts = self.rows.referral, self.facts()
        edge = REFERRAL.edge(ReferralState(row.state), action)
        mine = self._mine(facts, facts.receivers_of(action), system)
        side = policies.side_or_refuse(edge, mine, str(action))
        row.state = edge.to
        return side

    def move_offer(self, row: OfferRow, action: OfferAction, *, system: bool = False) -> Side:
        """Move one offer along its table and say as which side."""
        facts = self.facts()
        edge = OFFER.edge(OfferState(row.state), action)
        mine = self._mine(facts, frozenset({row.facility_id}), system)
        side = policies.side_or_refuse(edge, mine, str(action))
        if not system:
            fact = next(offer for offer in facts.offers if offer.id == row.id)
            policies.check_offer(facts, fact, action, self.view, side)
        row.state = edge.to
        return side

    def move_leg(self, row: LegRow, action: LegAction, *, system: bool = False) -> Side:
        """Move one leg along its table and say as which side."""
        facts = self.facts()
        edge = LEG.edge(LegState(row.state), action)
        mine = self._mine(facts, frozenset({row.destination_id}), system)
        side = policies.side_or_refuse(edge, mine, str(action))
        if not system:
            fact = next(leg for leg in facts.legs if leg.id == row.id)
            policies.check_leg(facts, fact, action)
        row.state = edge.to
        return side

    def move_hold(self, row: HoldRow, action: HoldAction, *, system: bool = False) -> Side:
        """Move one hold along its table and say as which side."""
        facts = self.facts()
        edge = HOLD.edge(HoldState(row.state), action)
        mine = self._mine(facts, frozenset({row.facility_id}), system)
        side = policies.side_or_refuse(edge, mine, str(action))
        row.state = edge.to
        return side

    def _mine(self, facts: CaseFacts, receivers: frozenset[UUID], system: bool) -> frozenset[Side]:
        if system:
            return frozenset({Side.SYSTEM})
        return sides(facts, self.view, receivers)

    async def write(
        self,
        kind: str,
        payload: Mapping[str, object] | None = None,
        *,
        side: Side | None = None,
        auto: bool = False,
    ) -> None:
        """Append one event to the case's chain; `case.changed` follows from it.

        A milestone moves clocks: when their ladders climb is written anew in this transaction.
        """
        said: dict[str, object] = dict(payload or {})
        if side is not None:
            said["side"] = str(side)
        if self.moment.late:
            said["late_reason"] = self.moment.late_reason
        await append(
            self.session,
            self.clock,
            self.case_id,
            kind,
            viewer=self.viewer,
            payload=said,
            auto=auto,
            occurred_at=self.moment.at if self.moment.late else None,
        )
        if moves_clocks(kind):
            await rewatch(self.session, self.case_id, self.moment.entered_at)

    def remember(self, kind: str, data: Mapping[str, Any], leg_id: UUID | None = None) -> None:
        """Add to the case's record (text that may name things the chain must not)."""
        process = self.viewer.is_process
        self.session.add(
            RecordRow(
                id=new_id(),
                case_id=self.case_id,
                leg_id=leg_id,
                kind=kind,
                at=self.at,
                entered_at=self.moment.entered_at,
                person_id=None if process else self.viewer.person_id,
                facility_id=None if process else self.viewer.facility_id,
                data=dict(data),
            )
        )

    def due(self, row: Any, step: str, base: datetime | None = None) -> None:
        """Start the timer of `step` on a case, offer, leg or hold."""
        row.due_at = (base or self.moment.entered_at) + TIMERS[step]
        row.due_kind = step

    def rest(self, row: Any) -> None:
        """Stop the timer."""
        row.due_at = None
        row.due_kind = None


def _pick(rows: list[Part], id_: UUID) -> Part:
    found = next((row for row in rows if row.id == id_), None)
    if found is None:
        raise NotFound()
    return found


def _refuse_frozen(desk: Desk) -> None:
    """After a death the whole case stands still; after a loss, what came before the loss."""
    frozen_at = desk.rows.referral.frozen_at
    if frozen_at is None:
        return
    before = desk.moment.late and desk.moment.at < frozen_at
    if desk.facts().frozen or before:
        raise TimelineFrozen()


@asynccontextmanager
async def at_desk(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: UUID,
    order: Act,
    *,
    check_version: bool = True,
    bump: bool = True,
    after_death: bool = False,
) -> AsyncIterator[Desk]:
    """Lock the case, check version and moment, let the command work, bump the version.

    `bump=False` is for what nobody decides on (a note, a milestone): it makes no open page stale.
    `after_death=True` is for what may still be done to a case that a death has frozen.

    Raises:
        NotFound: unknown or foreign.
        TimelineFrozen: somebody died; nothing is added to what came before.
        VersionStale: somebody changed it first.
    """
    rows = await CaseRepository(session, viewer).locked(case_id)
    view = policies.viewpoint(
        viewer, coordinates=rows.coordinates, rides=rows.rides, stands_for=rows.stands_for
    )
    when = moment(clock, order.event_at, order.late_reason)
    desk = Desk(session, clock, viewer, rows, when, view)
    if not after_death:
        _refuse_frozen(desk)
    if check_version:
        desk.check_version(order.version)
    yield desk
    if bump:
        desk.rows.referral.version += 1
    await session.flush()  # constraints refuse here, while the command can still be named
