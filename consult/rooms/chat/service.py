"""Commands: write in a room, correct what one wrote, say how far one has read."""

from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from consult.requests import store as requests
from consult.rooms import service as rooms
from consult.rooms import store as room_store
from consult.rooms.chat import store
from consult.rooms.chat.errors import CorrectsOther
from consult.rooms.chat.schemas import MarkMessages, SayInRoom
from kernel import chain
from kernel.clock import Clock
from kernel.errors import BadInput
from kernel.ids import CaseId, new_id
from kernel.viewer import Viewer

SAID: Final = "room.said"


async def say(
    session: AsyncSession, clock: Clock, viewer: Viewer, room_id: UUID, new: SayInRoom
) -> UUID:
    """Write in a room that one has been let into; the message's id.

    Its hash stands on the chain of the case, its words do not.

    Raises:
        NotFound: unknown or foreign.
        RoomEnded: it is closed.
        NotAdmitted: the viewer is not in the room.
        CorrectsOther: what it corrects is somebody else's, or was corrected already.
        BadInput: nothing is said.
    """
    words = new.text.strip()
    if not words:
        raise BadInput(field="text", reason="empty")
    # The room's lock makes numbers follow commits: one consultation has one open room.
    room = await room_store.locked(session, room_id)
    mine = rooms.admitted(viewer, await room_store.admissions(session, room_id))
    if new.corrects is not None and not await store.may_correct(
        session, room.case_id, new.corrects, viewer.person_id
    ):
        raise CorrectsOther(n=new.corrects)
    message_id, n = new_id(), await store.last(session, room.case_id) + 1
    values = {
        "id": message_id,
        "room_id": room_id,
        "case_id": room.case_id,
        "n": n,
        "admission_id": mine.id,
        "person_id": viewer.person_id,
        "facility_id": mine.facility_id,
        "text": words,
        "corrects": new.corrects,
        "at": clock.now(),
    }
    await store.insert(session, values)
    facts: dict[str, object] = {
        "room_id": room_id,
        "message_id": message_id,
        "n": n,
        "corrects": new.corrects,
        "sha256": sha256(words.encode()).hexdigest(),
    }
    await chain.append(session, clock, CaseId(room.case_id), SAID, viewer=viewer, payload=facts)
    return message_id


async def mark(
    session: AsyncSession, clock: Clock, viewer: Viewer, consult_id: UUID, up_to: MarkMessages
) -> None:
    """Note how far the viewer's page and eyes have come; never back, never beyond the newest.

    Raises:
        NotFound: unknown or foreign.
    """
    await requests.seen(session, consult_id)
    values = {
        "case_id": consult_id,
        "person_id": viewer.person_id,
        "delivered_to": up_to.delivered_to,
        "read_to": up_to.read_to,
    }
    if await store.mark(session, values, clock.now()):
        await chain.hint(session, CaseId(consult_id))
