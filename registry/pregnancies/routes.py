"""HTTP for patients, pregnancies and newborns."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import CLINICAL, OPT, roles
from kernel.clock import Clock
from kernel.idempotency import once
from kernel.ids import PregnancyId
from kernel.sealing import Sealer
from kernel.viewer import Role, Viewer
from registry.pregnancies import queries, service
from registry.pregnancies.schemas import (
    AccessOut,
    NewbornOut,
    NewNewborn,
    NewPatient,
    PatientCreated,
    PatientFound,
    PregnancyOut,
)


@post("/patients", opt={OPT: CLINICAL})
async def create_patient(
    data: NewPatient,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    idempotency_key: str | None,
) -> PatientCreated:
    """Register a woman and her pregnancy; one known by her number is found, not doubled."""

    async def work() -> PatientCreated:
        return await service.create_patient_with_pregnancy(session, clock, viewer, sealer, data)

    return await once(
        session, viewer, idempotency_key, "create_patient", data, PatientCreated, work
    )


@get("/patients", opt={OPT: CLINICAL})
async def search(
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    q: Annotated[str, Parameter(min_length=1, max_length=60)],
) -> list[PatientFound]:
    """Find by exact identity number, or by full name in one's own facilities."""
    return await queries.search(session, clock, viewer, sealer, q)


@get("/pregnancies/{pregnancy_id:uuid}", opt={OPT: CLINICAL})
async def pregnancy(
    pregnancy_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer, sealer: Sealer
) -> PregnancyOut:
    """A pregnancy with whose it is; opening it is logged."""
    return await queries.open_pregnancy(session, clock, viewer, sealer, PregnancyId(pregnancy_id))


@post("/pregnancies/{pregnancy_id:uuid}/newborns", opt={OPT: CLINICAL})
async def add_newborn(
    pregnancy_id: UUID,
    data: NewNewborn,
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
) -> NewbornOut:
    """Record a birth; twins are two calls."""

    async def work() -> NewbornOut:
        return await service.add_newborn(session, clock, viewer, PregnancyId(pregnancy_id), data)

    operation = f"add_newborn/{pregnancy_id}"
    return await once(session, viewer, idempotency_key, operation, data, NewbornOut, work)


@get("/admin/access-log", opt={OPT: roles(Role.AUDITOR)})
async def access_log(
    session: AsyncSession,
    patient_id: UUID | None = None,
    person_id: UUID | None = None,
    before: int | None = None,
    limit: Annotated[int, Parameter(ge=1, le=500)] = 100,
) -> list[AccessOut]:
    """Who opened which patient, when and why; newest first."""
    return await queries.access_log(
        session, patient_id=patient_id, person_id=person_id, before=before, limit=limit
    )


router = Router(
    "/",
    route_handlers=[create_patient, search, pregnancy, add_newborn, access_log],
    tags=["patients"],
)
