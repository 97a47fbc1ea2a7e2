"""On-site visits: planned unseen by the centre, begun on the spot, found, photographed, signed.

A visit is a chain of its own; the entry's chain hears of it when it is signed, and the centre then.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.errors import BadInput, NotFound
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer
from quality.rounds import evidence, store
from quality.rounds.errors import (
    DayPassed,
    ItemUnknown,
    NotFoundOnSite,
    OtherSide,
    PhotoMissing,
    StepMoved,
)
from quality.rounds.evidence import Where
from quality.rounds.plan import digest_of
from quality.rounds.schemas import FindOnSite, HandBack, PlanVisit, RoundStep, SignStep
from quality.rounds.sides import say, side_of, step
from quality.rounds.states import VISIT, VISITED, EntryState, VisitAction, VisitState
from registry.facilities.rules import local_date

_ONE = text("SELECT * FROM assessment_visit WHERE id = :id")
_LOCK = text("SELECT * FROM assessment_visit WHERE id = :id FOR UPDATE")
_OF_ENTRY = text("SELECT * FROM assessment_visit WHERE entry_id = :id ORDER BY planned_at, id")
_ADD = text(
    "INSERT INTO assessment_visit (id, entry_id, state, planned_for, planned_by, planned_at)"
    " VALUES (:id, :entry_id, 'planned', :day, :by, :at)"
)
_MOVED: Final = ("begun_by", "begun_at", "signed_by", "signed_at", "digest", "note")
_MOVE = text(
    "UPDATE assessment_visit SET state = :state, begun_by = :begun_by,"
    " begun_at = CAST(:begun_at AS timestamptz), signed_by = :signed_by,"
    " signed_at = CAST(:signed_at AS timestamptz), digest = :digest, note = :note,"
    " version = version + 1 WHERE id = :id"
)
_FIND = text(
    "INSERT INTO assessment_finding (visit_id, code, n, verdict, percent, words, person_id, at)"
    " SELECT :id, :code, coalesce(max(n), 0) + 1, :verdict, CAST(:percent AS int), :words, :by, :at"
    "  FROM assessment_finding WHERE visit_id = :id AND code = :code"
)
_FOUND = text(
    "SELECT DISTINCT ON (code) * FROM assessment_finding WHERE visit_id = :id ORDER BY code, n DESC"
)
# Of several signed visits the newest that looked at an item counts.
_COUNTING = text(
    "SELECT DISTINCT ON (f.code) f.code, f.verdict, f.percent, f.words, f.person_id, f.at,"
    " f.visit_id, v.signed_at"
    " FROM assessment_visit v JOIN LATERAL (SELECT DISTINCT ON (x.code) x.*"
    "   FROM assessment_finding x WHERE x.visit_id = v.id ORDER BY x.code, x.n DESC) f ON true"
    " WHERE v.entry_id = :id AND v.signed_at IS NOT NULL AND f.verdict <> 'not_checked'"
    " ORDER BY f.code, v.signed_at DESC, v.id"
)


async def seen(session: AsyncSession, visit_id: UUID) -> Row[Any]:
    """The visit; `NotFound` if unknown, foreign, or not yet open to the viewer."""
    return _known((await session.execute(_ONE, {"id": visit_id})).one_or_none())


async def _locked(session: AsyncSession, visit_id: UUID) -> Row[Any]:
    return _known((await session.execute(_LOCK, {"id": visit_id})).one_or_none())


def _known(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise NotFound()
    return row


async def of_entry(session: AsyncSession, entry_id: UUID) -> Sequence[Row[Any]]:
    """An entry's visits, as far as they are open to the viewer."""
    return (await session.execute(_OF_ENTRY, {"id": entry_id})).all()


async def findings(session: AsyncSession, visit_id: UUID) -> dict[str, Row[Any]]:
    """The newest finding of each item of a visit."""
    return {row.code: row for row in await session.execute(_FOUND, {"id": visit_id})}


async def counting(session: AsyncSession, entry_id: UUID) -> dict[str, Row[Any]]:
    """What signed visits found of each item that somebody looked at."""
    return {row.code: row for row in await session.execute(_COUNTING, {"id": entry_id})}


async def plan(
    session: AsyncSession, clock: Clock, viewer: Viewer, entry_id: UUID, order: PlanVisit
) -> UUID:
    """Plan an unannounced visit; only those who oversee the centre's region see it.

    Raises:
        NotFound: unknown or foreign.
        OtherSide: the viewer does not oversee the centre.
        StepMoved: the entry has been assessed, or has not begun.
        DayPassed: the day lies in the past.
    """
    entry = await store.locked(session, entry_id)
    if side_of(entry) not in VISIT.edge(VisitState.PLANNED, VisitAction.BEGIN).actors:
        raise OtherSide(action="visit")
    if EntryState(entry.state) not in VISITED:
        raise StepMoved(state=entry.state, action="visit")
    if order.planned_for < local_date(clock.now()):
        raise DayPassed(field="planned_for")
    visit_id = new_id()
    values = {"id": visit_id, "entry_id": entry.id, "day": order.planned_for}
    await session.execute(_ADD, values | {"by": viewer.person_id, "at": clock.now()})
    facts: dict[str, object] = {"assessment_id": entry.id, "planned_for": order.planned_for}
    await say(session, clock, viewer, CaseId(visit_id), "assessment.visit_planned", facts)
    return visit_id


async def _at(
    session: AsyncSession, visit_id: UUID, version: int | None, action: VisitAction
) -> tuple[Row[Any], Row[Any], VisitState]:
    """The visit, locked, its entry, and the state that `action` leads to."""
    row = await _locked(session, visit_id)
    entry = await store.entry(session, row.entry_id)
    return row, entry, step(VISIT, row, side_of(entry), version, action)


async def _move(
    session: AsyncSession, row: Row[Any], to: VisitState, changed: Mapping[str, Any]
) -> None:
    values = {name: getattr(row, name) for name in _MOVED} | dict(changed)
    await session.execute(_MOVE, values | {"id": row.id, "state": str(to)})


async def begin(
    session: AsyncSession, clock: Clock, viewer: Viewer, visit_id: UUID, order: RoundStep
) -> None:
    """The assessors are there; the moment is recorded.

    Raises:
        NotFound: unknown or foreign.
        StepMoved: it has begun, or was called off.
    """
    row, _, to = await _at(session, visit_id, order.version, VisitAction.BEGIN)
    await _move(session, row, to, {"begun_by": viewer.person_id, "begun_at": clock.now()})
    await say(session, clock, viewer, CaseId(row.id), "assessment.visit_begun", {})


async def find(
    session: AsyncSession, clock: Clock, viewer: Viewer, visit_id: UUID, order: FindOnSite
) -> None:
    """Say what was found of an item; said again, the newer counts.

    Raises:
        NotFound: unknown or foreign.
        StepMoved: the visit is not under way.
        ItemUnknown: the round looks at no such item on the spot.
        BadInput: a part without its percentage, or a percentage without a part.
    """
    row, entry, _ = await _at(session, visit_id, None, VisitAction.FIND)
    if (order.verdict == "partly") != (order.percent is not None):
        reason = "只有“部分”须填百分比 / a percentage goes with “partly” alone"
        raise BadInput(field="percent", reason=reason)
    if order.code not in await _to_look_at(session, entry):
        raise ItemUnknown(code=order.code)
    words = order.words.strip()
    values = {"id": row.id, "code": order.code, "verdict": order.verdict, "words": words}
    values |= {"percent": order.percent, "by": viewer.person_id, "at": clock.now()}
    await session.execute(_FIND, values)
    facts: dict[str, object] = {
        "code": order.code,
        "verdict": order.verdict,
        "percent": order.percent,
        "sha256": sha256(words.encode()).hexdigest(),
    }
    await say(session, clock, viewer, CaseId(row.id), "assessment.found", facts)


async def _to_look_at(session: AsyncSession, entry: Row[Any]) -> list[str]:
    plan_ = store.plan_of(await store.round_(session, entry.round_id))
    return [one.code for one in plan_.items if one.kind == "on_site"]


async def photograph(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    blobs: BlobStore,
    visit_id: UUID,
    code: str,
    content: bytes,
) -> None:
    """Keep a photo of an item; its hash goes on the visit's chain.

    Raises:
        NotFound: unknown or foreign, before anything is kept.
        StepMoved: the visit is not under way.
        ItemUnknown: the round looks at no such item on the spot.
        FileTooLarge, FileRefused: it cannot be kept.
    """
    row, entry, _ = await _at(session, visit_id, None, VisitAction.FIND)
    if code not in await _to_look_at(session, entry):
        raise ItemUnknown(code=code)
    where = Where(code, visit_id=row.id)
    await evidence.keep(session, clock, viewer, blobs, entry.id, where, content, CaseId(row.id))


async def sign(
    session: AsyncSession, clock: Clock, viewer: Viewer, visit_id: UUID, order: SignStep
) -> None:
    """Sign what was found; from now on the centre sees it. The caller has checked the password.

    Raises:
        NotFound: unknown or foreign.
        StepMoved: it is not under way.
        NotFoundOnSite: something was not looked at, and nobody says so.
        PhotoMissing: something was looked at, and there is no photo of it all.
    """
    row, entry, to = await _at(session, visit_id, order.version, VisitAction.SIGN)
    found = await findings(session, row.id)
    missing = [code for code in await _to_look_at(session, entry) if code not in found]
    if missing:
        raise NotFoundOnSite(codes=", ".join(missing))
    files = [one for one in await evidence.of_entry(session, entry.id) if one.visit_id == row.id]
    if not files and any(one.verdict != "not_checked" for one in found.values()):
        raise PhotoMissing()
    at = clock.now()
    signed = {
        "visit_id": row.id,
        "assessment_id": entry.id,
        "begun_at": row.begun_at,
        "findings": {
            code: [one.verdict, one.percent, one.words, one.n] for code, one in found.items()
        },
        "files": sorted([one.code, bytes(one.sha256).hex()] for one in files),
        "person_id": viewer.person_id,
        "signed_at": at,
    }
    digest = digest_of(signed)
    changed = {"signed_by": viewer.person_id, "signed_at": at, "digest": digest}
    await _move(session, row, to, changed)
    facts: dict[str, object] = {"visit_id": row.id, "sha256": digest.hex()}
    for chain_of in (row.id, entry.id):
        await say(session, clock, viewer, CaseId(chain_of), "assessment.visit_signed", facts)


async def cancel(
    session: AsyncSession, clock: Clock, viewer: Viewer, visit_id: UUID, order: HandBack
) -> None:
    """It is not made, and why; the centre never hears of it.

    Raises:
        NotFound: unknown or foreign.
        StepMoved: it is signed, or was called off.
    """
    row, _, to = await _at(session, visit_id, order.version, VisitAction.CANCEL)
    await _move(session, row, to, {"note": order.note})
    await say(session, clock, viewer, CaseId(row.id), "assessment.visit_cancelled", {})
