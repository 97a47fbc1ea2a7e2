"""One request about a review: who asks, in which transaction, under which key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.idempotency import once
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from quality.reviews import queries
from quality.reviews.schemas import MeasureOut, MeasureRef, ReviewDetail, ReviewRef


@dataclass(frozen=True, slots=True)
class ReviewCall:
    """A dependency of every route that changes a review."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    sealer: Sealer
    key: str | None

    async def once(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> ReviewDetail:
        """Do `work` once under this key and show the review as it is now."""

        async def answer() -> ReviewRef:
            return ReviewRef(await work())

        done = await once(self.session, self.viewer, self.key, operation, body, ReviewRef, answer)
        return await queries.shown(self.session, self.clock, self.viewer, done.review_id)

    async def move(
        self, command: Callable[..., Awaitable[None]], review_id: UUID, *order: object
    ) -> ReviewDetail:
        """Carry out one step: `command(session, clock, viewer, review_id, *order)`."""

        async def work() -> UUID:
            await command(self.session, self.clock, self.viewer, review_id, *order)
            return review_id

        return await self.once(f"review.{command.__name__} {review_id}", list(order), work)

    async def leave(self, command: Callable[..., Awaitable[None]], review_id: UUID) -> ReviewRef:
        """A step after which the review is closed to the viewer: there is nothing to show."""

        async def answer() -> ReviewRef:
            await command(self.session, self.clock, self.viewer, review_id)
            return ReviewRef(review_id)

        operation = f"review.{command.__name__} {review_id}"
        return await once(self.session, self.viewer, self.key, operation, None, ReviewRef, answer)

    async def measure(
        self, command: Callable[..., Awaitable[None]], measure_id: UUID, order: object
    ) -> MeasureOut:
        """Carry out one step of a measure and show it as it is now."""

        async def answer() -> MeasureRef:
            await command(self.session, self.clock, self.viewer, measure_id, order)
            return MeasureRef(measure_id)

        operation = f"measure.{command.__name__} {measure_id}"
        await once(self.session, self.viewer, self.key, operation, order, MeasureRef, answer)
        return await queries.measure(self.session, self.clock, self.viewer, measure_id)


async def provide_review_call(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> ReviewCall:
    """The request as a dependency."""
    return ReviewCall(session, clock, viewer, sealer, idempotency_key)
