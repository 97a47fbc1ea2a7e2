"""Files in and out over HTTP: the bytes as the request's body, what they are in the query."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from duty.feeds import sheets
from duty.feeds.incoming import apart, service
from duty.feeds.incoming.reading import MAX_BYTES, Kind, Reading
from duty.feeds.incoming.schemas import Confirmed, ImportDone, ImportPreview, SaidNames
from kernel.access import ANY, OPT, Access, roles
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import BadInput
from kernel.handing import EXCEL, to_save
from kernel.idempotency import once
from kernel.ids import GroupId
from kernel.viewer import Role, Viewer

ROSTERING: Access = roles(Role.COORDINATOR, Role.DUTY_DESK)
CONTENT = frozenset({EXCEL, "text/calendar", "application/octet-stream"})
LONGEST = timedelta(days=100)


@get("/duty/sheet", opt={OPT: ANY})
async def group_sheet(
    group_id: UUID,
    session: AsyncSession,
    clock: Clock,
    start: Annotated[datetime, QueryParameter(name="from")],
    to: datetime,
) -> Response[bytes]:
    """A group's published roster as an Excel file."""
    if start.tzinfo is None or to.tzinfo is None:
        raise BadInput(field="from", reason="no_zone")
    if not timedelta(0) < to - start <= LONGEST:
        raise BadInput(field="to", reason="too_long" if to > start else "end_before_start")
    return _file(await sheets.of_group(session, clock, GroupId(group_id), (start, to)))


@get("/duty/plans/{plan_id:uuid}/sheet", opt={OPT: ANY})
async def plan_sheet(
    plan_id: UUID, session: AsyncSession, clock: Clock, viewer: Viewer
) -> Response[bytes]:
    """A draft as an Excel file to fill in and import."""
    return _file(await sheets.of_plan(session, clock, viewer, plan_id))


@post(
    "/duty/plans/{plan_id:uuid}/import/preview",
    opt={OPT: ROSTERING, "content": CONTENT},
    request_max_body_size=MAX_BYTES,
    status_code=200,
)
async def preview_import(
    plan_id: UUID,
    request: Request[Any, Any, Any],
    session: AsyncSession,
    database: Database,
    clock: Clock,
    viewer: Viewer,
    kind: Kind,
    slot_id: UUID | None = None,
) -> ImportPreview:
    """What a file would write into a draft; nothing is written."""
    content = await request.body()
    reading = await _read(database, viewer, plan_id, kind, slot_id, content)
    return await service.preview(session, clock, viewer, plan_id, reading)


@post(
    "/duty/plans/{plan_id:uuid}/import",
    opt={OPT: ROSTERING, "content": CONTENT},
    request_max_body_size=MAX_BYTES,
    status_code=200,
)
async def confirm_import(
    plan_id: UUID,
    request: Request[Any, Any, Any],
    session: AsyncSession,
    database: Database,
    clock: Clock,
    viewer: Viewer,
    idempotency_key: str | None,
    kind: Kind,
    digest: Annotated[str, QueryParameter(pattern="^[0-9a-f]{64}$")],
    version: Annotated[int, QueryParameter(ge=1)],
    skip: bool = False,
    slot_id: UUID | None = None,
) -> ImportDone:
    """Write what the preview showed into the draft."""
    content = await request.body()
    confirmed = Confirmed(sha256(content).hexdigest(), digest, version, skip)
    reading = await _read(database, viewer, plan_id, kind, slot_id, content)

    async def work() -> ImportDone:
        return await service.confirm(session, clock, viewer, plan_id, reading, confirmed)

    operation = f"plan_import:{plan_id}:{kind}:{slot_id}"
    return await once(session, viewer, idempotency_key, operation, confirmed, ImportDone, work)


@post("/duty/plans/{plan_id:uuid}/import/names", opt={OPT: ROSTERING}, status_code=204)
async def explain_names(
    plan_id: UUID, data: SaidNames, session: AsyncSession, clock: Clock, viewer: Viewer
) -> None:
    """Whom this house's files mean by these names, from now on."""
    await service.explain(session, clock, viewer, plan_id, data)


async def _read(
    database: Database,
    viewer: Viewer,
    plan_id: UUID,
    kind: Kind,
    slot_id: UUID | None,
    content: bytes,
) -> Reading:
    """Read the file; no transaction is open while the child works."""
    async with database.session(viewer) as asking:
        wanted = await service.wanted(asking, viewer, plan_id, kind, slot_id)
    return await apart.read(content, wanted)


def _file(content: bytes) -> Response[bytes]:
    return Response(content, media_type=EXCEL, headers=to_save("roster.xlsx"))


router = Router(
    "/",
    route_handlers=[group_sheet, plan_sheet, preview_import, confirm_import, explain_names],
    tags=["duty"],
)
