"""multipart/related with binary parts (RFC 2387), as DICOMweb sends and expects it. Pure."""

from collections.abc import Iterator, Sequence
from email.message import Message
from typing import Final

from consult.imaging.errors import NotMultipart

DICOM: Final = "application/dicom"
MOST_PARTS: Final = 300
MOST_BOUNDARY: Final = 200
"""RFC 2046 allows 70; Orthanc's DICOMweb sends 73."""


def boundary_of(content_type: str) -> bytes:
    """The boundary of a request's content type.

    Raises:
        NotMultipart: it is no multipart/related of DICOM files.
    """
    said = Message()
    said["content-type"] = content_type
    boundary = said.get_param("boundary")
    inner = said.get_param("type") or DICOM
    if said.get_content_type() != "multipart/related" or inner != DICOM:
        raise NotMultipart()
    if (
        not isinstance(boundary, str)
        or not 1 <= len(boundary) <= MOST_BOUNDARY
        or not boundary.isascii()
    ):
        raise NotMultipart()
    return boundary.encode()


def parts(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """The parts without their headers, in order.

    Raises:
        NotMultipart: it does not end, has no part, too many, or one without an end of headers.
    """
    marker = b"\r\n--" + boundary
    found = (b"\r\n" + body).split(marker, MOST_PARTS + 2)
    if len(found) < 3 or len(found) > MOST_PARTS + 2 or not found[-1].startswith(b"--"):
        raise NotMultipart()
    for part in found[1:-1]:
        _, end, content = part.partition(b"\r\n\r\n")
        if not end:
            raise NotMultipart()
        yield content


def joined(contents: Sequence[bytes], boundary: str, kind: str = DICOM) -> bytes:
    """A multipart/related body; `boundary` occurs in none of them."""
    head = f"\r\n--{boundary}\r\nContent-Type: {kind}\r\n\r\n".encode()
    return b"".join(head + one for one in contents) + f"\r\n--{boundary}--\r\n".encode()
