"""HTTP for advice. Thin: parse, one command or query, answer."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
from litestar import Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from consult import queries, service, signing
from consult.citing import Citable, Tracings, citable
from consult.readmodel import AdviceRevision
from consult.schemas import (
    Advice,
    Countersign,
    NewAdvice,
    ReportOrder,
    ReviseAdvice,
    SignAdvice,
)
from kernel.access import CLINICAL, OPT
from kernel.clock import Clock
from kernel.database import Database
from kernel.idempotency import once
from kernel.ids import AdviceId
from kernel.viewer import Viewer
from registry.people.service import confirm_password


class Done(msgspec.Struct, frozen=True):
    """What an idempotency key remembers: no text, only which advice."""

    advice_id: UUID


@get("/cases/{case_id:uuid}/advice", opt={OPT: CLINICAL})
async def list_advice(case_id: UUID, session: AsyncSession, viewer: Viewer) -> list[Advice]:
    """Signed advice of the case, and one's own drafts."""
    return await queries.advice_of_case(session, viewer, case_id)


@get("/cases/{case_id:uuid}/citable", opt={OPT: CLINICAL})
async def list_citable(
    case_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer, tracings: Tracings
) -> Citable:
    """Readings and tracings that an opinion on this case may cite."""
    return await citable(session, clock, viewer, tracings, case_id)


@post("/cases/{case_id:uuid}/advice", opt={OPT: CLINICAL})
async def write_advice(
    case_id: UUID,
    data: NewAdvice,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    tracings: Tracings,
    idempotency_key: str | None,
) -> Advice:
    """Keep a draft."""
    return await _once(
        session,
        viewer,
        idempotency_key,
        f"write_advice/{case_id}",
        data,
        lambda: service.write_advice(session, clock, viewer, case_id, data, tracings),
    )


@post("/advice/{advice_id:uuid}/revisions", opt={OPT: CLINICAL})
async def revise_advice(
    advice_id: UUID,
    data: ReviseAdvice,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    tracings: Tracings,
    idempotency_key: str | None,
) -> Advice:
    """Write the draft anew; every earlier wording stays."""
    return await _once(
        session,
        viewer,
        idempotency_key,
        f"revise_advice/{advice_id}",
        data,
        lambda: service.revise_advice(session, clock, viewer, advice_id, data, tracings),
    )


@get("/advice/{advice_id:uuid}/revisions", opt={OPT: CLINICAL})
async def list_revisions(
    advice_id: UUID, session: AsyncSession, viewer: Viewer
) -> list[AdviceRevision]:
    """Every wording of one opinion, with its time and its writer; the bedside sees the newest."""
    return await queries.revisions(session, viewer, advice_id)


@post("/advice/{advice_id:uuid}/sign", opt={OPT: CLINICAL})
async def sign_advice(
    advice_id: UUID,
    data: SignAdvice,
    session: AsyncSession,
    database: Database,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Advice:
    """Sign the revision one has read with one's password; locked from then on."""
    await confirm_password(database, clock, viewer, data.password)
    return await _once(
        session,
        viewer,
        idempotency_key,
        f"sign_advice/{advice_id}",
        data.revision,  # the password is no part of what is remembered
        lambda: signing.sign_advice(session, clock, viewer, advice_id, data.revision),
    )


@post("/advice/{advice_id:uuid}/stands", opt={OPT: CLINICAL})
async def countersign_advice(
    advice_id: UUID,
    data: Countersign,
    session: AsyncSession,
    database: Database,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Advice:
    """Agree with signed advice, or dissent and say why; signed with one's password."""
    await confirm_password(database, clock, viewer, data.password)
    return await _once(
        session,
        viewer,
        idempotency_key,
        f"countersign_advice/{advice_id}",
        (data.stand, data.words),  # the password is no part of what is remembered
        lambda: signing.countersign(session, clock, viewer, advice_id, data),
    )


@post("/advice/{advice_id:uuid}/orders/{n:int}/outcome", opt={OPT: CLINICAL})
async def report_order(
    advice_id: UUID,
    n: int,
    data: ReportOrder,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> Advice:
    """Read back, executed, or not executed and why."""
    return await _once(
        session,
        viewer,
        idempotency_key,
        f"report_order/{advice_id}/{n}",
        data,
        lambda: service.report_order(session, clock, viewer, advice_id, n, data),
    )


async def _once(
    session: AsyncSession,
    viewer: Viewer,
    key: str | None,
    operation: str,
    body: object,
    work: Callable[[], Awaitable[AdviceId]],
) -> Advice:
    async def answer() -> Done:
        return Done(await work())

    done = await once(session, viewer, key, operation, body, Done, answer)
    await session.flush()  # the view reads what the command wrote
    return await queries.advice(session, viewer, done.advice_id)


router = Router(
    "/",
    route_handlers=[
        list_advice, list_citable, write_advice, revise_advice, list_revisions, sign_advice,
        countersign_advice, report_order,
    ],
    tags=["advice"],
)  # fmt: skip
