"""Scoped reads of transfers: a case with its offers, legs and holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, text

from kernel.viewer import Role
from referral.guarded import GuardedRepository
from referral.models import (
    HoldRow,
    LegRow,
    NoteRow,
    OfferRow,
    QuestionRow,
    RecordRow,
    ReferralRow,
    SignatureRow,
    SnapshotRow,
    TeamReportRow,
    TeamRow,
)
from referral.rules.facts import CaseFacts, HoldFacts, LegFacts, OfferFacts
from referral.states import HoldState, LegState, OfferState, ReferralState, Side

Part = TypeVar("Part", OfferRow, LegRow, HoldRow, SignatureRow, QuestionRow)

# What a viewer may do for a case beside what their facility may: one answer per case.
_CAPACITIES = text(
    """
    SELECT r.id,
           EXISTS (SELECT FROM region_closure c
                    WHERE c.descendant_id = r.origin_region_id
                      AND c.ancestor_id = ANY(CAST(:regions AS uuid[]))) AS coordinates,
           EXISTS (SELECT FROM case_party p
                    WHERE p.case_id = r.id AND p.person_id = :person AND p.role = 'crew') AS rides,
           (SELECT l.facility_id FROM case_link l
             WHERE :by_link AND l.id = :person AND l.case_id = r.id AND l.purpose <> 'crew')
             AS stands_for
      FROM referral r WHERE r.id = ANY(CAST(:cases AS uuid[]))
    """
)


@dataclass(slots=True)
class CaseRows:
    """A case with its parts, in order of creation."""

    referral: ReferralRow
    offers: list[OfferRow] = field(default_factory=list)
    legs: list[LegRow] = field(default_factory=list)
    holds: list[HoldRow] = field(default_factory=list)
    signatures: list[SignatureRow] = field(default_factory=list)
    open_questions: dict[UUID, datetime] = field(default_factory=dict)
    coordinates: bool = False
    rides: bool = False
    stands_for: UUID | None = None
    """The unit outside the network that this viewer answers for, by a link to this case."""

    def facts(self) -> CaseFacts:
        """What the rules need to know."""
        row = self.referral
        return CaseFacts(
            id=row.id,
            state=ReferralState(row.state),
            version=row.version,
            direction=row.direction,
            origin_id=row.origin_id,
            receiver_id=row.receiver_id,
            lead_facility_id=row.lead_facility_id,
            created_at=row.created_at,
            sent_at=row.sent_at,
            committed_at=row.committed_at,
            needs_neonatal=bool(row.needs_neonatal) and row.subject != "newborn",
            guided_since=row.guided_since,
            ended_at=row.ended_at,
            feedback_unread=row.state == ReferralState.CLOSED and row.feedback_read_at is None,
            frozen_at=row.frozen_at,
            offers=tuple(self._offer(offer) for offer in self.offers),
            legs=tuple(self._leg(leg) for leg in self.legs),
            holds=tuple(
                HoldFacts(hold.id, hold.facility_id, HoldState(hold.state), hold.requested_at)
                for hold in self.holds
            ),
        )

    def _offer(self, row: OfferRow) -> OfferFacts:
        return OfferFacts(
            id=row.id,
            facility_id=row.facility_id,
            state=OfferState(row.state),
            purpose=row.purpose,
            designated=row.designated,
            hop=row.hop,
            neonatal=row.neonatal,
            offered_at=row.offered_at,
            acknowledged_at=row.acknowledged_at,
            asked_at=self.open_questions.get(row.id),
            answered_at=row.answered_at,
            withdrawn_at=row.withdrawn_at,
            withdrawal_acknowledged=row.withdrawal_acknowledged_at is not None,
        )

    def _leg(self, row: LegRow) -> LegFacts:
        signed = (Side(s.side) for s in self.signatures if s.leg_id == row.id)
        return LegFacts(
            id=row.id,
            destination_id=row.destination_id,
            state=LegState(row.state),
            signed=frozenset(signed),
            departed_at=row.departed_at,
            arrived_at=row.arrived_at,
            handed_over_at=row.handed_over_at,
        )


class CaseRepository(GuardedRepository[ReferralRow, CaseRows]):
    """Transfers that `viewer` may see."""

    row = ReferralRow

    async def is_referral(self, case_id: UUID) -> bool:
        """Whether the case is a transfer: pages ring about other cases too (drills, case files)."""
        found = self.visible().where(ReferralRow.id == case_id).with_only_columns(ReferralRow.id)
        return (await self._session.execute(found)).scalar_one_or_none() is not None

    async def case_of_page(self, page_id: UUID) -> UUID | None:
        """The case whose offer this page is about, if it is about one."""
        found = (
            select(OfferRow.case_id)
            .join(ReferralRow, ReferralRow.id == OfferRow.case_id)
            .where(OfferRow.page_id == page_id, self.scope(), ReferralRow.state != "voided")
        )
        return (await self._session.execute(found)).scalar_one_or_none()

    async def with_parts(self, rows: Sequence[ReferralRow]) -> list[CaseRows]:
        """The cases with offers, legs, holds and signatures: a handful of statements in all, and
        none for parts of parts that are not there."""
        ids = [row.id for row in rows]
        cases = {row.id: CaseRows(row) for row in rows}
        for offer in await self._parts(OfferRow, ids, OfferRow.offered_at):
            cases[offer.case_id].offers.append(offer)
        for leg in await self._parts(LegRow, ids, LegRow.planned_at):
            cases[leg.case_id].legs.append(leg)
        for hold in await self._parts(HoldRow, ids, HoldRow.requested_at):
            cases[hold.case_id].holds.append(hold)
        ridden = [id_ for id_ in ids if cases[id_].legs]
        for signature in await self._parts(SignatureRow, ridden, SignatureRow.signed_at):
            cases[signature.case_id].signatures.append(signature)
        offered = [id_ for id_ in ids if cases[id_].offers]
        for question in await self._parts(QuestionRow, offered, QuestionRow.asked_at):
            if question.answered_at is None:
                cases[question.case_id].open_questions[question.offer_id] = question.asked_at
        await self._capacities(cases)
        return [cases[id_] for id_ in ids]

    async def _capacities(self, cases: dict[UUID, CaseRows]) -> None:
        viewer = self._viewer
        if not cases or viewer.is_process:
            return
        asked = {
            "cases": list(cases),
            "person": viewer.person_id,
            "regions": list(viewer.region_ids) if viewer.has(Role.COORDINATOR) else [],
            # Only the holder of a link holds no role at all.
            "by_link": not viewer.roles,
        }
        for row in await self._session.execute(_CAPACITIES, asked):
            case = cases[row.id]
            case.coordinates = row.coordinates
            case.rides = row.rides
            case.stands_for = row.stands_for

    async def snapshot(self, case_id: UUID) -> SnapshotRow | None:
        """The frozen SBAR."""
        found = select(SnapshotRow).where(SnapshotRow.case_id == case_id)
        return (await self._session.execute(found)).scalar_one_or_none()

    async def record(self, case_id: UUID) -> Sequence[RecordRow]:
        """Everything that became known, oldest first."""
        found = (
            select(RecordRow)
            .where(RecordRow.case_id == case_id)
            .order_by(RecordRow.entered_at, RecordRow.id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def teams(self, case_id: UUID) -> Sequence[TeamRow]:
        """Expert teams that were sent to her, in order."""
        found = select(TeamRow).where(TeamRow.case_id == case_id).order_by(TeamRow.named_at)
        return (await self._session.execute(found)).scalars().all()

    async def team_reports(self, case_id: UUID) -> Sequence[TeamReportRow]:
        """What was heard of them, in order."""
        found = (
            select(TeamReportRow)
            .where(TeamReportRow.case_id == case_id)
            .order_by(TeamReportRow.entered_at, TeamReportRow.id)
        )
        return (await self._session.execute(found)).scalars().all()

    async def notes(self, case_id: UUID) -> Sequence[NoteRow]:
        """The conversation, oldest first."""
        found = select(NoteRow).where(NoteRow.case_id == case_id).order_by(NoteRow.at, NoteRow.id)
        return (await self._session.execute(found)).scalars().all()

    async def questions(self, case_id: UUID) -> Sequence[QuestionRow]:
        """Questions of all offers, oldest first."""
        found = (
            select(QuestionRow).where(QuestionRow.case_id == case_id).order_by(QuestionRow.asked_at)
        )
        return (await self._session.execute(found)).scalars().all()

    async def next_number(self, at: datetime) -> str:
        """A short number for the telephone: year, month and a running count."""
        count = await self._session.scalar(text("SELECT nextval('referral_number')"))
        return f"R{at:%y%m}-{count:05d}"
