"""WebP (RFC 9649): a RIFF container."""

from referral.media.broken import Broken, must_fit

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
