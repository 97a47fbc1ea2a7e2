"""What the API takes and says about stills. Points are pixels of the picture, from its top left."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from registry.people.schemas import PersonRef

StillSource = Literal["camera", "screen", "ultrasound", "tracing"]
MarkKind = Literal["arrow", "ellipse", "caliper", "text"]
MarkColour = Literal["yellow", "cyan", "magenta", "green"]
Pixel = Annotated[float, msgspec.Meta(ge=0, le=20_000)]


class DrawMark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mark from (`ax`, `ay`) to (`bx`, `by`): an arrow's ends, an ellipse's box, a length's ends.

    Words stand at the first point. A length has no unit: nothing says how large a pixel is.
    """

    kind: MarkKind
    ax: Pixel
    ay: Pixel
    bx: Pixel
    by: Pixel
    colour: MarkColour
    text: Annotated[str, msgspec.Meta(max_length=80)] = ""


class StillMark(msgspec.Struct, frozen=True):
    """A mark; `n` is the version of the still that it made, `undone_by` what took it back."""

    n: int
    kind: MarkKind
    ax: float
    ay: float
    bx: float
    by: float
    colour: MarkColour
    text: str
    person: PersonRef | None
    at: datetime
    undone_by: int | None
    mine: bool


class RoomStill(msgspec.Struct, frozen=True):
    """A still and everything drawn on it.

    `at_source`: taken by the page that sends it, from its own track; else it is what another page
    received. `sha256` is of the kept file, `version` the number of its newest mark or undoing, and
    `marks_sha256` of the marks that stand (RFC 8785), in the order of drawing.
    """

    id: UUID
    room_id: UUID
    source: StillSource
    of: PersonRef | None
    """Whose source it shows."""
    asked_by: PersonRef | None
    at_source: bool
    taken_at: datetime
    kept_at: datetime
    width: int
    height: int
    sha256: str
    version: int
    marks: list[StillMark]
    marks_sha256: str
    may_draw: bool


class StillRef(msgspec.Struct, frozen=True):
    """What an idempotency key remembers."""

    id: UUID
