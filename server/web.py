"""Serves the built web application; every path that is not the API's leads to its shell."""

from pathlib import Path

from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.response import File
from litestar.static_files import create_static_files_router

from kernel.access import PUBLIC

STATIC = Path(__file__).parent / "static"
_NEVER = "no-cache"
_FOREVER = "public, max-age=31536000, immutable"


@get(["/", "/{path:path}"], opt={"roles": PUBLIC}, include_in_schema=False)
async def shell(path: str = "") -> File | Response[str]:
    """The application's page, or one of its files at the top level (icon, service worker)."""
    if path.startswith("/api/"):
        raise NotFoundException()
    file = (STATIC / path.lstrip("/")).resolve()
    if not (path.strip("/") and file.is_relative_to(STATIC) and file.is_file()):
        file = STATIC / "index.html"
    if not file.is_file():
        return Response(
            "The web application has not been built: run `make setup`.\n"
            "网页尚未构建：请运行 make setup。\n",
            status_code=503,
            media_type="text/plain",
        )
    return File(
        path=file,
        filename=file.name,
        content_disposition_type="inline",
        headers={"cache-control": _NEVER},
    )


def routers() -> list[Router]:
    """Hashed assets (cached for ever) and the shell."""
    assets = STATIC / "assets"
    found: list[Router] = []
    if assets.is_dir():
        found.append(
            create_static_files_router(
                "/assets",
                [assets],
                opt={"roles": PUBLIC},
                include_in_schema=False,
                cache_control=None,
                after_request=_cache_for_ever,
            )
        )
    found.append(Router("/", route_handlers=[shell]))
    return found


def _cache_for_ever(response: Response[object]) -> Response[object]:
    response.headers["cache-control"] = _FOREVER
    return response
