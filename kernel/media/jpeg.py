"""JPEG (ITU-T T.81, annex B): markers and segments, without decoding."""

from collections.abc import Iterator

from kernel.media.broken import Broken, must_fit

_SOI, _EOI, _SOS, _COM, _TEM = 0xD8, 0xD9, 0xDA, 0xFE, 0x01
_RESTARTS = range(0xD0, 0xD8)
_APPS = range(0xE0, 0xF0)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers; C4, C8 and CC mean something else."""

_ADOBE = 0xEE
"""Says how colours were transformed: without it a picture from some scanners turns green."""

_EXIF = b"Exif\0\0"
_ORIENTATION = 0x0112
"""EXIF tag 274: which way is up. The only thing of EXIF that is kept, because the picture of a
paper is useless on its side."""


def begins(content: bytes) -> bool:
    """Whether it starts like a JPEG."""
    return content.startswith(b"\xff\xd8\xff")


def cleaned(content: bytes) -> bytes:
    """The picture alone, up to its end marker.

    Raises:
        Broken: no frame, no scan, or no end.
    """
    kept: list[bytes] = []
    turned, frames, scans = 1, 0, 0
    for marker, segment in _segments(content):
        if marker in _FRAMES:
            frames += 1
            must_fit(int.from_bytes(segment[7:9], "big"), int.from_bytes(segment[5:7], "big"))
        scans += marker == _SOS
        if marker == 0xE1 and segment[4:10] == _EXIF:
            turned = _orientation(segment[10:])
        if marker == _COM or (marker in _APPS and marker != _ADOBE):
            continue
        kept.append(segment)
    if not frames or not scans:
        raise Broken("not_whole")
    return b"\xff\xd8" + _upright(turned) + b"".join(kept) + b"\xff\xd9"


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, bytes with marker) up to the end marker; a scan comes with its entropy data."""
    at = 2
    while True:
        while content[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if content[at : at + 1] != b"\xff" or at + 1 >= len(content):
            raise Broken("not_whole")
        marker = content[at + 1]
        if marker == _EOI:
            return
        if marker in _RESTARTS or marker in (_TEM, _SOI, 0x00):
            raise Broken("not_whole")
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise Broken("not_whole")
        if marker == _SOS:
            end = _scan_end(content, end)
        yield marker, content[at:end]
        at = end


def _scan_end(content: bytes, at: int) -> int:
    """Where the entropy-coded data end: at the first marker that is no restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise Broken("not_whole")
        following = content[at + 1]
        if following != 0x00 and following != 0xFF and following not in _RESTARTS:
            return at
        at += 1 if following == 0xFF else 2


def _orientation(tiff: bytes) -> int:
    """1 to 8; 1 where it is not told or makes no sense."""
    order = {b"II*\0": "little", b"MM\0*": "big"}.get(tiff[:4])
    if order is None:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if order == "little" else "big")

    directory = number(4, 4)
    for entry in range(min(number(directory, 2), 64)):
        at = directory + 2 + 12 * entry
        if number(at, 2) == _ORIENTATION and number(at + 2, 2) == 3:
            value = number(at + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1


def _upright(turned: int) -> bytes:
    """An EXIF segment with the orientation and nothing else; none for an upright picture."""
    if turned == 1:
        return b""
    entry = b"\x01\x12\0\x03\0\0\0\x01" + turned.to_bytes(2, "big") + b"\0\0"
    body = _EXIF + b"MM\0*\0\0\0\x08" + b"\0\x01" + entry + b"\0\0\0\0"
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
