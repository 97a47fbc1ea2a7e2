"""Small clips as machines encode them; picture n is `grey(n)` all over."""

import io
from fractions import Fraction
from typing import Final

import av
import numpy as np
from pydicom import dcmread
from pydicom.encaps import encapsulate

from tests.consult.imaging.scans import scan

WIDTH, HEIGHT = 64, 48
H264: Final = "1.2.840.10008.1.2.4.102"
MPEG2: Final = "1.2.840.10008.1.2.4.100"
HEVC: Final = "1.2.840.10008.1.2.4.107"
ENCODERS: Final = {H264: "libx264", MPEG2: "mpeg2video", HEVC: "libx265"}
BARE: Final = {H264: "h264", MPEG2: "mpeg2video", HEVC: "hevc"}
OPTIONS: Final = {
    "libx264": {"preset": "ultrafast", "qp": "4", "bf": "2", "g": "6"},
    "libx265": {"preset": "ultrafast", "x265-params": "qp=4:log-level=none:pools=1"},
    "mpeg2video": {"qmin": "1", "qmax": "1", "bf": "2", "g": "6"},
}


def grey(n: int) -> int:
    """The grey of picture n, within what video calls black and white."""
    return 30 + 12 * n


def stream(
    syntax: str = H264, form: str = "", *, pictures: int = 12, encoder: str = "", width: int = WIDTH
) -> bytes:
    """Pictures as a stream, bare or in a container `form` (mp4, mpegts, mpeg)."""
    encoder = encoder or ENCODERS[syntax]
    out = io.BytesIO()
    with av.open(out, "w", format=form or BARE[syntax]) as container:
        made = container.add_stream(encoder, rate=25, options=OPTIONS.get(encoder, {}))
        made.width, made.height, made.pix_fmt = width, HEIGHT, "yuv420p"
        for n in range(pictures):
            picture = np.full((HEIGHT, width, 3), grey(n), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            container.mux(made.encode(frame))
        container.mux(made.encode())
    return out.getvalue()


def clip(
    content: bytes | None = None,
    syntax: str = H264,
    *,
    claimed: int = 12,
    fragments: int = 1,
    patient: str = "",
) -> bytes:
    """A DICOM file of it that claims so many frames."""
    ds = dcmread(io.BytesIO(scan(patient=patient)))
    ds.file_meta.TransferSyntaxUID = syntax
    ds.Rows, ds.Columns, ds.SamplesPerPixel = HEIGHT, WIDTH, 3
    ds.PhotometricInterpretation, ds.PlanarConfiguration = "YBR_PARTIAL_420", 0
    ds.NumberOfFrames, ds.LossyImageCompression = claimed, "01"
    ds.PixelData = encapsulate([content or stream(syntax)], fragments_per_frame=fragments)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()
