"""HTTP for case files. Thin: parse, one command or query, answer.

Every write needs an Idempotency-Key; a repeat does nothing and shows the file.
"""

from litestar import Router

from referral.casefiles.routes import on_file, on_parts, on_special

router = Router(
    "/",
    route_handlers=[*on_file.HANDLERS, *on_parts.HANDLERS, *on_special.HANDLERS],
    tags=["case files"],
)

__all__ = ["router"]
