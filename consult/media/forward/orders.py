"""What the API tells a worker, on the worker's own Valkey channel."""

from __future__ import annotations

from uuid import UUID

import msgspec

from consult.media.engine import Layer, Source


class Eject(msgspec.Struct, frozen=True, tag_field="do", tag="eject"):
    """Send somebody out. The worker also looks for it every second: a lost order is not lost."""

    room: UUID
    participant: UUID


class Mute(msgspec.Struct, frozen=True, tag_field="do", tag="mute"):
    """Silence a source, or give it back."""

    room: UUID
    participant: UUID
    source: Source
    muted: bool


class Cap(msgspec.Struct, frozen=True, tag_field="do", tag="cap"):
    """Send somebody no picture above `layer`."""

    room: UUID
    participant: UUID
    layer: Layer


class Close(msgspec.Struct, frozen=True, tag_field="do", tag="close"):
    """Everybody out."""

    room: UUID


class Look(msgspec.Struct, frozen=True, tag_field="do", tag="look"):
    """Whether and with whom the room is recorded changed: read it again, not in a second."""

    room: UUID


Order = Eject | Mute | Cap | Close | Look


def channel(url: str) -> str:
    """The Valkey channel of a worker."""
    return f"media:do:{url}"
