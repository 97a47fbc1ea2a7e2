"""Where a foreign engine knocks."""

from typing import Any, Final

from litestar import Request, post

from consult.media.engine import MediaEngine
from consult.media.livekit.engine import LiveKitEngine
from kernel.access import OPT, PUBLIC
from kernel.clock import Clock
from kernel.errors import NotFound

WORDS: Final = frozenset({"application/webhook+json"})


# Its body is LiveKit's own; it is described in docs/video.md and not in the API.
@post(
    "/hooks/livekit",
    opt={OPT: PUBLIC, "content": WORDS},
    status_code=204,
    include_in_schema=False,
)
async def livekit_hook(
    request: Request[Any, Any, Any], clock: Clock, media: MediaEngine | None
) -> None:
    """LiveKit tells that something happened in a room: it is looked at."""
    if not isinstance(media, LiveKitEngine):
        raise NotFound()
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    await media.hear(token, await request.body(), clock.now())
