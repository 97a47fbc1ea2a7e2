"""What every route needs, gathered once: who asks, in which transaction, under which key."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import Access, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import CaseId
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from referral.queries.case import referral
from referral.readmodel.whole import Referral

TREATING: Access = roles(
    Role.REFERRING_CLINICIAN, Role.EXPERT, Role.COORDINATOR, Role.DUTY_DESK, Role.CREW
)
"""Whoever may act on a case; on which, and how, the case itself decides."""

WATCHING: Access = roles(
    Role.REFERRING_CLINICIAN,
    Role.EXPERT,
    Role.COORDINATOR,
    Role.DUTY_DESK,
    Role.CREW,
    Role.COMMISSION,
)
"""Also the commission: cases of its region, without identity or clinical text."""

Order = TypeVar("Order", bound=msgspec.Struct)
Command = Callable[[AsyncSession, Clock, Viewer, UUID, Order], Awaitable[CaseId]]


class Done(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    sealer: Sealer
    key: str | None

    async def once(
        self, operation: str, body: object, work: Callable[[], Awaitable[CaseId]]
    ) -> Referral:
        """Do `work` once under this key and show the case.

        Only the case's id is remembered: an answer holds names, which are stored sealed or not at
        all. A repeat therefore shows the case as it is now.
        """

        async def answer() -> Done:
            return Done(case_id=await work())

        done = await once(self.session, self.viewer, self.key, operation, body, Done, answer)
        await self.session.flush()  # the view reads what the command wrote
        return await self.show(CaseId(done.case_id))

    async def do(self, command: Command[Order], target: UUID, order: Order) -> Referral:
        """Carry out one command on a case, offer, leg or hold."""
        operation = f"{command.__module__}.{command.__name__}/{target}"
        return await self.once(
            operation,
            order,
            lambda: command(self.session, self.clock, self.viewer, target, order),
        )

    async def show(self, case_id: UUID) -> Referral:
        """The case as the viewer sees it."""
        return await referral(self.session, self.clock, self.viewer, self.sealer, case_id)


async def provide_asked(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> Asked:
    """The request as a dependency."""
    return Asked(session, clock, viewer, sealer, idempotency_key)
