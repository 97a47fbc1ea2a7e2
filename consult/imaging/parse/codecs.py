"""Which transfer syntaxes are shown, and what decodes them. docs/imaging.md prints this table."""

from typing import Final

NATIVE: Final = "pydicom"
GDCM: Final = "GDCM"
OPENJPEG: Final = "OpenJPEG"
FFMPEG: Final = "FFmpeg"

_STREAMS: Final = (("MPEG-2", "mpeg2video"), ("H.264", "h264"), ("HEVC", "hevc"))

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
    "1.2.840.10008.1.2.4.100": ("MPEG-2, Main Level", FFMPEG),
    "1.2.840.10008.1.2.4.100.1": ("MPEG-2, Main Level, fragmentable", FFMPEG),
    "1.2.840.10008.1.2.4.101": ("MPEG-2, High Level", FFMPEG),
    "1.2.840.10008.1.2.4.101.1": ("MPEG-2, High Level, fragmentable", FFMPEG),
    "1.2.840.10008.1.2.4.102": ("H.264, level 4.1", FFMPEG),
    "1.2.840.10008.1.2.4.102.1": ("H.264, level 4.1, fragmentable", FFMPEG),
    "1.2.840.10008.1.2.4.103": ("H.264, level 4.1, as on Blu-ray discs", FFMPEG),
    "1.2.840.10008.1.2.4.103.1": ("H.264, level 4.1, as on discs, fragmentable", FFMPEG),
    "1.2.840.10008.1.2.4.104": ("H.264, level 4.2, two-dimensional", FFMPEG),
    "1.2.840.10008.1.2.4.104.1": ("H.264, level 4.2, two-dimensional, fragmentable", FFMPEG),
    "1.2.840.10008.1.2.4.107": ("HEVC, Main", FFMPEG),
    "1.2.840.10008.1.2.4.108": ("HEVC, Main 10", FFMPEG),
}

CLIPS: Final[dict[str, str]] = {
    syntax: next(name for words, name in _STREAMS if about.startswith(words))
    for syntax, (about, decoder) in SHOWN.items()
    if decoder == FFMPEG
}
"""Syntaxes whose pixels are one stream, and what FFmpeg calls its codec."""

KEPT_ONLY: Final[dict[str, str]] = {
    "1.2.840.10008.1.2.4.51 (12 bit)": "no maintained decoder under a licence that fits",
    "1.2.840.10008.1.2.4.92": "JPEG 2000 multi-component",
    "1.2.840.10008.1.2.4.93": "JPEG 2000 multi-component",
    "1.2.840.10008.1.2.4.105": "H.264 of two eyes in one picture: lengths in it would be wrong",
    "1.2.840.10008.1.2.4.106": "H.264 of two eyes, of which one would be shown",
}
