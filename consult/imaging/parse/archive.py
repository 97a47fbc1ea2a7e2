"""A zip of scans, file by file. Runs in the child; names are shown and never used as paths.

An archive is judged whole before a byte of it is unpacked: how many files, how much they claim to
unpack to, whether two of them lie over each other (that is how a small archive unpacks to
petabytes), whether one is locked. What is unpacked is counted again, whatever was claimed.
"""

import re
import zipfile
from collections.abc import Callable
from typing import BinaryIO, Final

from consult.imaging.parse.limits import ANSWER_BYTES
from consult.imaging.parse.refused import Refused
from consult.imaging.parse.summary import Packed

MOST_FILES: Final = 300
TOTAL_BYTES: Final = 1024 * 2**20
RATIO: Final = 200
"""Times that the whole may grow, beyond `FREE_BYTES`."""

FREE_BYTES: Final = 64 * 2**20
ENTRY_BYTES: Final = ANSWER_BYTES - 2**20
PIECE: Final = 2**20

_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ROAMING = re.compile(r"^([A-Za-z]:|[/\\])|(^|[/\\])\.\.([/\\]|$)|\0")
_LITTER = re.compile(r"(^|/)(__MACOSX/|\.|Thumbs\.db$)")


def listed(file: BinaryIO) -> list[Packed]:
    """Its files, without folders and what systems leave behind.

    Raises:
        Refused: it is no zip, or one that nobody should open.
    """
    with _opened(file) as archive:
        return [
            Packed(n, "".join(mark for mark in info.filename[-200:] if mark.isprintable()))
            for n, info in enumerate(archive.infolist())
            if not info.is_dir() and not _LITTER.search(info.filename)
        ]


def unpack(file: BinaryIO, n: int, put: Callable[[bytes], object]) -> None:
    """File `n` of the archive, given to `put` piece by piece.

    Raises:
        Refused: there is none, it is too large, or it is not what its entry says.
    """
    with _opened(file) as archive:
        infos = archive.infolist()
        if not 0 <= n < len(infos):
            raise Refused("zip_broken", str(n))
        if infos[n].file_size > ENTRY_BYTES:
            raise Refused("zip_too_large")
        left = ENTRY_BYTES
        with archive.open(infos[n]) as entry:
            while piece := entry.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise Refused("zip_too_large")
                put(piece)


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise Refused("zip_broken") from error
    _must_be_harmless(archive.infolist())
    return archive


def _must_be_harmless(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MOST_FILES:
        raise Refused("zip_too_many", str(len(infos)))
    if any(_ROAMING.search(info.filename) for info in infos):
        raise Refused("zip_path")
    if any(info.flag_bits & 1 or info.compress_type not in _METHODS for info in infos):
        raise Refused("zip_locked")
    claimed = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if claimed > TOTAL_BYTES or claimed > FREE_BYTES + RATIO * packed:
        raise Refused("zip_bomb")
    end = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        if info.header_offset < end:
            raise Refused("zip_bomb")
        end = info.header_offset + info.compress_size
