"""One request about a round or an entry: who asks, in which transaction, under which key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Viewer
from quality.rounds import queries, showing
from quality.rounds.schemas import (
    EntryDetail,
    EntryRef,
    RoundDetail,
    RoundRef,
    VisitDetail,
    VisitRef,
)


@dataclass(frozen=True, slots=True)
class RoundCall:
    """A dependency of every route that changes something of a round."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    key: str | None

    async def plan(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> RoundDetail:
        """Do `work` once under this key and show the round as it is now."""

        async def answer() -> RoundRef:
            return RoundRef(await work())

        done = await once(self.session, self.viewer, self.key, operation, body, RoundRef, answer)
        return await queries.one_round(self.session, self.clock, done.round_id)

    async def entry(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> EntryDetail:
        """Do `work` once under this key and show the entry as it is now."""

        async def answer() -> EntryRef:
            return EntryRef(await work())

        done = await once(self.session, self.viewer, self.key, operation, body, EntryRef, answer)
        return await showing.one_entry(self.session, self.clock, done.entry_id)

    async def visit(
        self, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
    ) -> VisitDetail:
        """Do `work` once under this key and show the visit as it is now."""

        async def answer() -> VisitRef:
            return VisitRef(await work())

        done = await once(self.session, self.viewer, self.key, operation, body, VisitRef, answer)
        return await showing.one_visit(self.session, self.clock, done.visit_id)

    async def move_visit(
        self,
        command: Callable[..., Awaitable[None]],
        visit_id: UUID,
        order: object,
        remembered: object = None,
    ) -> VisitDetail:
        """Carry out one step of a visit; `remembered`: the order without its password."""

        async def work() -> UUID:
            await command(self.session, self.clock, self.viewer, visit_id, order)
            return visit_id

        name = f"visit.{command.__name__} {visit_id}"
        return await self.visit(name, order if remembered is None else remembered, work)

    async def move_task(
        self, command: Callable[..., Awaitable[UUID]], task_id: UUID, order: object
    ) -> EntryDetail:
        """Carry out one step of a task."""
        return await self.entry(
            f"task.{command.__name__} {task_id}",
            order,
            lambda: command(self.session, self.clock, self.viewer, task_id, order),
        )

    async def move(
        self,
        command: Callable[..., Awaitable[None]],
        entry_id: UUID,
        order: object,
        remembered: object = None,
    ) -> EntryDetail:
        """Carry out one step of an entry; `remembered`: the order without its password."""

        async def work() -> UUID:
            await command(self.session, self.clock, self.viewer, entry_id, order)
            return entry_id

        name = f"assessment.{command.__name__} {entry_id}"
        return await self.entry(name, order if remembered is None else remembered, work)

    async def move_round(
        self, command: Callable[..., Awaitable[None]], round_id: UUID, order: object
    ) -> RoundDetail:
        """Carry out one step of a round."""

        async def work() -> UUID:
            await command(self.session, self.clock, self.viewer, round_id, order)
            return round_id

        return await self.plan(f"round.{command.__name__} {round_id}", order, work)


async def provide_round_call(
    session: AsyncSession, clock: Clock, viewer: Viewer, idempotency_key: str | None
) -> RoundCall:
    """The request as a dependency."""
    return RoundCall(session, clock, viewer, idempotency_key)
