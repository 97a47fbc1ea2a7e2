"""How useful the asking house found a consultation: for those who advised, and for statistics."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests import rights, store
from consult.requests.errors import NotConcluded
from consult.requests.schemas import RateConsult
from kernel import chain
from kernel.clock import Clock
from kernel.ids import CaseId
from kernel.viewer import Viewer

RATED = "consult.rated"

_RATE = text(
    "INSERT INTO consult_rating"
    " (request_id, n, facility_id, person_id, at, timely, clear, useful, words)"
    " SELECT :id, coalesce(max(n), 0) + 1, :facility_id, :by, :at, :timely, :clear, :useful, :words"
    "   FROM consult_rating WHERE request_id = :id"
)


async def rate(
    session: AsyncSession, clock: Clock, viewer: Viewer, request_id: UUID, order: RateConsult
) -> None:
    """Say how it was; said again, the newest counts. Scores stand on the chain, words do not.

    Raises:
        NotFound: unknown or foreign.
        AskingHouseOnly: the viewer does not work at the asking house.
        NotConcluded: it is not over yet.
    """
    row = await store.locked(session, request_id)
    rights.must_ask(viewer, row)
    if row.concluded_at is None:
        raise NotConcluded()
    scores: dict[str, object] = {
        "timely": order.timely, "clear": order.clear, "useful": order.useful,
    }  # fmt: skip
    values = {
        "id": row.id, "facility_id": row.facility_id, "by": viewer.person_id,
        "at": clock.now(), "words": order.words.strip(),
    }  # fmt: skip
    await session.execute(_RATE, values | scores)
    await chain.append(session, clock, CaseId(row.id), RATED, viewer=viewer, payload=scores)
