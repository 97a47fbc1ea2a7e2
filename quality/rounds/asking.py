"""One request about a round or an entry: who asks, in which transaction, under which key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.idempotency import once
from kernel.viewer import Viewer
from quality.rounds import queries
from quality.rounds.schemas import EntryDetail, EntryRef, RoundDetail, RoundRef


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
        return await queries.one_entry(self.session, self.clock, done.entry_id)

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
