"""Commands on swaps and substitutions. Whoever holds the request's row decides what becomes of it.

Both consents come first (asking is the requester's), then the approval, unless the region has
pre-authorised the kind; only then does the roster change, in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from duty.changes import applying, policies, repository, rulebook
from duty.changes.applying import Reassignment
from duty.changes.errors import ChangeTaken, ChangeTooLate, NothingToSwap, ShiftMoved
from duty.changes.notices import announce
from duty.changes.repository import ChangeRow, NewChange, OptionRow
from duty.changes.rules import ChangeRule, Stint, closes_at, objection
from duty.changes.states import AT_ONCE, CHANGE, OPEN, ChangeAction, ChangeState, Side, table_of
from duty.rosters.errors import ShiftInThePast
from duty.rosters.oncall import Shift
from duty.rosters.rules import Period
from kernel.clock import Clock
from kernel.errors import BadInput, NotAllowed, NotFound, VersionStale
from kernel.ids import ChangeId, PersonId, ShiftId, new_id
from kernel.viewer import Viewer

Asked = tuple[PersonId, ShiftId | None]
"""A colleague, and the shift of theirs that the requester would take in return."""


async def request(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    *,
    kind: str,
    shift_id: ShiftId,
    asked: Sequence[Asked],
    reason: str,
    note: str | None = None,
    period: Period | None = None,
) -> ChangeId:
    """Ask colleagues to swap with, or to stand in for, a shift; the first who agrees has it.

    Args:
        kind: `swap` (each colleague gives a shift in return) or `substitute`.
        period: the part of the shift that is asked for (substitute only; default: all of it).

    Raises:
        NothingToSwap: nobody, nothing in return, or the requester themself.
        ShiftMoved: a shift does not stand (any more).
        ShiftInThePast: it has begun.
        ChangeTooLate: no time is left for consents and approval.
        ChangeOpen: another request about the shift is not over.
        PersonGone, TitleTooLow, PersonUnfit, PersonOnLeave, PersonBusy, RestTooShort: a
            colleague, or the requester, may not stand there.
    """
    now = await repository.moment(session, clock)
    given = _part(await _standing(session, shift_id), period if kind == "substitute" else None)
    slot = await applying.place(session, given)
    holds = given.shift.person_id == viewer.person_id
    policies.may_ask(viewer, kind, slot.facility_id, holds=holds)
    rule = await rulebook.choose(session, slot.facility_id)
    options = await _offers(session, kind, given, asked, now, rule)
    expires_at = closes_at(rule, [given, *(back for _, back in options if back is not None)])
    if expires_at <= now:
        raise ChangeTooLate()
    change = NewChange(
        id=ChangeId(new_id()),
        kind=kind,
        state=CHANGE.initial,
        facility_id=slot.facility_id,
        rule_id=rule.id,
        requested_by=viewer.person_id,
        requested_at=now,
        reason=reason,
        note=note,
        given=given,
        options=options,
        expires_at=expires_at,
    )
    await repository.insert(session, change, "request")
    await announce(session, change.id, "requested", 1)
    return change.id


async def _offers(
    session: AsyncSession,
    kind: str,
    given: Stint,
    asked: Sequence[Asked],
    now: datetime,
    rule: ChangeRule,
) -> list[tuple[PersonId, Stint | None]]:
    """Whom to ask and what each gives in return; everybody may stand where they would."""
    if not asked:
        raise NothingToSwap(reason="nobody")
    options = [(person_id, await _in_return(session, kind, back)) for person_id, back in asked]
    if min([given.start, *(back.start for _, back in options if back is not None)]) < now:
        raise ShiftInThePast()
    for person_id, back in options:
        if why := objection(given.shift.person_id, given, person_id, back):
            raise NothingToSwap(reason=why)
        await _fits(session, _reassignments(kind, given, person_id, back), rule)
    return options


async def accept(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    change_id: ChangeId,
    *,
    rev: int,
    option: int,
) -> None:
    """A colleague who was asked agrees; with a pre-authorisation the roster changes at once.

    Raises:
        ChangeTaken: another colleague was faster.
        VersionStale: the request changed since the colleague read it.
        NotAllowed: nobody asked the viewer for this.
    """
    row, options, now = await _locked(session, clock, change_id)
    chosen = next((one for one in options if one.no == option), None)
    if chosen is None or chosen.person_id != viewer.person_id:
        raise NotAllowed(reason="not_asked")
    if row.taken_option is not None and row.taken_option != option:
        raise ChangeTaken()
    to = CHANGE.edge(row.state, ChangeAction.ACCEPT).to
    _current(row, rev)
    await repository.answer(session, change_id, [option], "accepted", now)
    rev = await repository.move(session, row, to, option=option)
    await _record(session, row, rev, ChangeAction.ACCEPT, to, Side.COLLEAGUE, viewer, now)
    rule = await rulebook.load(session, row.rule_id)
    if row.kind not in rule.preauthorised:
        await announce(session, change_id, "agreed", rev)
        return
    final = CHANGE.edge(to, ChangeAction.APPROVE).to
    await _apply(session, viewer, row, chosen, now)
    rev = await repository.move(session, row, final, rev=rev, decided_at=now)
    await _record(session, row, rev, ChangeAction.APPROVE, final, Side.RULE, None, now)
    await announce(session, change_id, "applied", rev)


async def refuse(
    session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId, *, rev: int
) -> None:
    """A colleague says no; when the last one asked has, the request is over."""
    row, options, now = await _locked(session, clock, change_id)
    theirs = [one.no for one in options if one.person_id == viewer.person_id]
    if not theirs:
        raise NotAllowed(reason="not_asked")
    to = CHANGE.edge(row.state, ChangeAction.REFUSE).to
    _current(row, rev)
    await repository.answer(session, change_id, theirs, "refused", now)
    left = [one for one in options if one.no not in theirs and one.answer == "waiting"]
    if left:
        rev = await repository.touch(session, row)
        to = row.state
    else:
        rev = await repository.move(session, row, to)
    await _record(session, row, rev, ChangeAction.REFUSE, to, Side.COLLEAGUE, viewer, now)
    if not left:
        await announce(session, change_id, "refused", rev)


async def withdraw(
    session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId, *, rev: int
) -> None:
    """Whoever asked, or the colleague who agreed, steps back before the approval."""
    row, options, now = await _locked(session, clock, change_id)
    side = _side(viewer, row, options)
    edge = CHANGE.edge(row.state, ChangeAction.WITHDRAW)
    if side not in edge.actors:
        raise NotAllowed(reason="not_your_request")
    _current(row, rev)
    rev = await repository.move(session, row, edge.to)
    await _record(session, row, rev, ChangeAction.WITHDRAW, edge.to, side, viewer, now)
    await announce(session, change_id, "withdrawn", rev)


async def approve(
    session: AsyncSession, clock: Clock, viewer: Viewer, change_id: ChangeId, *, rev: int
) -> None:
    """医务科 or the coordinator approves: everything is checked again and the roster changes.

    A take-over or an assignment has changed it already; approving it says that it was right.

    Raises:
        ShiftMoved: a shift no longer stands as it did.
        PersonGone, TitleTooLow, PersonUnfit, PersonOnLeave, PersonBusy: somebody may no longer
            stand there.
    """
    row, options, now = await _locked(session, clock, change_id)
    policies.may_decide(viewer, row, options, await rulebook.load(session, row.rule_id))
    to = table_of(row.kind).edge(row.state, ChangeAction.APPROVE).to
    _current(row, rev)
    if row.kind not in AT_ONCE:
        chosen = next(one for one in options if one.no == row.taken_option)
        await _apply(session, viewer, row, chosen, now)
    rev = await repository.move(session, row, to, decided_by=viewer.person_id, decided_at=now)
    await _record(session, row, rev, ChangeAction.APPROVE, to, Side.APPROVER, viewer, now)
    await announce(session, change_id, str(to), rev)


async def reject(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    change_id: ChangeId,
    *,
    rev: int,
    note: str,
) -> None:
    """The approver says no, and why; the roster stays as it is."""
    row, options, now = await _locked(session, clock, change_id)
    policies.may_decide(viewer, row, options, await rulebook.load(session, row.rule_id))
    to = table_of(row.kind).edge(row.state, ChangeAction.REJECT).to
    _current(row, rev)
    rev = await repository.move(session, row, to, decided_by=viewer.person_id, decided_at=now)
    await _record(session, row, rev, ChangeAction.REJECT, to, Side.APPROVER, viewer, now, note)
    await announce(session, change_id, str(to), rev)


async def end(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    change_id: ChangeId,
    *,
    rev: int,
    note: str,
) -> None:
    """The desk ends a request whose people cannot: one of them has left, or a shift moved."""
    row, _, now = await _locked(session, clock, change_id)
    policies.may_end(viewer, row)
    to = CHANGE.edge(row.state, ChangeAction.END).to
    _current(row, rev)
    rev = await repository.move(session, row, to, decided_by=viewer.person_id, decided_at=now)
    await _record(session, row, rev, ChangeAction.END, to, Side.DESK, viewer, now, note)
    await announce(session, change_id, "ended", rev)


async def expire(session: AsyncSession, clock: Clock, change_id: ChangeId) -> None:
    """Time ran out before consents and approval were there."""
    row, _, now = await _locked(session, clock, change_id)
    if row.state not in OPEN or row.expires_at is None or row.expires_at > now:
        return
    to = CHANGE.edge(row.state, ChangeAction.EXPIRE).to
    rev = await repository.move(session, row, to)
    await _record(session, row, rev, ChangeAction.EXPIRE, to, Side.ENGINE, None, now)
    await announce(session, change_id, "expired", rev)


async def _standing(session: AsyncSession, shift_id: ShiftId) -> Shift:
    shift = await repository.shift(session, shift_id)
    if shift is None:
        raise NotFound()
    if shift.superseded_at is not None:
        raise ShiftMoved()
    return shift


def _part(shift: Shift, period: Period | None) -> Stint:
    start, end = period or (shift.start, shift.end)
    if not (shift.start <= start < end <= shift.end):
        raise BadInput(field="from", reason="outside_the_shift")
    return Stint(shift, start, end)


async def _in_return(session: AsyncSession, kind: str, shift_id: ShiftId | None) -> Stint | None:
    if kind == "substitute":
        return None
    if shift_id is None:
        raise NothingToSwap(reason="nothing_in_return")
    return _part(await _standing(session, shift_id), None)


def _reassignments(
    kind: str, given: Stint, person_id: PersonId, back: Stint | None
) -> list[Reassignment]:
    origin = applying.ORIGINS[kind]
    changes = [Reassignment(given, person_id, origin)]
    if back is not None:
        changes.append(Reassignment(back, given.shift.person_id, origin))
    return changes


async def _fits(session: AsyncSession, changes: list[Reassignment], rule: ChangeRule) -> None:
    """Each may stand where the other stands, leaving their own shift aside, and rests between."""
    besides = [one.stint.shift.id for one in changes]
    for one in changes:
        slot = await applying.place(session, one.stint)
        await applying.may_stand(
            session, slot, one.person_id, one.stint.start, one.stint.end, besides=besides
        )
        await applying.must_rest(session, slot, one, rule.rest, besides=besides)


async def _apply(
    session: AsyncSession, viewer: Viewer, row: ChangeRow, chosen: OptionRow, now: datetime
) -> None:
    given = await _as_asked(session, row.shift_id, row.holder_id, row.start, row.end)
    back = None
    if chosen.shift_id is not None and chosen.start is not None and chosen.end is not None:
        back = await _as_asked(session, chosen.shift_id, chosen.person_id, chosen.start, chosen.end)
    stints = [given] if back is None else [given, back]
    if min(stint.start for stint in stints) < now:
        raise ShiftInThePast()
    changes = _reassignments(row.kind, given, chosen.person_id, back)
    rule = await rulebook.load(session, row.rule_id)
    await applying.reassign(session, viewer, changes, now, rest=rule.rest)


async def _as_asked(
    session: AsyncSession, shift_id: ShiftId, person_id: PersonId, start: datetime, end: datetime
) -> Stint:
    shift = await _standing(session, shift_id)
    if shift.person_id != person_id:
        raise ShiftMoved()
    return _part(shift, (start, end))


async def _locked(
    session: AsyncSession, clock: Clock, change_id: ChangeId
) -> tuple[ChangeRow, list[OptionRow], datetime]:
    row = await repository.lock(session, change_id)
    if row is None:
        raise NotFound()
    now = clock.now() if clock.simulated else row.now
    return row, await repository.options(session, change_id), now


def _current(row: ChangeRow, rev: int) -> None:
    if row.rev != rev:
        raise VersionStale(current=row.rev, given=rev)


def _side(viewer: Viewer, row: ChangeRow, options: list[OptionRow]) -> Side | None:
    if viewer.person_id in (row.requested_by, row.holder_id):
        return Side.REQUESTER
    if any(one.person_id == viewer.person_id and one.no == row.taken_option for one in options):
        return Side.COLLEAGUE
    return None


async def _record(
    session: AsyncSession,
    row: ChangeRow,
    rev: int,
    action: ChangeAction,
    state: ChangeState,
    side: Side | None,
    viewer: Viewer | None,
    at: datetime,
    note: str | None = None,
) -> None:
    await repository.record(
        session,
        row.id,
        rev,
        str(action),
        state,
        side=str(side),
        person_id=None if viewer is None or viewer.is_process else viewer.person_id,
        at=at,
        note=note,
    )
