"""Special-population lists.

The routes stand open to every login and find nothing for anybody without the permission: whether
such a list exists is nobody else's business, so the answer is 404 and never 403.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter

from kernel.access import ANY, OPT
from kernel.handing import to_save
from kernel.idempotency import once
from referral.casefiles.commands import (
    AddSpecial,
    ChangeSpecial,
    RemoveSpecial,
    ReopenSpecial,
    SubmitSpecial,
)
from referral.casefiles.policies import must_keep_special
from referral.casefiles.queries.special import (
    SpecialLine,
    SpecialMonth,
    special_month,
    special_versions,
)
from referral.casefiles.queries.special_export import Language, special_export
from referral.casefiles.routes.asked_file import ASKED, AskedFile
from referral.casefiles.service import special


class Kept(msgspec.Struct, frozen=True):
    """Which list a write concerned; what it says is read apart, and logged."""

    list_id: UUID


Month = Annotated[str, Parameter(max_length=10)]


async def _once(
    asked: AskedFile, operation: str, body: object, work: Callable[[], Awaitable[UUID]]
) -> Kept:
    must_keep_special(asked.viewer)

    async def answer() -> Kept:
        return Kept(list_id=await work())

    return await once(asked.session, asked.viewer, asked.key, operation, body, Kept, answer)


@get("/special-population", opt={OPT: ANY}, dependencies=ASKED)
async def get_special_month(month: Month, asked: AskedFile) -> SpecialMonth:
    """The month's lists that the viewer keeps or oversees; every reading is logged."""
    return await special_month(asked.session, asked.clock, asked.viewer, asked.sealer, month)


@get("/special-population/export", opt={OPT: ANY}, dependencies=ASKED)
async def export_special_month(
    month: Month, asked: AskedFile, language: Language = "zh"
) -> Response[bytes]:
    """The same as a sheet (CSV) for the archive; logged as an export."""
    content = await special_export(
        asked.session, asked.clock, asked.viewer, asked.sealer, month, language
    )
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers=to_save(f"special-population-{month}.csv"),
    )


@get("/special-rows/{row_id:uuid}/versions", opt={OPT: ANY}, dependencies=ASKED)
async def get_special_versions(row_id: UUID, asked: AskedFile) -> list[SpecialLine]:
    """Every version of a line; logged."""
    return await special_versions(asked.session, asked.clock, asked.viewer, asked.sealer, row_id)


@post("/special-population", opt={OPT: ANY}, dependencies=ASKED)
async def add_special_row(data: AddSpecial, asked: AskedFile) -> Kept:
    """Put a registered woman on the month's list."""
    return await _once(
        asked,
        "add_special_row",
        data,
        lambda: special.add_special(asked.session, asked.clock, asked.viewer, asked.sealer, data),
    )


@post("/special-rows/{row_id:uuid}/actions/change", opt={OPT: ANY}, dependencies=ASKED)
async def change_special_row(row_id: UUID, data: ChangeSpecial, asked: AskedFile) -> Kept:
    """A further version of a line."""
    return await _once(
        asked,
        f"change_special_row/{row_id}",
        data,
        lambda: special.change_special(
            asked.session, asked.clock, asked.viewer, asked.sealer, row_id, data
        ),
    )


@post("/special-rows/{row_id:uuid}/actions/remove", opt={OPT: ANY}, dependencies=ASKED)
async def remove_special_row(row_id: UUID, data: RemoveSpecial, asked: AskedFile) -> Kept:
    """Take a line off the list."""
    return await _once(
        asked,
        f"remove_special_row/{row_id}",
        data,
        lambda: special.remove_special(
            asked.session, asked.clock, asked.viewer, asked.sealer, row_id, data
        ),
    )


@post("/special-lists/{list_id:uuid}/actions/submit", opt={OPT: ANY}, dependencies=ASKED)
async def submit_special_list(list_id: UUID, data: SubmitSpecial, asked: AskedFile) -> Kept:
    """Hand the month in."""
    return await _once(
        asked,
        f"submit_special_list/{list_id}",
        data,
        lambda: special.submit_special(
            asked.session, asked.clock, asked.viewer, asked.sealer, list_id, data
        ),
    )


@post("/special-lists/{list_id:uuid}/actions/reopen", opt={OPT: ANY}, dependencies=ASKED)
async def reopen_special_list(list_id: UUID, data: ReopenSpecial, asked: AskedFile) -> Kept:
    """Take the month back to correct it."""
    return await _once(
        asked,
        f"reopen_special_list/{list_id}",
        data,
        lambda: special.reopen_special(
            asked.session, asked.clock, asked.viewer, asked.sealer, list_id, data
        ),
    )


HANDLERS: list[BaseRouteHandler] = [
    get_special_month,
    export_special_month,
    get_special_versions,
    add_special_row,
    change_special_row,
    remove_special_row,
    submit_special_list,
    reopen_special_list,
]
