"""Frames of a file as PNGs. Runs in the child.

Eight bits: the picture as it is to be seen. More: the stored value plus `Summary.offset` lies in
red (high byte) and green (low byte), so that brightness and contrast are set where it is looked at,
without another trip and without loss.
"""

import math
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels import apply_color_lut, iter_pixels

from consult.imaging.parse import clips, png
from consult.imaging.parse.codecs import CLIPS, SHOWN
from consult.imaging.parse.limits import PIXEL_BYTES
from consult.imaging.parse.refused import Refused

HALF = 32768
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def must_be_decodable(ds: Dataset, syntax: str) -> None:
    """Refuse before anything is decoded.

    Raises:
        Refused: no pixels, too many, in floating point, or in a syntax without a decoder.
    """
    if "Rows" not in ds or "Columns" not in ds:
        raise Refused("no_pixels")
    if syntax not in SHOWN:
        raise Refused("codec_missing", syntax)
    if not ds.get("BitsAllocated"):
        raise Refused("broken", "BitsAllocated")
    bits = int(ds.BitsAllocated)
    if bits > 32:
        raise Refused("depth_unknown", f"{bits} bit")
    # Of a clip one picture is held at a time.
    count = 1 if syntax in CLIPS else ds.get("NumberOfFrames") or 1
    shape = (ds.Rows, ds.Columns, count, ds.get("SamplesPerPixel") or 1)
    if any(int(side) < 1 for side in shape):
        raise Refused("no_pixels")
    if math.prod(int(side) for side in shape) * max(bits // 8, 1) > PIXEL_BYTES:
        raise Refused("too_many_pixels", "x".join(str(side) for side in shape))


def number(file: BinaryIO, ds: FileDataset, *, whole: bool = False) -> int:
    """How many frames there are; of a clip, if `whole`, each was decoded."""
    syntax = str(ds.file_meta.TransferSyntaxUID)
    if syntax in CLIPS:
        return (clips.whole if whole else clips.number)(file, syntax, ds)
    return int(ds.get("NumberOfFrames") or 1)


def frames(file: BinaryIO, ds: FileDataset, first: int, count: int) -> Iterator[NDArray[Any]]:
    """Decoded frames `first` (from 0) and following, as shown: RGB or stored greys."""
    syntax = str(ds.file_meta.TransferSyntaxUID)
    if syntax in CLIPS:
        yield from clips.frames(file, syntax, ds, first, count)
        return
    indices = range(first, first + count)
    file.seek(0)
    for array in iter_pixels(file, indices=indices):
        yield _coloured(array, ds)


def _coloured(array: NDArray[Any], ds: Dataset) -> NDArray[Any]:
    if ds.get("PhotometricInterpretation") == "PALETTE COLOR":
        array = apply_color_lut(array, ds)
    if array.ndim == 3 and array.shape[2] != 3:
        raise Refused("depth_unknown", f"{array.shape[2]} samples")
    if array.ndim == 3 and array.dtype != np.uint8:
        # Colour of more than eight bits: the upper eight, whatever the depth (PS3.3 C.7.6.3).
        array = (array >> (array.dtype.itemsize * 8 - 8)).astype(np.uint8)
    return array


def shown(array: NDArray[Any], ds: Dataset) -> bytes:
    """One frame as PNG, see the head of this file."""
    if array.ndim == 3:
        return png.encode(array)
    if is_deep(ds):
        return png.encode(_two_bytes(_sixteen(array, ds)))
    grey = array.astype(np.uint8)
    if ds.get("BitsAllocated") == 1 or ds.get("BitsStored") == 1:
        grey = grey * np.uint8(255)
    if ds.get("PhotometricInterpretation") == "MONOCHROME1":
        grey = np.uint8(255) - grey
    return png.encode(grey)


def is_deep(ds: Dataset) -> bool:
    """Whether greys need more than a byte."""
    mono = (ds.get("SamplesPerPixel") or 1) == 1 and (
        ds.get("PhotometricInterpretation") != "PALETTE COLOR"
    )
    signed = bool(ds.get("PixelRepresentation"))
    return mono and (int(ds.get("BitsStored") or ds.BitsAllocated) > 8 or signed)


def offset(ds: Dataset) -> int:
    """What was added to stored values so that none is negative."""
    return HALF if is_deep(ds) and ds.get("PixelRepresentation") else 0


def shift(ds: Dataset) -> int:
    """Bits that values of more than sixteen bits lose at their lower end."""
    return max(int(ds.get("BitsStored") or 16) - 16, 0) if is_deep(ds) else 0


def _sixteen(array: NDArray[Any], ds: Dataset) -> NDArray[np.uint16]:
    wide = (array.astype(np.int64) >> shift(ds)) + offset(ds)
    found: NDArray[np.uint16] = np.clip(wide, 0, 65535).astype(np.uint16)
    return found


def _two_bytes(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    picture = np.zeros((*values.shape, 3), np.uint8)
    picture[..., 0] = values >> 8
    picture[..., 1] = values & 255
    return picture


def rendered(array: NDArray[Any], ds: Dataset, window: tuple[float, float] | None) -> bytes:
    """One frame as a plain eight-bit PNG, with the file's own window or its full range."""
    if array.ndim == 3 or not is_deep(ds):
        return shown(array, ds)
    values = array.astype(np.float64)
    if window is None:
        low, high = float(values.min()), float(values.max())
    else:
        slope = float(ds.get("RescaleSlope") or 1)
        values = values * slope + float(ds.get("RescaleIntercept") or 0)
        low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    grey = np.clip((values - low) / max(high - low, 1e-9) * 255, 0, 255).astype(np.uint8)
    if ds.get("PhotometricInterpretation") == "MONOCHROME1":
        grey = np.uint8(255) - grey
    return png.encode(grey)
