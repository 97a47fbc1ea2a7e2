"""WebP (RFC 9649): a RIFF container."""

from kernel.media.broken import Broken, must_fit

_ANIMATION, _EXIF, _XMP, _ICC = 0x02, 0x08, 0x04, 0x20
_SHOWN = frozenset({b"VP8 ", b"VP8L", b"ALPH"})


def begins(content: bytes) -> bool:
    """Whether it starts like a WebP."""
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def cleaned(content: bytes) -> bytes:
    """The picture's chunks; EXIF, XMP and whatever follows the container stay out.

    Raises:
        Broken: cut, animated, or without a picture.
    """
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content) + 1:
        raise Broken("not_whole")
    kept, at, shown = [], 12, False
    while at + 8 <= min(end, len(content)):
        kind = content[at : at + 4]
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        body = content[at + 8 : at + 8 + length]
        if len(body) < length:
            raise Broken("not_whole")
        if kind == b"VP8X":
            body = _plain(body)
        elif kind == b"VP8L":
            _fits_lossless(body)
        elif kind == b"VP8 ":
            _fits_lossy(body)
        if kind in _SHOWN or kind == b"VP8X":
            kept.append(kind + length.to_bytes(4, "little") + body + b"\0" * (length % 2))
        shown = shown or kind in (b"VP8 ", b"VP8L")
        at += 8 + length + length % 2
    if not shown:
        raise Broken("not_whole")
    inside = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(inside).to_bytes(4, "little") + inside


def _plain(header: bytes) -> bytes:
    """The extended header without the flags of what is left out."""
    if len(header) < 10:
        raise Broken("not_whole")
    if header[0] & _ANIMATION:
        raise Broken("animated")
    width = 1 + int.from_bytes(header[4:7], "little")
    height = 1 + int.from_bytes(header[7:10], "little")
    must_fit(width, height)
    return bytes([header[0] & ~(_EXIF | _XMP | _ICC)]) + header[1:]


def _fits_lossless(body: bytes) -> None:
    """Two sizes of fourteen bits behind the signature (RFC 9649, 3.4)."""
    if len(body) < 5 or body[0] != 0x2F:
        raise Broken("not_whole")
    sizes = int.from_bytes(body[1:5], "little")
    must_fit(1 + (sizes & 0x3FFF), 1 + (sizes >> 14 & 0x3FFF))


def _fits_lossy(body: bytes) -> None:
    """A key frame: tag, start code, and two sizes of fourteen bits (RFC 6386, 9.1)."""
    if len(body) < 10 or body[3:6] != b"\x9d\x01\x2a":
        raise Broken("not_whole")
    width, height = (int.from_bytes(body[at : at + 2], "little") for at in (6, 8))
    must_fit(width & 0x3FFF, height & 0x3FFF)
