"""Which transfer syntaxes are shown, and what decodes them. docs/imaging.md prints this table."""

from typing import Final

NATIVE: Final = "pydicom"
GDCM: Final = "GDCM"
OPENJPEG: Final = "OpenJPEG"

SHOWN: Final[dict[str, tuple[str, str]]] = {
    "1.2.840.10008.1.2": ("Implicit VR Little Endian", NATIVE),
    "1.2.840.10008.1.2.1": ("Explicit VR Little Endian", NATIVE),
    "1.2.840.10008.1.2.1.99": ("Deflated Explicit VR Little Endian", NATIVE),
    "1.2.840.10008.1.2.2": ("Explicit VR Big Endian (retired)", NATIVE),
    "1.2.840.10008.1.2.5": ("RLE Lossless", NATIVE),
    "1.2.840.10008.1.2.4.50": ("JPEG Baseline, 8 bit", GDCM),
    "1.2.840.10008.1.2.4.51": ("JPEG Extended, 8 bit only", GDCM),
    "1.2.840.10008.1.2.4.57": ("JPEG Lossless, process 14", GDCM),
    "1.2.840.10008.1.2.4.70": ("JPEG Lossless, first-order prediction", GDCM),
    "1.2.840.10008.1.2.4.80": ("JPEG-LS Lossless", GDCM),
    "1.2.840.10008.1.2.4.81": ("JPEG-LS Near-Lossless", GDCM),
    "1.2.840.10008.1.2.4.90": ("JPEG 2000 Lossless", OPENJPEG),
    "1.2.840.10008.1.2.4.91": ("JPEG 2000", OPENJPEG),
    "1.2.840.10008.1.2.4.201": ("High-Throughput JPEG 2000 Lossless", OPENJPEG),
    "1.2.840.10008.1.2.4.202": ("High-Throughput JPEG 2000 with RPCL, Lossless", OPENJPEG),
    "1.2.840.10008.1.2.4.203": ("High-Throughput JPEG 2000", OPENJPEG),
}

KEPT_ONLY: Final[dict[str, str]] = {
    "1.2.840.10008.1.2.4.51 (12 bit)": "no maintained decoder under a licence that fits",
    "1.2.840.10008.1.2.4.92": "JPEG 2000 multi-component",
    "1.2.840.10008.1.2.4.93": "JPEG 2000 multi-component",
    "1.2.840.10008.1.2.4.100": "MPEG-2",
    "1.2.840.10008.1.2.4.101": "MPEG-2",
    "1.2.840.10008.1.2.4.102": "MPEG-4 AVC/H.264",
    "1.2.840.10008.1.2.4.103": "MPEG-4 AVC/H.264",
    "1.2.840.10008.1.2.4.107": "HEVC/H.265",
    "1.2.840.10008.1.2.4.108": "HEVC/H.265",
}
