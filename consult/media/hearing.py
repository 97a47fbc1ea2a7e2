"""Who is heard in rooms, one after the other; whoever is still in one that is over is sent out."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from consult.media.engine import Heard, MediaEngine
from consult.media.errors import MediaUnavailable

SWEPT: Final = timedelta(minutes=5)
"""So long after its end a room is looked at for people who are still in it."""


async def heard(
    engine: MediaEngine, rooms: Iterable[Row[Any]]
) -> AsyncIterator[tuple[Row[Any], Heard]]:
    """Each room that goes on, with whom the engine hears in it.

    Ends where the engine does not answer: nobody can say who is there, and nothing is concluded
    from it.

    Args:
        engine: where their sound and pictures go.
        rooms: rows with `id` and `over`.
    """
    try:
        for room in rooms:
            present = await engine.present(room.id)
            if not room.over:
                yield room, present
            elif present.people:
                await engine.close_room(room.id)
    except MediaUnavailable:
        return
