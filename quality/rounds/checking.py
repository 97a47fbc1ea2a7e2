"""Self-check: a centre answers item by item and signs; above it, somebody may hand it back."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.ids import CaseId
from kernel.viewer import Viewer
from quality.rounds import evidence, store
from quality.rounds.errors import ItemUnknown, NotAnswered
from quality.rounds.plan import digest_of
from quality.rounds.schemas import AnswerItem, HandBack, SignStep
from quality.rounds.sides import entry_step, say
from quality.rounds.states import EntryAction


async def answer(
    session: AsyncSession, clock: Clock, viewer: Viewer, entry_id: UUID, order: AnswerItem
) -> None:
    """Say something to an item; its hash goes on the chain, the words do not.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: the self-check is not the viewer's to write now.
        ItemUnknown: the round has no such item.
    """
    row = await store.locked(session, entry_id)
    entry_step(row, None, EntryAction.ANSWER)
    plan = store.plan_of(await store.round_(session, row.round_id))
    if plan.item(order.code) is None:
        raise ItemUnknown(code=order.code)
    words = order.words.strip()
    await store.answer(session, row.id, order.code, words, viewer.person_id, clock.now())
    facts: dict[str, object] = {
        "code": order.code,
        "sha256": sha256(words.encode()).hexdigest(),
    }
    await say(session, clock, viewer, CaseId(row.id), "assessment.answered", facts)


async def submit(
    session: AsyncSession, clock: Clock, viewer: Viewer, entry_id: UUID, order: SignStep
) -> None:
    """Sign the self-check; the caller has checked the password.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: it is not the viewer's to sign now.
        NotAnswered: some item was left without a word.
    """
    row = await store.locked(session, entry_id)
    to = entry_step(row, order.version, EntryAction.SUBMIT)
    plan = store.plan_of(await store.round_(session, row.round_id))
    said = await store.answers(session, row.id)
    # What is looked at on the spot is not announced: a centre says nothing to it.
    missing = [
        one.code
        for one in plan.items
        if one.kind == "indicator" and not (one.code in said and said[one.code].words)
    ]
    if missing:
        raise NotAnswered(codes=", ".join(missing))
    at = clock.now()
    digest = digest_of(await _content(session, row, said, viewer, at))
    changed = {"submitted_by": viewer.person_id, "submitted_at": at, "submitted": digest}
    await store.move(session, row, to, changed | {"note": None})
    facts: dict[str, object] = {"sha256": digest.hex(), "facility_id": row.facility_id}
    await say(session, clock, viewer, CaseId(row.id), "assessment.self_check_submitted", facts)


async def _content(
    session: AsyncSession, row: Row[Any], said: dict[str, Row[Any]], viewer: Viewer, at: datetime
) -> dict[str, object]:
    """Everything that is signed."""
    files = [one for one in await evidence.of_entry(session, row.id) if one.visit_id is None]
    return {
        "entry_id": row.id,
        "figures": await store.values(session, row.id),
        "answers": {code: [one.n, one.words] for code, one in said.items()},
        "files": sorted([one.code, bytes(one.sha256).hex()] for one in files if one.code),
        "person_id": viewer.person_id,
        "signed_at": at,
    }


async def hand_back(
    session: AsyncSession, clock: Clock, viewer: Viewer, entry_id: UUID, order: HandBack
) -> None:
    """The self-check goes back to the centre, and why.

    Raises:
        NotFound: unknown or foreign.
        StepMoved, OtherSide: it is not the viewer's to hand back now.
    """
    row = await store.locked(session, entry_id)
    to = entry_step(row, order.version, EntryAction.RETURN)
    await store.move(session, row, to, {"note": order.note})
    facts: dict[str, object] = {"sha256": sha256(order.note.encode()).hexdigest()}
    await say(session, clock, viewer, CaseId(row.id), "assessment.handed_back", facts)
