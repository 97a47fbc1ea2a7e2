"""Certificates of training: issued once, printed on A4, checked by their code like every paper."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from consult.training import certificates
from consult.training.certificates import Earned
from consult.training.routes import LEARNING
from consult.training.rules import RULES
from kernel.access import OPT
from kernel.clock import Clock
from kernel.errors import NotFound
from kernel.idempotency import once
from kernel.ids import FacilityId
from kernel.sealing import Sealer
from kernel.viewer import Viewer
from referral.paper import issue as issuing
from referral.paper import words
from referral.paper.model import TITLES, Box, Document, PaperKind, Section
from registry.facilities import queries as facilities
from registry.people import queries as people
from server.paper.handing import kept, origin
from server.paper.routes import Done, IssuedPaper, IssuePaper, press, shown
from server.settings import Settings


@post("/training/courses/{course_id:uuid}/certificate", opt={OPT: LEARNING})
async def issue_certificate(
    course_id: UUID,
    data: IssuePaper,
    request: Request[Any, Any, Any],
    session: AsyncSession,
    clock: Clock,
    viewer: Viewer,
    sealer: Sealer,
    settings: Settings,
    idempotency_key: str | None,
) -> IssuedPaper:
    """The viewer's certificate, once it is earned; one that was issued is given again."""
    url = f"{origin(request, settings)}/verify"

    async def work() -> Done:
        earned = await certificates.earn(session, clock, viewer, course_id)
        document = await _document(session, viewer, earned)
        row = await issuing.issue(session, clock, viewer, sealer, earned.id, document, press(), url)
        return Done(row.id)

    operation = f"issue_certificate/{course_id}"
    done = await once(session, viewer, idempotency_key, operation, data, Done, work)
    await session.flush()
    return await shown(session, viewer, done.document_id, _path(course_id))


@get("/training/courses/{course_id:uuid}/certificate", opt={OPT: LEARNING})
async def get_certificate(course_id: UUID, session: AsyncSession, viewer: Viewer) -> IssuedPaper:
    """The viewer's certificate of the course, with the code by which anybody checks it."""
    earned = await certificates.held(session, viewer, course_id)
    row = await issuing.latest(session, viewer, earned.id, PaperKind.CERTIFICATE)
    if row is None:
        raise NotFound()
    return await shown(session, viewer, row.id, _path(course_id))


@get("/training/courses/{course_id:uuid}/certificate/pdf", opt={OPT: LEARNING})
async def get_certificate_pdf(
    course_id: UUID, session: AsyncSession, viewer: Viewer, sealer: Sealer
) -> Response[bytes]:
    """The paper, byte for byte as it was issued."""
    earned = await certificates.held(session, viewer, course_id)
    row = await issuing.latest(session, viewer, earned.id, PaperKind.CERTIFICATE)
    if row is None:
        raise NotFound()
    name = f"{TITLES[PaperKind.CERTIFICATE]}-{row.code[:4]}.pdf"
    return kept(name, sealer.open_bytes(bytes(row.pdf_sealed), issuing.FIELD))


def _path(course_id: UUID) -> str:
    return f"/api/training/courses/{course_id}/certificate/pdf"


async def _document(session: AsyncSession, viewer: Viewer, earned: Earned) -> Document:
    """Whose it is, of what, with which classes and score."""
    who = await people.get(session, viewer.person_id)
    houses = await facilities.get_many(
        session, [FacilityId(earned.facility_id), FacilityId(earned.house_id)]
    )
    own, held_by = houses[FacilityId(earned.facility_id)], houses[FacilityId(earned.house_id)]
    attended = "\n".join(
        f"{n}. {title}（{words.moment(at)}，在线 {present_s // 60} 分钟）"
        for n, (title, at, present_s) in enumerate(earned.classes, 1)
    )
    rules = (
        f"在线时长不少于 {RULES.present_percent}%，随机互动应答不少于 {RULES.answered_percent}%"
        f"（规则 {RULES.version}，{RULES.confidence}）"
    )
    section = Section(
        "",
        (
            Box("姓名（职称）", words.person(who), 3),
            Box("单位", words.place(own), 3),
            Box("课程", earned.title, 3),
            Box("主办单位", words.place(held_by), 3),
            Box("已核验出勤的场次", attended or None, 6),
            Box("测验成绩", f"{earned.score[0]} / {earned.score[1]} 题正确", 3),
            Box("发证时间", words.moment(earned.issued_at), 3),
            Box("出勤核验规则", rules, 6),
        ),
        unverified=True,
    )
    return Document(
        kind=PaperKind.CERTIFICATE,
        number=f"PX{earned.issued_at:%Y%m%d}-{earned.id.hex[-8:].upper()}",
        facility=held_by.name,
        sections=(section,),
        source=RULES.source,
        unverified=True,
        demo=viewer.demo,
    )


router = Router(
    "/",
    route_handlers=[issue_certificate, get_certificate, get_certificate_pdf],
    tags=["training"],
)
