"""A zip into her record: each file as if it had come alone, and each with its own answer."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from consult.imaging.archive import ArchiveAway
from consult.imaging.errors import ReaderGone
from consult.imaging.parse.summary import Packed
from consult.imaging.queries import reason
from consult.imaging.readmodel import UnpackedFile
from consult.imaging.taking import Desk, take, woman_of
from kernel.errors import Refusal
from kernel.viewer import Viewer

PREFIX: Final = "imaging."


async def take_archive(
    desk: Desk,
    viewer: Viewer,
    case_id: UUID,
    read: Callable[[], Awaitable[bytes]],
    *,
    deidentify: bool,
) -> list[UnpackedFile]:
    """Go through the archive that `read` gives; what became of each of its files.

    Raises:
        NotFound: the case is not open to the viewer, before anything is read.
        Refusal: one of `imaging.zip_*`: nothing was unpacked.
    """
    async with desk.database.session(viewer) as session:
        await woman_of(session, viewer, case_id)
    content = await read()
    return [
        await outcome(
            desk, viewer, case_id, packed.name, _unpacked(desk, content, packed),
            deidentify=deidentify,
        )
        for packed in await desk.box.listed(content)
    ]  # fmt: skip


async def outcome(
    desk: Desk,
    viewer: Viewer,
    case_id: UUID,
    name: str,
    read: Callable[[], Awaitable[bytes]],
    *,
    deidentify: bool,
) -> UnpackedFile:
    """Take in one file of several; what became of it, under `name`."""
    try:
        instance_id, new = await take(desk, viewer, case_id, read, deidentify=deidentify)
    except (ReaderGone, ArchiveAway):
        raise  # it says nothing of this file: asked again it goes on
    except Refusal as no:
        if not no.code.startswith(PREFIX):
            raise
        why = reason(no.code.removeprefix(PREFIX), no.fields)
        return UnpackedFile(name=name, outcome="refused", instance_id=None, why=why)
    return UnpackedFile(
        name=name, outcome="kept" if new else "known", instance_id=instance_id, why=None
    )


def _unpacked(desk: Desk, content: bytes, packed: Packed) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return await desk.box.unpacked(content, packed.n)

    return read
