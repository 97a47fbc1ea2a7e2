"""Pictures and PDFs as bytes: what they are, and what they must not carry. Pure, no decoding.

A file is known by its content, never by its name. Pictures are read segment by segment and written
anew from what shows the picture: place, device, owner, comments and whatever was appended behind
the end stay out. Nothing is decompressed, so there is nothing to blow up.
"""

from collections.abc import Callable
from typing import Literal

from kernel.media import jpeg, pdf, png, webp
from kernel.media.broken import Broken

MediaType = Literal["image/jpeg", "image/png", "image/webp", "application/pdf"]

SUFFIX: dict[str, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
}

_KINDS: tuple[tuple[MediaType, Callable[[bytes], bool], Callable[[bytes], bytes]], ...] = (
    ("image/jpeg", jpeg.begins, jpeg.cleaned),
    ("image/png", png.begins, png.cleaned),
    ("image/webp", webp.begins, webp.cleaned),
    ("application/pdf", pdf.begins, pdf.cleaned),
)


def cleaned(content: bytes) -> tuple[MediaType, bytes]:
    """What `content` is, and the same without what it must not carry.

    Raises:
        Broken: none of the four kinds, not whole, or with something active inside.
    """
    for media_type, begins, clean in _KINDS:
        if begins(content):
            return media_type, clean(content)
    raise Broken("unknown_type")
