"""What people say to a clock: done, not needed, I own it, why it was late, that was wrong."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.escalation import service as duty
from kernel.chain import amend
from kernel.chain.history import history
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.ids import CaseId, PageId, PersonId
from kernel.viewer import Viewer
from referral.clocks.data import DELAYS, MILESTONES, NOT_NEEDED, Reason
from referral.clocks.errors import (
    ClockUnknown,
    NotAmendable,
    NothingToOwn,
    NotLate,
    PromptUnknown,
    ReasonUnknown,
    UndoOver,
)
from referral.clocks.marks import DELAYED, OWNED, course_of, sets_for
from referral.clocks.marks import NOT_NEEDED as SPARED
from referral.clocks.milestones import UNDONE, milestone_of
from referral.clocks.queries import UNDO_S, event_at
from referral.clocks.rules import Reading, questions
from referral.clocks.schemas import (
    AmendEvent,
    AnswerPrompt,
    AttributeDelay,
    OwnBreach,
    UndoMoment,
)
from referral.clocks.watch import read_clocks, rewatch
from referral.commands.fields import Act
from referral.commands.on_case import Milestone
from referral.errors import PersonUnknown
from referral.repository import CaseRepository
from referral.service.complete import add_milestone, must_treat
from referral.service.desk import Desk, at_desk
from registry.people import queries as people

_SLIP = text(
    "SELECT 1 FROM case_event WHERE case_id = :case_id AND seq = :seq AND actor = :person"
    " AND recv_at > clock_timestamp() - CAST(:within AS interval)"
)


async def answer_prompt(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: UUID,
    order: AnswerPrompt,
) -> CaseId:
    """ "Yes" records the milestone that the prompt asks for; "not needed" says why.

    Raises:
        NotFound: unknown or foreign.
        PromptUnknown: it is not asked (any more).
        ReasonUnknown: "not needed" without a coded reason.
    """
    events = await history(session, CaseId(case_id))
    if not events:
        raise NotFound()
    folded, course = course_of(events)
    sets = sets_for(folded, clock.now())
    asked = next((one for one in questions(course, sets) if one.code == order.prompt), None)
    if asked is None:
        raise PromptUnknown(prompt=order.prompt)
    if order.answer == "yes":
        done = Milestone(
            kind=asked.prompt.records,  # type: ignore[arg-type]
            at=order.at,
            late_reason=order.late_reason,
            note=order.note,
        )
        return await add_milestone(session, clock, viewer, case_id, done)
    code = _reason(NOT_NEEDED, order.code, order.note)
    async with _beside(session, clock, viewer, case_id) as desk:
        must_treat(desk, "prompt")
        _remember(desk, "prompt", order.prompt, order.note)
        await desk.write(SPARED, {"set": asked.set.code, "prompt": order.prompt, "code": code})
    return desk.case_id


async def own_breach(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: OwnBreach
) -> CaseId:
    """ "I have it": the ladder stops at a name.

    Raises:
        ClockUnknown: no such clock runs.
        NothingToOwn: it is within its target, or owned.
    """
    async with _beside(session, clock, viewer, case_id) as desk:
        must_treat(desk, "own_breach")
        reading = await _clock(desk, order.interval)
        if not reading.overdue or reading.owner is not None or reading.state != "running":
            raise NothingToOwn(interval=order.interval)
        await _own(desk, reading, viewer.person_id)
    return desk.case_id


async def note_page_acknowledged(
    session: AsyncSession, clock: Clock, viewer: Viewer, page_id: UUID, person_id: PersonId
) -> None:
    """Whoever takes the ladder's page owns the breach; other pages and repeats are nothing."""
    case_id = await duty.case_of_page(session, PageId(page_id))
    if case_id is None or not await CaseRepository(session, viewer).is_referral(case_id):
        return
    async with _beside(session, clock, viewer, case_id) as desk:
        for reading in await read_clocks(session, desk.case_id, desk.at):
            rung = {page for mark in reading.breaches for page in mark.page_ids}
            if str(page_id) in rung and reading.owner is None:
                await _own(desk, reading, person_id)


async def _own(desk: Desk, reading: Reading, person_id: PersonId) -> None:
    facts = {"set": reading.set.code, "interval": reading.code, "person_id": person_id}
    await desk.write(OWNED, facts)
    pages = [PageId(UUID(page)) for mark in reading.breaches for page in mark.page_ids]
    await duty.stop_pages(desk.session, desk.clock, desk.case_id, pages, "breach_owned")
    await rewatch(desk.session, desk.case_id, desk.at)


async def attribute_delay(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: AttributeDelay
) -> CaseId:
    """Why an interval was late: a code on the chain, words in the record.

    Raises:
        ClockUnknown: no such clock.
        NotLate: it is within its target.
        ReasonUnknown: not a coded reason.
    """
    async with _beside(session, clock, viewer, case_id) as desk:
        must_treat(desk, "attribute_delay")
        code = _reason(DELAYS, order.code, order.note)
        reading = await _clock(desk, order.interval)
        if not reading.overdue:
            raise NotLate(interval=order.interval)
        _remember(desk, "delay", order.interval, order.note)
        facts = {"set": reading.set.code, "interval": order.interval, "code": code}
        await desk.write(DELAYED, facts)
    return desk.case_id


async def amend_event(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    case_id: UUID,
    seq: int,
    order: AmendEvent,
) -> CaseId:
    """Correct a moment's time or attributes, or withdraw it; clocks are read anew.

    Raises:
        NotFound: no such event.
        NotAmendable: not a moment, or nothing given.
        PersonUnknown: the second person does not exist.
        AmendmentInvalid: the second person is the first, or the time lies in the future.
    """
    async with _beside(session, clock, viewer, case_id) as desk:
        must_treat(desk, "amend")
        event = event_at(await history(session, desk.case_id), seq)
        name = milestone_of(event.row.kind)
        manual = name in MILESTONES and MILESTONES[name].manual
        changes: dict[str, object] = {
            field: value
            for field in ("urgency_class", "place", "anaesthesia")
            if (value := getattr(order, field)) is not None
        }
        if order.withdrawn:
            changes["withdrawn"] = True
        if name is None or (changes and not manual):
            raise NotAmendable(seq=seq)
        second = PersonId(order.second_person_id)
        if second not in await people.get_many(session, [second]):
            raise PersonUnknown(field="second_person_id")
        await amend(
            session,
            clock,
            desk.case_id,
            seq,
            viewer=viewer,
            reason=order.reason,
            second_person=second,
            changes=changes,
            occurred_at=order.occurred_at,
        )
        await rewatch(session, desk.case_id, desk.at)
    return desk.case_id


async def undo(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID, order: UndoMoment
) -> CaseId:
    """A slip of the finger, taken back at once by who made it; both stay on the timeline.

    Raises:
        NotFound: no such event.
        UndoOver: not one's own moment, or entered too long ago.
    """
    async with _beside(session, clock, viewer, case_id) as desk:
        event = event_at(await history(session, desk.case_id), order.seq)
        values = {
            "case_id": desk.case_id,
            "seq": order.seq,
            "person": viewer.person_id,
            "within": timedelta(seconds=UNDO_S),
        }
        own = (await session.execute(_SLIP, values)).first() is not None
        if not own or event.row.auto or not event.row.kind.startswith("milestone."):
            raise UndoOver(seq=order.seq)
        await desk.write(UNDONE, {"seq": order.seq})
    return desk.case_id


def _beside(
    session: AsyncSession, clock: Clock, viewer: Viewer, case_id: UUID
) -> AbstractAsyncContextManager[Desk]:
    """The case's desk; what is said about a clock makes no open page stale."""
    act = Act(version=0)
    return at_desk(session, clock, viewer, case_id, act, check_version=False, bump=False)


async def _clock(desk: Desk, interval: str) -> Reading:
    for reading in await read_clocks(desk.session, desk.case_id, desk.at):
        if reading.code == interval:
            return reading
    raise ClockUnknown(interval=interval)


def _reason(known: dict[str, Reason], code: str | None, note: str | None) -> str:
    reason = known.get(code or "")
    if code is None or reason is None or (reason.text and not note):
        raise ReasonUnknown(code_given=code or "")
    return code


def _remember(desk: Desk, about: str, which: str, note: str | None) -> None:
    if note:
        desk.remember("completion", {f"clock_{about}": which, f"clock_{about}_note": note})
