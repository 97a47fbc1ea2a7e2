"""Training over HTTP: courses, their files, classes, attendance, quizzes, counts per unit."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import Provide
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncSession

from consult.media.engine import MediaEngine
from consult.rooms.asking import present
from consult.rooms.schemas import TicketOut
from consult.training import attending, materials, queries, seats, service, statistics, workbook
from consult.training.asking import TrainingCall, provide_training_call
from consult.training.queries import Which
from consult.training.rights import LEARNERS, OVERSEERS, TEACHERS
from consult.training.schemas import (
    AnswerCheck,
    ClassDetail,
    CourseDetail,
    CourseOut,
    EditCourse,
    Move,
    MoveWhy,
    NewClass,
    NewCourse,
    NewQuiz,
    TrainingStatistics,
    TryQuiz,
)
from consult.training.workbook import Language
from kernel.access import OPT, roles
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.handing import EXCEL, to_save
from kernel.viewer import Viewer

LEARNING, TEACHING, OVERSEEING = roles(*LEARNERS), roles(*TEACHERS), roles(*OVERSEERS)
MAX_UPLOAD_BYTES = 20_000_000
"""Beyond what any installation may allow; this route's own limit of the request's body."""
CONTENT = frozenset({*materials.SUFFIX, "application/octet-stream"})


@get("/training/courses", opt={OPT: LEARNING})
async def list_courses(
    session: AsyncSession, viewer: Viewer, which: Which = "current"
) -> list[CourseOut]:
    """Courses open to the viewer, with how far they are in each."""
    return await queries.courses(session, viewer, which)


@post("/training/courses", opt={OPT: TEACHING})
async def make_course(data: NewCourse, call: TrainingCall) -> CourseDetail:
    """A draft of the viewer's house."""
    return await call.course(
        "training.make",
        data,
        lambda: service.make_course(call.session, call.clock, call.viewer, data),
    )


@get("/training/courses/{course_id:uuid}", opt={OPT: LEARNING})
async def get_course(
    session: AsyncSession, clock: Clock, viewer: Viewer, course_id: UUID
) -> CourseDetail:
    """One course: files, classes, questions, the viewer's own tries."""
    return await queries.one(session, clock, viewer, course_id)


@post("/training/courses/{course_id:uuid}/edit", opt={OPT: TEACHING}, status_code=200)
async def edit_course(course_id: UUID, data: EditCourse, call: TrainingCall) -> CourseDetail:
    """Change what it says."""
    return await call.course(*call.doing(service.edit_course, course_id, data))


@post("/training/courses/{course_id:uuid}/publish", opt={OPT: TEACHING}, status_code=200)
async def publish_course(course_id: UUID, data: Move, call: TrainingCall) -> CourseDetail:
    """Open it to everybody."""
    return await call.course(*call.doing(service.publish_course, course_id, data))


@post("/training/courses/{course_id:uuid}/close", opt={OPT: TEACHING}, status_code=200)
async def close_course(course_id: UUID, data: Move, call: TrainingCall) -> CourseDetail:
    """No more classes and tries."""
    return await call.course(*call.doing(service.close_course, course_id, data))


@post("/training/courses/{course_id:uuid}/quiz", opt={OPT: TEACHING})
async def write_quiz(course_id: UUID, data: NewQuiz, call: TrainingCall) -> CourseDetail:
    """The next version of the questions."""
    return await call.course(*call.doing(service.ask_quiz, course_id, data))


@post("/training/courses/{course_id:uuid}/attempts", opt={OPT: LEARNING})
async def try_quiz(course_id: UUID, data: TryQuiz, call: TrainingCall) -> CourseDetail:
    """Answer the questions."""
    return await call.course(*call.doing(attending.try_quiz, course_id, data))


@post(
    "/training/courses/{course_id:uuid}/materials",
    opt={OPT: TEACHING, "content": CONTENT},
    request_max_body_size=MAX_UPLOAD_BYTES,
)
async def add_material(
    course_id: UUID,
    request: Request[Any, Any, Any],
    call: TrainingCall,
    blobs: BlobStore,
    name: Annotated[str, Parameter(min_length=1, max_length=120)],
) -> CourseDetail:
    """Keep a PDF, picture or film; known by its bytes, sealed."""
    content = await request.body()

    async def work() -> UUID:
        await materials.add(call.session, call.clock, call.viewer, blobs, course_id, name, content)
        return course_id

    return await call.course(f"training.add_material {course_id}", (name, len(content)), work)


@get("/training/materials/{material_id:uuid}/content", opt={OPT: LEARNING})
async def get_material(
    session: AsyncSession, blobs: BlobStore, material_id: UUID
) -> Response[bytes]:
    """The bytes, as a download."""
    name, media_type, content = await materials.fetch(session, blobs, material_id)
    return Response(content, media_type=media_type, headers=to_save(name))


@post("/training/materials/{material_id:uuid}/remove", opt={OPT: TEACHING}, status_code=200)
async def remove_material(material_id: UUID, call: TrainingCall) -> CourseDetail:
    """Take it off the list."""
    return await call.course(
        "training.remove_material",
        str(material_id),
        lambda: materials.remove(call.session, call.clock, call.viewer, material_id),
    )


@post("/training/courses/{course_id:uuid}/classes", opt={OPT: TEACHING})
async def plan_class(course_id: UUID, data: NewClass, call: TrainingCall) -> ClassDetail:
    """A class of the course."""
    return await call.seated(
        f"training.plan_class {course_id}",
        data,
        lambda: service.plan_class(call.session, call.clock, call.viewer, course_id, data),
    )


@get("/training/classes/{class_id:uuid}", opt={OPT: LEARNING})
async def get_class(
    session: AsyncSession, clock: Clock, viewer: Viewer, class_id: UUID
) -> ClassDetail:
    """One class as the viewer stands in it."""
    return await queries.one_class(session, clock, viewer, class_id)


@post("/training/classes/{class_id:uuid}/open", opt={OPT: TEACHING}, status_code=200)
async def open_class(class_id: UUID, data: Move, call: TrainingCall) -> ClassDetail:
    """It runs from now on."""
    return await call.seated(*call.doing(service.open_class, class_id, data))


@post("/training/classes/{class_id:uuid}/end", opt={OPT: TEACHING}, status_code=200)
async def end_class(
    class_id: UUID, data: Move, call: TrainingCall, media: MediaEngine | None
) -> ClassDetail:
    """It is over; everybody's attendance is judged and everybody sent out of its room."""
    over = await call.seated(*call.doing(service.end_class, class_id, data))
    await seats.clear(media, class_id)
    return over


@post("/training/classes/{class_id:uuid}/cancel", opt={OPT: TEACHING}, status_code=200)
async def cancel_class(class_id: UUID, data: MoveWhy, call: TrainingCall) -> ClassDetail:
    """It does not take place, and why."""
    return await call.seated(*call.doing(service.cancel_class, class_id, data))


@post("/training/classes/{class_id:uuid}/tickets", opt={OPT: LEARNING})
async def give_class_ticket(
    session: AsyncSession, clock: Clock, viewer: Viewer, media: MediaEngine | None, class_id: UUID
) -> TicketOut:
    """A ticket into the class's room, to speak or to listen by. Each call gives another."""
    return await seats.take(session, clock, viewer, present(media), class_id)


@post("/training/classes/{class_id:uuid}/presence", opt={OPT: LEARNING}, status_code=200)
async def be_in_class(
    session: AsyncSession, clock: Clock, viewer: Viewer, class_id: UUID
) -> ClassDetail:
    """A heartbeat of the page: I am there. Sent again it says the same, so it takes no key."""
    await attending.be_there(session, clock, viewer, class_id)
    return await queries.one_class(session, clock, viewer, class_id)


@post("/training/classes/{class_id:uuid}/leave", opt={OPT: LEARNING}, status_code=200)
async def leave_class(
    session: AsyncSession, clock: Clock, viewer: Viewer, class_id: UUID
) -> ClassDetail:
    """I go; sent again it says the same, so it takes no key."""
    await attending.leave(session, clock, viewer, class_id)
    return await queries.one_class(session, clock, viewer, class_id)


@post("/training/classes/{class_id:uuid}/check", opt={OPT: LEARNING}, status_code=200)
async def answer_class_check(class_id: UUID, data: AnswerCheck, call: TrainingCall) -> ClassDetail:
    """The number that was pressed."""
    return await call.seated(*call.doing(attending.answer_check, class_id, data))


@get("/training/statistics", opt={OPT: OVERSEEING})
async def get_training_statistics(
    session: AsyncSession, start: datetime, end: datetime
) -> TrainingStatistics:
    """What the people of every house that the viewer oversees attended, between two moments."""
    return await statistics.of_units(session, start, end)


@get("/training/statistics/export", opt={OPT: OVERSEEING}, media_type=EXCEL)
async def export_training_statistics(
    session: AsyncSession, start: datetime, end: datetime, language: Language = "zh"
) -> Response[bytes]:
    """The same as an Excel file."""
    found = await statistics.of_units(session, start, end)
    return Response(
        workbook.book(found, language), media_type=EXCEL, headers=to_save("training.xlsx")
    )


router = Router(
    "/",
    route_handlers=[
        list_courses, make_course, get_course, edit_course, publish_course, close_course,
        write_quiz, try_quiz, add_material, get_material, remove_material, plan_class, get_class,
        open_class, end_class, cancel_class, give_class_ticket, be_in_class, leave_class,
        answer_class_check,        get_training_statistics, export_training_statistics,
    ],
    dependencies={"call": Provide(provide_training_call)},
    tags=["training"],
)  # fmt: skip
