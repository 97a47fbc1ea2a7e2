"""The one place where refusals and failures become HTTP: RFC 9457 problems in two languages."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from kernel.database import constraint_of
from kernel.errors import Conflict, Refusal, Unavailable
from kernel.ids import new_id
from kernel.messages import Catalogue, Said

log = structlog.get_logger()

ROOT = Path(__file__).parent.parent
PACKAGES = ("kernel", "registry", "duty", "referral", "consult", "realtime", "quality", "server")
CATALOGUE = Catalogue.load(ROOT / package for package in PACKAGES)

_HTTP_CODES = {
    400: "kernel.malformed",
    401: "kernel.not_authenticated",
    403: "kernel.not_allowed",
    404: "kernel.not_found",
    405: "kernel.method_not_allowed",
    413: "kernel.too_large",
    415: "kernel.unsupported_media_type",
}


class Problem(msgspec.Struct, frozen=True):
    """An RFC 9457 problem; `title` and `detail` are in the language that was asked for."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    zh: Said
    en: Said
    fields: dict[str, Any]


def problem(code: str, status: int, fields: Mapping[str, Any], language: str) -> Problem:
    """The problem for `code`."""
    zh, en = CATALOGUE.say(code, fields)
    said = en if language == "en" else zh
    plain = {name: msgspec.to_builtins(value, str_keys=True) for name, value in fields.items()}
    return Problem(f"/problems/{code}", said.title, status, said.detail, code, zh, en, plain)


def preferred_language(request: Request[Any, Any, Any]) -> str:
    """`en` if the caller puts English before Chinese, else `zh`."""
    for part in request.headers.get("accept-language", "zh").lower().split(","):
        tag = part.split(";")[0].strip()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "zh"


def respond(
    request: Request[Any, Any, Any], code: str, status: int, fields: Mapping[str, Any]
) -> Response[Problem]:
    """The HTTP answer for a refusal."""
    body = problem(code, status, fields, preferred_language(request))
    return Response(
        body, status_code=status, media_type="application/problem+json", headers=_headers(status)
    )


def _headers(status: int) -> dict[str, str]:
    headers = {"cache-control": "no-store"}
    if status == 503:
        headers["retry-after"] = "2"
    return headers


def on_refusal(request: Request[Any, Any, Any], error: Refusal) -> Response[Problem]:
    if isinstance(error, Unavailable):
        log.warning("request.unavailable", path=_route(request), cause=_cause(error))
    return respond(request, error.code, error.status, error.fields)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    status = error.status_code
    if isinstance(error, ValidationException):
        return respond(request, "kernel.malformed", 400, {"reason": _validation(error)})
    if status >= 500:
        return on_failure(request, error)
    code = _HTTP_CODES.get(status, "kernel.malformed")
    return respond(request, code, status, {"reason": error.detail})


def _validation(error: ValidationException) -> str:
    """Which fields are wrong, without echoing their values."""
    extra = error.extra if isinstance(error.extra, list) else []
    parts = [
        f"{item.get('key', '')}: {item.get('message', '')}"
        for item in extra
        if isinstance(item, dict)
    ]
    return "; ".join(parts) or error.detail


def on_database(request: Request[Any, Any, Any], error: DBAPIError) -> Response[Problem]:
    if isinstance(error, IntegrityError):
        return on_refusal(request, Conflict(constraint=constraint_of(error)))
    if isinstance(error, OperationalError | InterfaceError):
        unavailable = Unavailable()
        unavailable.__cause__ = error
        return on_refusal(request, unavailable)
    return on_failure(request, error)


def _leaves(error: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for inner in error.exceptions:
        if isinstance(inner, BaseExceptionGroup):
            yield from _leaves(inner)
        else:
            yield inner


def on_group(
    request: Request[Any, Any, Any], error: ExceptionGroup[Exception]
) -> Response[Problem]:
    """A refusal raised while dependencies were closed (a commit that failed) arrives in a group."""
    for inner in _leaves(error):
        if isinstance(inner, Refusal):
            return on_refusal(request, inner)
    return on_failure(request, error)


def on_failure(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    incident = str(new_id())
    log.error("request.failed", incident=incident, path=_route(request), exc_info=error)
    return respond(request, "kernel.internal", 500, {"incident": incident})


def _cause(error: Unavailable) -> str:
    """What kind of failure it was, and the driver's; never its words, which may hold values."""
    cause = error.__cause__
    kinds = [cause, cause.orig] if isinstance(cause, DBAPIError) else [cause]
    states = [str(getattr(kind, "sqlstate", "") or "") for kind in kinds]
    return " ".join([*(type(kind).__name__ for kind in kinds), *filter(None, states)])


def _route(request: Request[Any, Any, Any]) -> str:
    """The route's template, never the path: paths hold ids."""
    handler = request.scope.get("route_handler")
    paths = sorted(getattr(handler, "paths", ()) or ())
    return paths[0] if paths else "?"


HANDLERS: ExceptionHandlersMap = {
    Refusal: on_refusal,
    HTTPException: on_http,
    DBAPIError: on_database,
    ExceptionGroup: on_group,
    Exception: on_failure,
}
