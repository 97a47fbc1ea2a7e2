"""What every route on case files needs, gathered once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import msgspec
from litestar.di import Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import Access, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import CaseId
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from referral.casefiles.queries.files import case_file
from referral.casefiles.readmodel import CaseFile

LOOKING: Access = roles(
    Role.REFERRING_CLINICIAN,
    Role.EXPERT,
    Role.COORDINATOR,
    Role.DUTY_DESK,
    Role.COMMISSION,
)
"""Also the commission: files of its region, without identity or clinical text."""

Order = TypeVar("Order", bound=msgspec.Struct)
Command = Callable[[AsyncSession, Clock, Viewer, UUID, Order], Awaitable[CaseId]]


class Done(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class AskedFile:
    """One request."""

    session: AsyncSession
    clock: Clock
    viewer: Viewer
    sealer: Sealer
    key: str | None

    async def once(
        self, operation: str, body: object, work: Callable[[], Awaitable[CaseId]]
    ) -> CaseFile:
        """Do `work` once under this key and show the file as it is now."""

        async def answer() -> Done:
            return Done(case_id=await work())

        done = await once(self.session, self.viewer, self.key, operation, body, Done, answer)
        await self.session.flush()  # the view reads what the command wrote
        return await self.show(done.case_id)

    async def do(self, command: Command[Order], target: UUID, order: Order) -> CaseFile:
        """Carry out one command on a file, report, task or hand-over."""
        operation = f"{command.__module__}.{command.__name__}/{target}"
        return await self.once(
            operation,
            order,
            lambda: command(self.session, self.clock, self.viewer, target, order),
        )

    async def show(self, case_id: UUID) -> CaseFile:
        """The file as the viewer sees it."""
        return await case_file(self.session, self.clock, self.viewer, self.sealer, case_id)


async def provide_asked_file(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> AskedFile:
    """The request as a dependency."""
    return AskedFile(session, clock, viewer, sealer, idempotency_key)


ASKED = {"asked": Provide(provide_asked_file)}
