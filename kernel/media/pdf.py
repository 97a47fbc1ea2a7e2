"""PDF (ISO 32000): kept as it is, if nothing in it acts by itself.

The whole file is searched, streams included: where a stream begins is for a parser to say, and a
comment that says `stream` would hide what follows it. Objects inside compressed object streams are
not looked into; the file is only ever handed out as a download, under a policy that lets nothing
run.
"""

import re

from kernel.media.broken import Broken

_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm)\b"
    # Three letters come up by chance in a compressed page; what a form's entry begins with do not.
    rb"|/XFA\s*(?:\[\s*[(<]|\d+\s+\d+\s+R\b)"
)
_ENCRYPTED = re.compile(rb"/Encrypt\b")
_END = b"%%EOF"


def begins(content: bytes) -> bool:
    """Whether it starts like a PDF, at the very first byte."""
    return re.match(rb"%PDF-[12]\.\d", content) is not None


def cleaned(content: bytes) -> bytes:
    """The file up to its end marker.

    Raises:
        Broken: no end, encrypted, or with scripts, launches or files inside.
    """
    end = content.rfind(_END)
    if end < 0:
        raise Broken("not_whole")
    whole = content[: end + len(_END)] + b"\n"
    plain = _ESCAPED.sub(_unescaped, whole)
    if _ENCRYPTED.search(plain):
        raise Broken("encrypted")
    if _ACTIVE.search(plain):
        raise Broken("active")
    return whole


def _unescaped(found: re.Match[bytes]) -> bytes:
    """Names may be written with `#4A` for a letter."""
    return bytes.fromhex(found[1].decode())
