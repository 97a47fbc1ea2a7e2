"""PNG (ISO/IEC 15948): chunks with checksums."""

import zlib

from kernel.media.broken import Broken, must_fit

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD"}
)
_LONGEST = 2**31 - 1


def begins(content: bytes) -> bool:
    """Whether it starts like a PNG."""
    return content.startswith(_SIGNATURE)


def size(content: bytes) -> tuple[int, int]:
    """Width and height, in pixels, of what `cleaned` gave."""
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def cleaned(content: bytes) -> bytes:
    """The chunks that show the picture, up to IEND; texts, times, EXIF and animation stay out.

    Raises:
        Broken: a chunk is cut or its checksum wrong, or there is no picture.
    """
    kept, at, data = [_SIGNATURE], len(_SIGNATURE), False
    while True:
        length = int.from_bytes(content[at : at + 4], "big")
        end = at + 12 + length
        if length > _LONGEST or end > len(content):
            raise Broken("not_whole")
        kind, chunk = content[at + 4 : at + 8], content[at:end]
        if (at == len(_SIGNATURE)) != (kind == b"IHDR"):
            raise Broken("not_whole")
        if kind == b"IHDR":
            must_fit(int.from_bytes(chunk[8:12], "big"), int.from_bytes(chunk[12:16], "big"))
        if kind in _KEPT:
            if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
                raise Broken("not_whole")
            kept.append(chunk)
        elif not kind[:1].islower():  # critical, and nobody knows it
            raise Broken("not_whole")
        data = data or kind == b"IDAT"
        if kind == b"IEND":
            break
        at = end
    if not data:
        raise Broken("not_whole")
    return b"".join(kept)
