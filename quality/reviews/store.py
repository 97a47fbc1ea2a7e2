"""Statements on the tables of reviews; row-level security cuts what is not the viewer's."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from quality.owed import OwedState
from quality.reviews.states import ReviewState

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:id AS text), 7283011))")
_ONE = text("SELECT * FROM case_review WHERE id = :id")
_INSERT = text(
    "INSERT INTO case_review (id, of_case_id, death_review_id, kind, level, facility_id, region_id,"
    "  happened_at, state, proposed_at, due_at, rules, remind_at, opened_by, opened_at, simulated,"
    "  demo) VALUES (:id, :of_case_id, :death_review_id, :kind, :level, :facility_id, :region_id,"
    "  :happened_at, :state, :at, :due_at, :rules, :remind_at, CAST(:opened_by AS uuid),"
    "  CAST(:opened_at AS timestamptz), :simulated, :demo) ON CONFLICT DO NOTHING"
)
_MOVED: Final = (
    "remind_at", "reminders", "opened_by", "opened_at", "held_at", "conclusion", "cause", "delays",
    "summary", "concluded_at", "concluded_by", "ended_at", "why", "dismissal",
)  # fmt: skip
_CASTS: Final = {
    "opened_by": "uuid", "concluded_by": "uuid", "delays": "text[]", "reminders": "int",
    "conclusion": "text", "cause": "text", "summary": "text", "why": "text", "dismissal": "text",
}  # fmt: skip
_MOVE = text(
    "UPDATE case_review SET state = :state, version = version + 1, "  # noqa: S608
    + ", ".join(f"{one} = CAST(:{one} AS {_CASTS.get(one, 'timestamptz')})" for one in _MOVED)
    + " WHERE id = :id"
)
_MEMBERS = text("SELECT * FROM review_member WHERE review_id = :id ORDER BY added_at, person_id")
_NAME = text(
    "INSERT INTO review_member (review_id, person_id, chair, added_by, added_at, recused,"
    "  recused_at) VALUES (:id, :person_id, :chair, :by, :at, CAST(:recused AS text),"
    "  CAST(:recused_at AS timestamptz))"
    " ON CONFLICT (review_id, person_id) DO UPDATE SET chair = excluded.chair, removed_at = NULL,"
    "  recused = coalesce(review_member.recused, excluded.recused),"
    "  recused_at = coalesce(review_member.recused_at, excluded.recused_at)"
)
_REMOVE = text(
    "UPDATE review_member SET removed_at = :at, chair = false"
    " WHERE review_id = :id AND removed_at IS NULL AND person_id <> ALL(:kept)"
)
_UNSEAT = text("UPDATE review_member SET chair = false WHERE review_id = :id AND chair")
_RECUSE = text(
    "UPDATE review_member SET recused = 'declared', recused_at = :at"
    " WHERE review_id = :id AND person_id = :person_id AND recused IS NULL"
)
_PACK = text(
    "INSERT INTO review_pack (review_id, n, prepared_by, prepared_at, content, sha256)"
    " SELECT :id, coalesce(max(n), 0) + 1, :by, :at, :content, :sha256 FROM review_pack"
    "  WHERE review_id = :id"
)
_PACKS = text("SELECT * FROM review_pack WHERE review_id = :id ORDER BY n DESC")
_VOTE = text(
    "INSERT INTO review_vote (review_id, person_id, conclusion, at)"
    " VALUES (:id, :person_id, :conclusion, :at)"
)
_VOTES = text(
    "SELECT DISTINCT ON (v.person_id) v.person_id, v.conclusion, v.at FROM review_vote v"
    " JOIN review_member m ON m.review_id = v.review_id AND m.person_id = v.person_id"
    "  AND m.recused IS NULL AND m.removed_at IS NULL"
    " WHERE v.review_id = :id ORDER BY v.person_id, v.id DESC"
)
_FIND = text(
    "INSERT INTO review_finding (id, review_id, link, aspect, words, by, at)"
    " VALUES (:finding_id, :id, :link, :aspect, :words, :by, :at)"
)
_FINDINGS = text("SELECT * FROM review_finding WHERE review_id = :id ORDER BY at, id")
_MEASURE = text(
    "INSERT INTO review_measure (id, review_id, finding_id, words, owner_id, due_on, state,"
    "  added_by, added_at, remind_at) VALUES (:measure_id, :id, CAST(:finding_id AS uuid), :words,"
    "  :owner_id, :due_on, 'open', :by, :at, :remind_at)"
)
_MEASURES = text("SELECT * FROM review_measure WHERE review_id = :id ORDER BY due_on, id")
_ONE_MEASURE = text("SELECT * FROM review_measure WHERE id = :id")
_MOVE_MEASURE = text(
    "UPDATE review_measure SET state = :state, version = version + 1,"
    " evidence = CAST(:evidence AS text), done_at = CAST(:done_at AS timestamptz),"
    " note = CAST(:note AS text), ended_at = CAST(:ended_at AS timestamptz),"
    " ended_by = CAST(:ended_by AS uuid), remind_at = CAST(:remind_at AS timestamptz),"
    " reminders = :reminders WHERE id = :id"
)
_MEASURE_MOVED: Final = (
    "evidence", "done_at", "note", "ended_at", "ended_by", "remind_at", "reminders",
)  # fmt: skip
_VIEWED = text(
    "INSERT INTO review_viewing (review_id, person_id, what, at) VALUES (:id, :person_id, :what,"
    " :at)"
)
_VIEWINGS = text("SELECT * FROM review_viewing WHERE review_id = :id ORDER BY at DESC LIMIT 500")
_ACTORS = text(
    "SELECT DISTINCT actor FROM case_event WHERE case_id = :id AND actor IS NOT NULL"
    " AND kind NOT LIKE ALL (ARRAY['review.%', 'near_miss.%', 'referral.feedback_read'])"
)
_HOUSES = text(
    "SELECT DISTINCT facility_id FROM case_party WHERE case_id = :id AND facility_id IS NOT NULL"
    " AND role IN ('origin', 'receiver', 'expert')"
)


async def seen(session: AsyncSession, review_id: UUID) -> Row[Any]:
    """The review; `NotFound` if unknown or closed to the viewer."""
    return _found(await perhaps(session, review_id))


async def perhaps(session: AsyncSession, review_id: UUID) -> Row[Any] | None:
    """The review, if it is open to the viewer."""
    return (await session.execute(_ONE, {"id": review_id})).one_or_none()


async def locked(session: AsyncSession, review_id: UUID) -> Row[Any]:
    """The review, while nobody else moves it: a member may not lock the row, so its id is."""
    await session.execute(_LOCK, {"id": str(review_id)})
    return await seen(session, review_id)


def _found(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise NotFound()
    return row


async def insert(session: AsyncSession, values: dict[str, Any]) -> bool:
    """A new review; False if there is one of the same already."""
    made = await session.execute(_INSERT, values)
    return made.rowcount == 1  # type: ignore[attr-defined, no-any-return]


async def move(
    session: AsyncSession, row: Row[Any], to: ReviewState, changed: dict[str, Any] | None = None
) -> None:
    """Write the new state with what changed."""
    values = {name: getattr(row, name) for name in _MOVED} | (changed or {})
    await session.execute(_MOVE, values | {"id": row.id, "state": str(to)})


async def members(session: AsyncSession, review_id: UUID) -> Sequence[Row[Any]]:
    """Everybody who was ever named, in order."""
    return (await session.execute(_MEMBERS, {"id": review_id})).all()


async def name(session: AsyncSession, values: dict[str, Any]) -> None:
    """Put somebody on the panel; who was recused stays so."""
    await session.execute(_NAME, values)


async def remove_all_but(session: AsyncSession, review_id: UUID, kept: list[UUID], at: Any) -> None:
    """Whoever is not named any more leaves; the chair is free."""
    await session.execute(_REMOVE, {"id": review_id, "kept": kept, "at": at})
    await session.execute(_UNSEAT, {"id": review_id})


async def recuse(session: AsyncSession, review_id: UUID, person_id: UUID, at: Any) -> None:
    """Somebody leaves the panel for a reason of their own."""
    await session.execute(_RECUSE, {"id": review_id, "person_id": person_id, "at": at})


async def add_pack(session: AsyncSession, values: dict[str, Any]) -> None:
    """One more pack; the earlier ones stay."""
    await session.execute(_PACK, values)


async def packs(session: AsyncSession, review_id: UUID) -> Sequence[Row[Any]]:
    """All packs, the newest first."""
    return (await session.execute(_PACKS, {"id": review_id})).all()


async def vote(session: AsyncSession, values: dict[str, Any]) -> None:
    """A member's word; the newest counts."""
    await session.execute(_VOTE, values)


async def votes(session: AsyncSession, review_id: UUID) -> Sequence[Row[Any]]:
    """What each member who may vote said last."""
    return (await session.execute(_VOTES, {"id": review_id})).all()


async def find(session: AsyncSession, values: dict[str, Any]) -> None:
    """One more finding."""
    await session.execute(_FIND, values)


async def findings(session: AsyncSession, review_id: UUID) -> Sequence[Row[Any]]:
    """What the panel found, in order."""
    return (await session.execute(_FINDINGS, {"id": review_id})).all()


async def add_measure(session: AsyncSession, values: dict[str, Any]) -> None:
    """One more measure."""
    await session.execute(_MEASURE, values)


async def measures(session: AsyncSession, review_id: UUID) -> Sequence[Row[Any]]:
    """The measures that the viewer may see, the first to be due first."""
    return (await session.execute(_MEASURES, {"id": review_id})).all()


async def measure(session: AsyncSession, measure_id: UUID) -> Row[Any]:
    """One measure; `NotFound` if unknown or closed to the viewer."""
    await session.execute(_LOCK, {"id": str(measure_id)})
    return _found((await session.execute(_ONE_MEASURE, {"id": measure_id})).one_or_none())


async def move_measure(
    session: AsyncSession, row: Row[Any], to: OwedState, changed: dict[str, Any]
) -> None:
    """Write a measure's new state with what changed."""
    values = {one: getattr(row, one) for one in _MEASURE_MOVED} | changed
    await session.execute(_MOVE_MEASURE, values | {"id": row.id, "state": str(to)})


async def viewed(
    session: AsyncSession, review_id: UUID, person_id: UUID, what: str, at: Any
) -> None:
    """Somebody read it."""
    values = {"id": review_id, "person_id": person_id, "what": what, "at": at}
    await session.execute(_VIEWED, values)


async def viewings(session: AsyncSession, review_id: UUID) -> Sequence[Row[Any]]:
    """Who read what when, the newest first; all of it for whoever convenes."""
    return (await session.execute(_VIEWINGS, {"id": review_id})).all()


async def acted_in(session: AsyncSession, case_id: UUID) -> set[UUID]:
    """Whoever did something in the woman's case, as far as the viewer sees it."""
    return set((await session.execute(_ACTORS, {"id": case_id})).scalars())


async def houses_of(session: AsyncSession, case_id: UUID) -> set[UUID]:
    """Where she was, and who advised on her."""
    return set((await session.execute(_HOUSES, {"id": case_id})).scalars())
