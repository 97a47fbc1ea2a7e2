"""How paper is handed out: drawn beside the loop, named in Chinese, kept by no cache."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, ParamSpec

from litestar import Request, Response

from kernel.handing import PDF, to_save, to_show
from server.settings import Settings
from server.web import STATIC

FONTS: Final = STATIC / "fonts"
"""The typeface of all paper: the web bundle's own, never the machine's."""

_P = ParamSpec("_P")


async def to_read(
    name: str, draw: Callable[_P, bytes], *args: _P.args, **kwargs: _P.kwargs
) -> Response[bytes]:
    """The PDF that `draw` makes in a thread of its own, shown by the browser."""
    return kept(name, await asyncio.to_thread(draw, *args, **kwargs))


async def to_take(
    name: str, draw: Callable[_P, bytes], *args: _P.args, **kwargs: _P.kwargs
) -> Response[bytes]:
    """The same, saved by the browser."""
    content = await asyncio.to_thread(draw, *args, **kwargs)
    return Response(content, media_type=PDF, headers=to_save(name))


def kept(name: str, content: bytes) -> Response[bytes]:
    """A PDF that was made before, byte for byte, shown by the browser."""
    return Response(content, media_type=PDF, headers=to_show(name))


def origin(request: Request[Any, Any, Any], settings: Settings) -> str:
    """Where readers reach this installation: the configured origin, else the one asked at."""
    if settings.public_origins:
        return settings.public_origins[0]
    return str(request.base_url).rstrip("/")
