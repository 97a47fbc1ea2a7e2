"""Routes of the read side: a case's course, indicators, and what they mean."""

from typing import Annotated, Final, Literal
from uuid import UUID

from litestar import Response, Router, get
from litestar.di import Provide
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.access import OPT, roles
from kernel.clock import Clock
from kernel.handing import EXCEL, to_save
from kernel.ids import CaseId
from kernel.viewer import CLINICAL_ROLES, Role
from quality import areas, course, ddi, indicators
from quality.actions.routes import ROUTES as ACTIONS
from quality.actions.routes import provide_action_call
from quality.annotations.routes import ROUTES as ANNOTATIONS
from quality.annotations.service import of_file
from quality.course_schemas import ProofOut, Timeline
from quality.exercises.routes import ROUTES as EXERCISES
from quality.exercises.routes import provide_exercise_call
from quality.frozen.routes import ROUTES as FROZEN
from quality.handbook.routes import ROUTES as HANDBOOK
from quality.imports.routes import ROUTES as IMPORTS
from quality.obligations.routes import ROUTES as OBLIGATIONS
from quality.parameters import Late, Small, asked, counted
from quality.readers import NUMBERS
from quality.repository import Scope
from quality.returns.asking import provide_puller, provide_return_call
from quality.returns.routes import ROUTES as RETURNS
from quality.schemas import (
    Ddi,
    IndicatorAreas,
    IndicatorCases,
    IndicatorDetail,
    Indicators,
)
from quality.workbook import Language, comma_separated, workbook

COURSE = roles(*CLINICAL_ROLES, Role.COMMISSION, Role.CREW)
HOUSES_NAMED: Final = 12
"""Of each indicator in the overview; the map and the file have them all."""

As = Annotated[
    Literal["xlsx", "csv"],
    QueryParameter(name="as", description="An Excel workbook, or one table of text."),
]
CSV: Final = "text/csv; charset=utf-8"


@get("/cases/{case_id:uuid}/timeline", opt={OPT: COURSE})
async def get_timeline(session: AsyncSession, case_id: UUID) -> Timeline:
    """A case's events with both clocks, who acted, and all amendments."""
    return await course.timeline(session, CaseId(case_id))


@get("/cases/{case_id:uuid}/proof", opt={OPT: COURSE})
async def get_proof(session: AsyncSession, case_id: UUID, seq: int | None = None) -> ProofOut:
    """Proof that an event stands in the signed log; without `seq`, of the newest that does."""
    return await course.proof(session, CaseId(case_id), seq)


@get("/indicators", opt={OPT: NUMBERS})
async def get_indicators(session: AsyncSession, asked: Scope, late: Late = "with") -> Indicators:
    """All indicators over the cases that the viewer may see, each with its definition and the
    facilities with the most.
    """
    return await indicators.overview(session, asked, late, houses=HOUSES_NAMED)


@get("/indicators/{code:str}", opt={OPT: NUMBERS})
async def get_indicator(
    session: AsyncSession,
    asked: Scope,
    code: str,
    late: Late = "with",
) -> IndicatorDetail:
    """One indicator with points and months for plots."""
    return await indicators.detail(session, asked, late, code)


@get("/indicators/{code:str}/cases", opt={OPT: NUMBERS})
async def get_indicator_cases(
    session: AsyncSession,
    asked: Scope,
    code: str,
    late: Late = "with",
) -> IndicatorCases:
    """The cases behind one number."""
    return await indicators.behind(session, asked, late, code)


@get("/indicators/{code:str}/areas", opt={OPT: NUMBERS})
async def get_indicator_areas(
    session: AsyncSession, clock: Clock, counted: Scope, code: str, late: Late = "with"
) -> IndicatorAreas:
    """One indicator in a region, in the regions and facilities directly in it, with outlines."""
    return await areas.areas(session, clock.now(), counted, late, code)


@get("/quality/export", opt={OPT: NUMBERS}, media_type=EXCEL)
async def export_indicators(
    session: AsyncSession,
    clock: Clock,
    asked: Scope,
    late: Late = "with",
    small: Small = "show",
    language: Language = "zh",
    as_: As = "xlsx",
) -> Response[bytes]:
    """All indicators in the order of the national list, as a file; `small=hide` for one that is
    handed on. A workbook holds what was noted of the months, as the viewer reads it.
    """
    found = await indicators.overview(session, asked, late)
    hide, at = small == "hide", clock.now()
    if as_ == "csv":
        file, kind = comma_separated(found, hide=hide, language=language, at=at), CSV
    else:
        notes = await of_file(session, asked, found)
        file, kind = workbook(found, notes, hide=hide, language=language, at=at), EXCEL
    return Response(file, media_type=kind, headers=to_save(f"indicators.{as_}"))


@get("/quality/ddi", opt={OPT: NUMBERS})
async def get_ddi(session: AsyncSession, counted: Scope) -> Ddi:
    """Decision to delivery by class, place and anaesthesia, with and without late entries."""
    return await ddi.split(session, counted)


router = Router(
    "",
    dependencies={
        "counted": Provide(counted),
        "asked": Provide(asked),
        "puller": Provide(provide_puller),
        "return_call": Provide(provide_return_call),
        "exercise_call": Provide(provide_exercise_call),
        "action_call": Provide(provide_action_call),
    },
    route_handlers=[
        get_timeline,
        get_proof,
        get_indicators,
        get_indicator,
        get_indicator_cases,
        get_indicator_areas,
        export_indicators,
        get_ddi,
        *HANDBOOK,
        *FROZEN,
        *IMPORTS,
        *OBLIGATIONS,
        *RETURNS,
        *EXERCISES,
        *ACTIONS,
        *ANNOTATIONS,
    ],
)
