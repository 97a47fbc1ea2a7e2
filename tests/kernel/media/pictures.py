"""Small whole files of each kind, made by hand, with what must not be kept inside."""

import zlib

GPS = b"GPS 24.4798N 118.0894E"
OWNER = b"owner: Lin"


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def png(*more: bytes, width: int = 2, height: int = 2) -> bytes:
    """A grey picture, with further chunks before its data."""
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0"
    rows = b"".join(b"\0" + b"\x80" * min(width, 64) for _ in range(min(height, 64)))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(more)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def exif(orientation: int) -> bytes:
    """An EXIF segment that says which way is up, and where it was taken."""
    entry = b"\x12\x01\x03\0\x01\0\0\0" + orientation.to_bytes(2, "little") + b"\0\0"
    tiff = b"II*\0\x08\0\0\0" + b"\x01\0" + entry + b"\0\0\0\0" + GPS
    return segment(0xE1, b"Exif\0\0" + tiff)


def jpeg(*more: bytes, width: int = 16, height: int = 16, end: bytes = b"\xff\xd9") -> bytes:
    """Frame, tables and a scan with stuffed bytes and a restart; no decoder looks at it here."""
    frame = b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\x01" + b"\x01\x11\0"
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + b"".join(more)
        + segment(0xDB, b"\0" + b"\x10" * 64)
        + segment(0xC0, frame)
        + segment(0xDA, b"\x01\x01\0\0\x3f\0")
        + b"\x12\xff\x00\x34\xff\xd0\x56"
        + end
    )


def webp(*more: bytes, flags: int = 0) -> bytes:
    """An extended container with a lossless picture."""

    def part(kind: bytes, body: bytes) -> bytes:
        return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)

    header = bytes([flags, 0, 0, 0]) + b"\x01\0\0\x01\0\0"
    inside = b"WEBP" + part(b"VP8X", header) + part(b"VP8L", b"\x2f\x01\0\0\0")
    inside += b"".join(part(kind, body) for kind, body in zip(more[::2], more[1::2], strict=True))
    return b"RIFF" + len(inside).to_bytes(4, "little") + inside


def pdf(inside: bytes = b"", end: bytes = b"%%EOF\n") -> bytes:
    """A file of one object."""
    body = b"1 0 obj\n<< /Type /Catalog " + inside + b" >>\nendobj\n"
    return b"%PDF-1.7\n" + body + b"trailer << /Root 1 0 R >>\n" + end
