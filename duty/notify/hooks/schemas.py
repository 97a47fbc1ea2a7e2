"""What the duty desk reads of replies."""

from datetime import datetime
from uuid import UUID

import msgspec


class ReplyOut(msgspec.Struct, frozen=True):
    """One SMS that came back.

    Attributes:
        meaning: acknowledge, decline, other or unclear.
        person: who wrote, by the number.
        text: what they wrote.
        title: the number of the case whose page it is about; empty if the viewer does not see it.
    """

    id: UUID
    at: datetime
    meaning: str
    person: str
    text: str
    page_id: UUID
    title: str
