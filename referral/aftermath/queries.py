"""What follows cases, as its viewer may see it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.confidence import unverified
from kernel.ids import CaseId, FacilityId, PersonId
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from referral.aftermath import ruled
from referral.aftermath.deadlines import CALENDAR, Ruleset
from referral.aftermath.models import DeathReviewRow, ProposalRow, ReviewStepRow, VerdictRow
from referral.aftermath.near_miss import CRITERIA
from referral.aftermath.repository import AftermathRepository
from referral.aftermath.schemas import (
    AwaitedFeedback,
    CaseAftermath,
    CaseRef,
    CriterionMet,
    DeathReview,
    Feedback,
    NearMissProposal,
    Reviews,
    ReviewStep,
    Unknown,
    UnreadFeedback,
)
from referral.aftermath.service.near_misses import DECIDERS, findings
from referral.models import ReferralRow
from referral.queries.board import unread_feedback
from referral.queries.rows import Around, around, place, view_of
from referral.repository import CaseRepository, CaseRows
from referral.rules.facts import sides
from referral.rules.timers import TIMERS
from referral.states import ReferralState
from registry.people import queries as people
from registry.people.schemas import PersonRef

MOST = 500


class Shelf:
    """Cases with what their lines in a list need, read once."""

    def __init__(
        self, viewer: Viewer, cases: dict[UUID, CaseRows], others: Around, now: datetime
    ) -> None:
        self.viewer = viewer
        self.cases = cases
        self.others = others
        self.now = now

    def ref(self, case_id: UUID) -> CaseRef:
        """A case by number and short name."""
        row = self.cases[case_id].referral
        subject = self.others.subjects.get(CaseId(case_id))
        return CaseRef(
            id=row.id,
            number=row.number,
            state=ReferralState(row.state),
            condition=row.condition,
            acuity=row.acuity,  # type: ignore[arg-type]
            name_short="*" if subject is None else subject.name_short,
            origin=place(self.others, row.origin_id),
            receiver=None if row.receiver_id is None else place(self.others, row.receiver_id),
            drill=row.drill,
            demo=row.demo,
        )

    def treats(self, case_id: UUID) -> bool:
        """Whether the viewer stands on any side of the case."""
        case = self.cases[case_id]
        facts = case.facts()
        asked = frozenset(offer.facility_id for offer in facts.offers)
        return bool(sides(facts, view_of(case, self.viewer), facts.receivers | asked))


async def shelve(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    rows: Sequence[ReferralRow],
    named: Sequence[UUID] = (),
) -> Shelf:
    """The cases `rows`, ready to be listed."""
    found = await CaseRepository(session, viewer).with_parts(rows)
    others = await around(session, clock, viewer, sealer, found, named)
    return Shelf(viewer, {case.referral.id: case for case in found}, others, clock.now())


async def feedback(session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer) -> Feedback:
    """What we owe senders (the oldest first), and what came back and is unread."""
    repository = CaseRepository(session, viewer)
    owed = repository.visible().where(ReferralRow.state == ReferralState.HANDED_OVER, _near(viewer))
    unread = repository.visible().where(unread_feedback(viewer)).order_by(ReferralRow.ended_at)
    owed_rows = (await session.execute(owed.limit(MOST))).scalars().all()
    unread_rows = (await session.execute(unread.limit(MOST))).scalars().all()
    shelf = await shelve(session, clock, viewer, sealer, [*owed_rows, *unread_rows])
    asked = {row.id: _asked(shelf.cases[row.id]) for row in owed_rows}
    known = await people.get_many(session, {id_ for ids in asked.values() for id_ in ids})
    reminded = await AftermathRepository(session, viewer).reminders([row.id for row in owed_rows])
    lines = [
        _owed(
            shelf,
            row,
            [known[id_] for id_ in asked[row.id] if id_ in known],
            reminded.get(row.id, 0),
        )
        for row in owed_rows
    ]
    return Feedback(
        owed=sorted(lines, key=lambda line: line.due_at or clock.now()),
        unread=[
            UnreadFeedback(case=shelf.ref(row.id), outcome=row.outcome, closed_at=row.ended_at)  # type: ignore[arg-type]
            for row in unread_rows
        ],
        limit_seconds=int(TIMERS["outcome"].total_seconds()),
        ruleset=TIMERS.version,
        to_be_verified=TIMERS.status == "待核实",
        server_time=clock.now(),
    )


def _near(viewer: Viewer) -> ColumnElement[bool]:
    """Our own cases; a coordinator looks after all that are open to her."""
    if viewer.has(Role.COORDINATOR):
        return true()
    here = viewer.facility_ids
    return or_(ReferralRow.receiver_id.in_(here), ReferralRow.origin_id.in_(here))


def _asked(case: CaseRows) -> list[PersonId]:
    receiver = case.referral.receiver_id
    accepted = [offer.answered_by for offer in case.offers if offer.facility_id == receiver]
    signed = [one.person_id for one in case.signatures if one.side == "receiver"]
    return [PersonId(id_) for id_ in dict.fromkeys([*accepted, *signed]) if id_ is not None]


def _owed(shelf: Shelf, row: ReferralRow, asked: list[PersonRef], reminded: int) -> AwaitedFeedback:
    leg = next(iter(reversed(shelf.cases[row.id].legs)), None)
    since = leg.handed_over_at if leg is not None else row.sent_at
    due = None if since is None else since + TIMERS["outcome"]
    return AwaitedFeedback(
        case=shelf.ref(row.id),
        ours=row.receiver_id in shelf.viewer.facility_ids,
        handed_over_at=since,
        due_at=due,
        overdue=due is not None and due <= shelf.now,
        asked=asked,
        reminded=reminded,
        next_reminder_at=row.due_at,
    )


async def reviews(session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer) -> Reviews:
    """Deaths and near-misses of all cases open to the viewer."""
    deaths, near_misses = await _of(session, clock, viewer, sealer, None)
    return Reviews(deaths=deaths, near_misses=near_misses, server_time=clock.now())


async def aftermath(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, case_id: UUID
) -> CaseAftermath:
    """What follows one case.

    Raises:
        NotFound: unknown or foreign.
    """
    case = await CaseRepository(session, viewer).get(case_id)
    deaths, near_misses = await _of(session, clock, viewer, sealer, case_id)
    maternal = case.referral.subject != "newborn" and case.referral.direction == "up"
    unknown: tuple[str, ...] = ()
    if maternal:
        unknown = (await findings(session, viewer, case.referral)).unknown
    facts = case.facts()
    asked = frozenset(offer.facility_id for offer in facts.offers)
    mine = sides(facts, view_of(case, viewer), facts.receivers | asked)
    return CaseAftermath(
        reviews=deaths,
        near_miss=near_misses,
        unknown=[_unknown(code) for code in unknown],
        ruleset=CRITERIA.version,
        may_enter=maternal and bool(mine) and not facts.frozen,
    )


def _unknown(code: str) -> Unknown:
    item = CRITERIA[code]
    return Unknown(code=code, zh=item.zh, en=item.en, needs=sorted(item.when.facts()))


async def _of(
    session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer, case_id: UUID | None
) -> tuple[list[DeathReview], list[NearMissProposal]]:
    repository = AftermathRepository(session, viewer)
    deaths = await repository.reviews(case_id)
    steps = await repository.steps([row.id for row in deaths])
    proposals = await repository.proposals(case_id)
    verdicts = await repository.verdicts([row.id for row in proposals])
    ids = {row.case_id for row in deaths} | {row.case_id for row in proposals}
    cases = CaseRepository(session, viewer).visible().where(ReferralRow.id.in_(ids))
    rows = (await session.execute(cases)).scalars().all()
    places = [step.reported_for for step in steps if step.reported_for is not None]
    shelf = await shelve(session, clock, viewer, sealer, rows, places)
    named = {step.reported_by for step in steps} | {one.person_id for one in verdicts.values()}
    who = await people.get_many(session, {PersonId(id_) for id_ in named if id_ is not None})
    newest = {row.case_id: row.id for row in reversed(proposals)}
    rules = await ruled.called(session, {row.ruleset for row in deaths})
    return (
        [
            _death(shelf, row, rules[row.ruleset], [s for s in steps if s.review_id == row.id], who)
            for row in deaths
        ],
        [
            _proposal(shelf, row, verdicts.get(row.id), who, newest[row.case_id] == row.id)
            for row in proposals
        ],
    )


def _death(
    shelf: Shelf,
    row: DeathReviewRow,
    rules: Ruleset,
    steps: Sequence[ReviewStepRow],
    who: dict[PersonId, PersonRef],
) -> DeathReview:
    return DeathReview(
        id=row.id,
        case=shelf.ref(row.case_id),
        who=row.who,  # type: ignore[arg-type]
        newborn_id=row.newborn_id,
        died_at=row.died_at,
        opened_at=row.opened_at,
        status=_status(steps, shelf.now),
        ruleset=row.ruleset,
        calendar=CALENDAR.source,
        calendar_to_be_verified=unverified(CALENDAR.confidence),
        steps=[_step(shelf, step, rules, who) for step in steps],
        may_report=shelf.treats(row.case_id),
    )


def _status(
    steps: Sequence[ReviewStepRow], now: datetime
) -> Literal["open", "overdue", "reported"]:
    waiting = [step.due_at for step in steps if step.reported_at is None]
    if not waiting:
        return "reported"
    return "overdue" if min(waiting) <= now else "open"


def _step(
    shelf: Shelf, row: ReviewStepRow, rules: Ruleset, who: dict[PersonId, PersonRef]
) -> ReviewStep:
    step, rule = rules.steps.get(row.step), rules.rule(row.rule)
    by, at = row.reported_by, row.reported_for
    return ReviewStep(
        step=row.step,
        zh=step.zh if step else row.step,
        en=step.en if step else row.step,
        rule_zh=rule.zh if rule else row.rule,
        rule_en=rule.en if rule else row.rule,
        source=rule.source if rule else "",
        confidence=rule.confidence if rule else "I",
        to_be_verified=rule is None or rule.to_be_verified,
        due_at=row.due_at,
        reminders=row.reminders,
        reported_at=row.reported_at,
        reported_by=None if by is None else who.get(PersonId(by)),
        reported_for=None if at is None else shelf.others.places.get(FacilityId(at)),
        reference=row.reference,
    )


def _proposal(
    shelf: Shelf,
    row: ProposalRow,
    verdict: VerdictRow | None,
    who: dict[PersonId, PersonRef],
    newest: bool,
) -> NearMissProposal:
    frozen = shelf.cases[row.case_id].facts().frozen
    mine = shelf.treats(row.case_id) and shelf.viewer.has(*DECIDERS)
    return NearMissProposal(
        id=row.id,
        case=shelf.ref(row.case_id),
        ruleset=row.ruleset,
        source=CRITERIA.source,
        confidence=CRITERIA.confidence,  # type: ignore[arg-type]
        criteria=[_criterion(item["code"], item["values"]) for item in row.criteria],
        proposed_at=row.proposed_at,
        newest=newest,
        verdict=None if verdict is None else verdict.verdict,  # type: ignore[arg-type]
        reason=None if verdict is None else verdict.reason,
        decided_at=None if verdict is None else verdict.at,
        decided_by=None if verdict is None else who.get(PersonId(verdict.person_id)),
        may_decide=verdict is None and mine and not frozen,
    )


def _criterion(code: str, values: dict[str, bool | int | float | str]) -> CriterionMet:
    item = CRITERIA[code]
    system = CRITERIA.systems[item.system]
    return CriterionMet(
        code=code,
        system_zh=system["zh"],
        system_en=system["en"],
        zh=item.zh,
        en=item.en,
        values=values,
    )
