"""Case files: the list, one file, and commands to a file."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter, QueryParameter

from kernel.access import CLINICAL, OPT, roles
from kernel.database import Database
from kernel.idempotency import once
from kernel.viewer import Role
from referral.casefiles.commands import (
    AddFileNote,
    AddTask,
    AssignOwner,
    CloseFile,
    CommentPlan,
    DraftPlan,
    FollowUp,
    OpenFile,
    ProposeHandover,
    SignPlan,
    VoidFile,
)
from referral.casefiles.queries.files import FileFilter, FileScope, file_list, file_of_pregnancy
from referral.casefiles.readmodel import CaseFile, FileList, FileVoided, PregnancyFile
from referral.casefiles.routes.asked_file import ASKED, LOOKING, AskedFile
from referral.casefiles.service import ending, followup, handover, opening, plan
from registry.people.service import confirm_password


@post("/case-files", opt={OPT: CLINICAL}, dependencies=ASKED)
async def open_case_file(data: OpenFile, asked: AskedFile) -> CaseFile:
    """Open a file by hand; a confirmed grade opens one by itself."""
    return await asked.once(
        "open_case_file",
        data,
        lambda: opening.open_by_hand(asked.session, asked.clock, asked.viewer, data),
    )


@get("/case-files", opt={OPT: LOOKING}, dependencies=ASKED)
async def list_case_files(
    asked: AskedFile,
    # Litestar gives an argument named `scope` the ASGI scope, not the query.
    whose: Annotated[FileScope, QueryParameter(name="scope")] = "all",
    which: Annotated[FileFilter, QueryParameter(name="state")] = "open",
    limit: Annotated[int, Parameter(ge=1, le=500)] = 200,
) -> FileList:
    """Files of the area: overdue ones first, then by what is due next."""
    return await file_list(
        asked.session,
        asked.clock,
        asked.viewer,
        asked.sealer,
        scope=whose,
        which=which,
        limit=limit,
    )


@get("/case-files/{file_id:uuid}", opt={OPT: LOOKING}, dependencies=ASKED)
async def get_case_file(file_id: UUID, asked: AskedFile) -> CaseFile:
    """One file with everything that hangs on it and everything the viewer may do."""
    return await asked.show(file_id)


@get("/pregnancies/{pregnancy_id:uuid}/case-file", opt={OPT: CLINICAL}, dependencies=ASKED)
async def get_pregnancy_file(pregnancy_id: UUID, asked: AskedFile) -> PregnancyFile:
    """Which open file a pregnancy has."""
    return await file_of_pregnancy(asked.session, asked.viewer, pregnancy_id)


@post("/case-files/{file_id:uuid}/actions/draft_plan", opt={OPT: CLINICAL}, dependencies=ASKED)
async def draft_plan(file_id: UUID, data: DraftPlan, asked: AskedFile) -> CaseFile:
    """A new version of the plan."""
    return await asked.do(plan.draft_plan, file_id, data)


@post("/case-files/{file_id:uuid}/actions/comment_plan", opt={OPT: CLINICAL}, dependencies=ASKED)
async def comment_plan(file_id: UUID, data: CommentPlan, asked: AskedFile) -> CaseFile:
    """A remark on the version that waits for signatures."""
    return await asked.do(plan.comment_plan, file_id, data)


@post("/case-files/{file_id:uuid}/actions/sign_plan", opt={OPT: CLINICAL}, dependencies=ASKED)
async def sign_plan(
    file_id: UUID, data: SignPlan, asked: AskedFile, database: Database
) -> CaseFile:
    """Agree to the plan with one's password."""
    await confirm_password(database, asked.clock, asked.viewer, data.password)
    # The password is no part of what is remembered.
    body = msgspec.structs.replace(data, password="-")  # noqa: S106
    return await asked.once(
        f"sign_plan/{file_id}",
        body,
        lambda: plan.sign_plan(asked.session, asked.clock, asked.viewer, file_id, data),
    )


@post("/case-files/{file_id:uuid}/actions/add_task", opt={OPT: CLINICAL}, dependencies=ASKED)
async def add_task(file_id: UUID, data: AddTask, asked: AskedFile) -> CaseFile:
    """Something to be done for her by a moment."""
    return await asked.do(followup.add_task, file_id, data)


@post("/case-files/{file_id:uuid}/actions/follow_up", opt={OPT: CLINICAL}, dependencies=ASKED)
async def record_follow_up(file_id: UUID, data: FollowUp, asked: AskedFile) -> CaseFile:
    """The record of having seen her."""
    return await asked.do(followup.follow_up, file_id, data)


@post("/case-files/{file_id:uuid}/actions/add_note", opt={OPT: CLINICAL}, dependencies=ASKED)
async def add_file_note(file_id: UUID, data: AddFileNote, asked: AskedFile) -> CaseFile:
    """A line in the file."""
    return await asked.do(followup.add_note, file_id, data)


@post(
    "/case-files/{file_id:uuid}/actions/propose_handover", opt={OPT: CLINICAL}, dependencies=ASKED
)
async def propose_handover(file_id: UUID, data: ProposeHandover, asked: AskedFile) -> CaseFile:
    """Ask another house to be responsible."""
    return await asked.do(handover.propose_handover, file_id, data)


@post("/case-files/{file_id:uuid}/actions/assign", opt={OPT: CLINICAL}, dependencies=ASKED)
async def assign_owner(file_id: UUID, data: AssignOwner, asked: AskedFile) -> CaseFile:
    """Another colleague of the same house."""
    return await asked.do(handover.assign_owner, file_id, data)


@post("/case-files/{file_id:uuid}/actions/close", opt={OPT: CLINICAL}, dependencies=ASKED)
async def close_case_file(file_id: UUID, data: CloseFile, asked: AskedFile) -> CaseFile:
    """Close with an outcome."""
    return await asked.do(ending.close_file, file_id, data)


@post(
    "/case-files/{file_id:uuid}/actions/void",
    opt={OPT: roles(Role.SYSTEM_ADMIN)},
    dependencies=ASKED,
)
async def void_case_file(file_id: UUID, data: VoidFile, asked: AskedFile) -> FileVoided:
    """The file should not exist; an administrator voids it without seeing it."""

    async def work() -> FileVoided:
        return await ending.void_file(asked.session, asked.clock, asked.viewer, file_id, data)

    operation = f"void_file/{file_id}"
    return await once(asked.session, asked.viewer, asked.key, operation, data, FileVoided, work)


HANDLERS: list[BaseRouteHandler] = [
    open_case_file,
    list_case_files,
    get_case_file,
    get_pregnancy_file,
    draft_plan,
    comment_plan,
    sign_plan,
    add_task,
    record_follow_up,
    add_file_note,
    propose_handover,
    assign_owner,
    close_case_file,
    void_case_file,
]
