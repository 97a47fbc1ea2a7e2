"""Commands on a review: open, dismiss, prepare, name the panel, recuse, hold, vote, find, conclude,
close. What is written stays in the tables; its chain says that it was, with a hash.
"""

from collections import Counter
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel import parties
from kernel.clock import Clock
from kernel.ids import CaseId, PersonId, new_id
from kernel.parties import PartyRole
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality.owed import OwedState
from quality.reviews import deaths, pack, proposing, rights, store, telling
from quality.reviews.errors import (
    HeldInFuture,
    MeasuresOpen,
    NoMajority,
    NotConvening,
    NothingToReview,
    OutsideExpertMissing,
    PanelTooSmall,
    PersonUnknown,
    ReviewExists,
    TermUnknown,
    WhyNothing,
)
from quality.reviews.rules import RULES
from quality.reviews.schemas import (
    CloseReview,
    ConcludeReview,
    DismissReview,
    Find,
    HoldReview,
    MoveReview,
    OpenReview,
    SetPanel,
    Vote,
)
from quality.reviews.states import ReviewAction, ReviewState
from referral.repository import CaseRepository
from registry.people import queries as people
from registry.people.schemas import PersonRef


async def open_new(session: AsyncSession, clock: Clock, viewer: Viewer, order: OpenReview) -> UUID:
    """Open a review that nothing proposed.

    Raises:
        NotFound: the case is unknown or foreign.
        NothingToReview: the case, as the viewer sees it, holds nothing of this kind.
        NotConvening: it is another house's to convene.
        ReviewExists: there is one already.
    """
    await CaseRepository(session, viewer).get(order.case_id)
    found = [
        one
        for one in await proposing.wanted(session, clock, order.case_id)
        if (one.kind, one.level) == (order.kind, order.level)
    ]
    if not found:
        raise NothingToReview()
    mine = [one for one in found if rights.convenes(viewer, one.facility_id)]
    if not mine:
        raise NotConvening()
    for one in mine:
        made = await proposing.write(session, clock, viewer, one)
        if made is not None:
            return made
    raise ReviewExists()


async def open_proposed(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, order: MoveReview
) -> None:
    """Take up what was proposed."""
    row, to = await _step(session, viewer, review_id, ReviewAction.OPEN, order.version)
    await store.move(session, row, to, {"opened_by": viewer.person_id, "opened_at": clock.now()})
    facts: dict[str, object] = {"kind": row.kind, "level": row.level, "due_at": row.due_at}
    await telling.say(session, clock, viewer, row.id, telling.OPENED, facts)


async def dismiss(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, order: DismissReview
) -> None:
    """It is not held: by which rule, and why.

    Raises:
        TermUnknown: no such rule.
    """
    row, to = await _step(session, viewer, review_id, ReviewAction.DISMISS, order.version)
    _known("dismissal", order.dismissal, [one.code for one in RULES.dismissals])
    changed = {
        "dismissal": order.dismissal,
        "why": order.why,
        "ended_at": clock.now(),
        "remind_at": None,
    }
    await store.move(session, row, to, changed)
    facts: dict[str, object] = {"dismissal": order.dismissal, "sha256": _hash(order.why)}
    await telling.say(session, clock, viewer, row.id, telling.DISMISSED, facts)


async def prepare(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    review_id: UUID,
    order: MoveReview,
) -> UUID:
    """Write the pack from the woman's timeline, without anybody's identity."""
    row, to = await _step(session, viewer, review_id, ReviewAction.PREPARE, order.version)
    content = msgspec.json.encode(await pack.compiled(session, clock, viewer, sealer, row))
    digest = sha256(content).digest()
    await store.add_pack(
        session,
        {
            "id": row.id,
            "by": viewer.person_id,
            "at": clock.now(),
            "content": content,
            "sha256": digest,
        },
    )
    await store.move(session, row, to)
    facts: dict[str, object] = {"sha256": digest.hex()}
    await telling.say(session, clock, viewer, row.id, telling.PREPARED, facts)
    return review_id


async def set_panel(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, order: SetPanel
) -> None:
    """Name the panel. Whoever the rules keep out is listed as recused, and neither reads nor votes.

    Raises:
        PersonUnknown: somebody named works nowhere.
        TermUnknown: two in the chair, or somebody named twice.
    """
    row, to = await _step(session, viewer, review_id, ReviewAction.SET_PANEL, order.version)
    ids = [one.person_id for one in order.members]
    if len(set(ids)) != len(ids) or sum(one.chair for one in order.members) > 1:
        raise TermUnknown(field="members")
    known = await people.get_many(session, {PersonId(one) for one in ids})
    if len(known) != len(ids):
        raise PersonUnknown()
    kept_out = await rights.conflicts(session, row, list(known.values()))
    at = clock.now()
    before = {one.person_id for one in await store.members(session, row.id) if not one.removed_at}
    await store.remove_all_but(session, row.id, ids, at)
    for one in order.members:
        reason = kept_out.get(one.person_id)
        await store.name(
            session,
            {
                "id": row.id,
                "person_id": one.person_id,
                "chair": one.chair and reason is None,
                "by": viewer.person_id,
                "at": at,
                "recused": reason,
                "recused_at": None if reason is None else at,
            },
        )
        if reason is None:
            await parties.add_person(
                session, CaseId(row.id), PersonId(one.person_id), PartyRole.EXPERT
            )
    await store.move(session, row, to)
    facts: dict[str, object] = {
        "members": [one for one in ids if one not in kept_out],
        "recused": [one for one in ids if one in kept_out],
    }
    await telling.say(session, clock, viewer, row.id, telling.PANEL, facts)
    fresh = set(ids) - before - set(kept_out)
    await telling.tell(session, clock, row.id, telling.PANEL, fresh)


async def recuse(session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID) -> None:
    """A member steps back; from then on the review is closed to them."""
    row, _ = await _step(session, viewer, review_id, ReviewAction.RECUSE, None)
    await telling.say(session, clock, viewer, row.id, telling.RECUSED, {})
    who = {row.opened_by} - {None, viewer.person_id}
    await telling.tell(session, clock, row.id, telling.RECUSED, who)
    await store.recuse(session, row.id, viewer.person_id, clock.now())


async def hold(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, order: HoldReview
) -> None:
    """The panel met: now, or at a moment since the review was opened.

    Raises:
        HeldInFuture: the moment is impossible.
        PanelTooSmall: fewer may vote than the rules ask for.
        OutsideExpertMissing: a county's near-miss review without anybody from elsewhere.
    """
    row, to = await _step(session, viewer, review_id, ReviewAction.HOLD, order.version)
    at = order.at or clock.now()
    if at > clock.now() or at < row.opened_at:
        raise HeldInFuture()
    voters = await _voters(session, row)
    if len(voters) < RULES.quorum.least:
        raise PanelTooSmall(voters=len(voters), least=RULES.quorum.least)
    if (row.kind, row.level) == ("near_miss", "county") and all(
        one.facility_id == row.facility_id for one in voters
    ):
        raise OutsideExpertMissing()
    await store.move(session, row, to, {"held_at": at})
    facts: dict[str, object] = {"held_at": at, "voters": len(voters)}
    await telling.say(session, clock, viewer, row.id, telling.HELD, facts)


async def vote(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, order: Vote
) -> None:
    """A member's conclusion; the chain says that they voted, not how.

    Raises:
        TermUnknown: a review of this kind does not conclude so.
    """
    row, _ = await _step(session, viewer, review_id, ReviewAction.VOTE, None)
    _known("conclusion", order.conclusion, [one.code for one in RULES.conclusions_of(row.kind)])
    await store.vote(
        session,
        {
            "id": row.id,
            "person_id": viewer.person_id,
            "conclusion": order.conclusion,
            "at": clock.now(),
        },
    )
    await telling.say(session, clock, viewer, row.id, telling.VOTED, {})


async def find(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, order: Find
) -> None:
    """One finding in one of the twelve cells.

    Raises:
        TermUnknown: no such cell.
    """
    row, _ = await _step(session, viewer, review_id, ReviewAction.FIND, None)
    _known("link", order.link, [one.code for one in RULES.grid.links])
    _known("aspect", order.aspect, [one.code for one in RULES.grid.aspects])
    finding_id = new_id()
    await store.find(
        session,
        {
            "id": row.id,
            "finding_id": finding_id,
            "link": order.link,
            "aspect": order.aspect,
            "words": order.words,
            "by": viewer.person_id,
            "at": clock.now(),
        },
    )
    facts: dict[str, object] = {"finding_id": finding_id, "sha256": _hash(order.words)}
    await telling.say(session, clock, viewer, row.id, telling.FOUND, facts)


async def conclude(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, order: ConcludeReview
) -> None:
    """What more than half of those who may vote say is the conclusion.

    After a death, the step that the review fulfils counts as reported from here on.

    Raises:
        NoMajority: not enough have voted, or not for the same.
        TermUnknown: no such cause or delay.
    """
    row, to = await _step(session, viewer, review_id, ReviewAction.CONCLUDE, order.version)
    _known("cause", order.cause, [one.code for one in RULES.causes_of(row.kind)])
    for one in order.delays:
        _known("delays", one, [known.code for known in RULES.delays])
    voters = await _voters(session, row)
    tally = Counter(one.conclusion for one in await store.votes(session, row.id))
    conclusion, most = tally.most_common(1)[0] if tally else ("", 0)
    if most * 2 <= len(voters):
        raise NoMajority(voted=tally.total(), voters=len(voters))
    at = clock.now()
    delays = sorted(set(order.delays))
    changed = {
        "conclusion": conclusion,
        "cause": order.cause,
        "delays": delays,
        "summary": order.summary,
        "concluded_at": at,
        "concluded_by": viewer.person_id,
        "remind_at": None,
    }
    await store.move(session, row, to, changed)
    said = "\n".join([conclusion, order.cause, *delays, order.summary])
    facts: dict[str, object] = {"sha256": _hash(said), "votes": tally.total()}
    await telling.say(session, clock, viewer, row.id, telling.CONCLUDED, facts)
    await telling.tell(session, clock, row.id, telling.CONCLUDED, {one.id for one in voters})
    await deaths.fulfil(session, clock, viewer, row)


async def close(
    session: AsyncSession, clock: Clock, viewer: Viewer, review_id: UUID, order: CloseReview
) -> None:
    """The loop is closed: every measure is verified or given up, or there is a reason for none.

    Raises:
        MeasuresOpen: some are not.
        WhyNothing: there is none, and no reason.
    """
    row, to = await _step(session, viewer, review_id, ReviewAction.CLOSE, order.version)
    measures = await store.measures(session, row.id)
    waiting = [one for one in measures if one.state in (OwedState.OPEN, OwedState.DONE)]
    if waiting:
        raise MeasuresOpen(open=len(waiting))
    if not measures and not order.why:
        raise WhyNothing()
    await store.move(session, row, to, {"ended_at": clock.now(), "why": order.why})
    facts: dict[str, object] = {
        "verified": sum(one.state == OwedState.VERIFIED for one in measures),
        "dropped": sum(one.state == OwedState.DROPPED for one in measures),
    }
    await telling.say(session, clock, viewer, row.id, telling.CLOSED, facts)


async def _step(
    session: AsyncSession,
    viewer: Viewer,
    review_id: UUID,
    action: ReviewAction,
    version: int | None,
) -> tuple[Row[Any], ReviewState]:
    row = await store.locked(session, review_id)
    stands = rights.sides(viewer, row, await store.members(session, row.id))
    return row, rights.step(row, stands, action, version)


async def _voters(session: AsyncSession, row: Row[Any]) -> list[PersonRef]:
    ids = {
        PersonId(one.person_id)
        for one in await store.members(session, row.id)
        if one.recused is None and one.removed_at is None
    }
    return list((await people.get_many(session, ids)).values())


def _known(field: str, code: str, codes: list[str]) -> None:
    if code not in codes:
        raise TermUnknown(field=field)


def _hash(words: str) -> str:
    return sha256(words.encode()).hexdigest()
