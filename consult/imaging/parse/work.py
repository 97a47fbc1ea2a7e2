"""What a child can be asked for. Each answer is bytes; the parent checks them by type again."""

import struct
import sys
import warnings
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from consult.imaging.parse import archive, identity, pixels, reading
from consult.imaging.parse.limits import ANSWER_BYTES
from consult.imaging.parse.refused import Refused
from consult.imaging.parse.summary import No

YES, NO = b"Y", b"N"
BULK_BYTES = 4096


class Ask(msgspec.Struct, frozen=True, tag=True):
    """Base of the questions."""


class Summarise(Ask, frozen=True):
    """For a `Summary`."""


class Frames(Ask, frozen=True):
    """For PNGs from `first` (0 is the first) on, as many as fit: each after its length."""

    first: int
    count: int


class Rendered(Ask, frozen=True):
    """For one frame as a plain picture, its longer side about `most` pixels; 0 is whole."""

    frame: int
    most: int = 0


class Metadata(Ask, frozen=True):
    """For DICOM JSON without bulk data (PS3.18 F)."""


class Deidentify(Ask, frozen=True):
    """For the file again, without who she is; `salt` makes the same new UIDs for one study."""

    salt: bytes


class List(Ask, frozen=True):
    """For the files of a zip, each as `Packed`."""


class Unpack(Ask, frozen=True):
    """For file `n` of a zip."""

    n: int


Question = Summarise | Frames | Rendered | Metadata | Deidentify | List | Unpack


def answer(question: Question, file: BinaryIO, put: Callable[[bytes], object]) -> None:
    """Answer by `put`, with yes or a coded no in front."""
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(2000)
    try:
        body = _answer(question, file)
        if len(body) >= ANSWER_BYTES:
            raise Refused("answer_too_large")
    except Refused as no:
        put(NO + msgspec.json.encode(No(no.code, no.detail)))
    except MemoryError:
        put(NO + msgspec.json.encode(No("too_much_memory")))
    except RecursionError:
        put(NO + msgspec.json.encode(No("nested_too_deep")))
    except Exception as error:  # foreign bytes bring about anything
        code = "not_dicom" if type(error).__name__ == "InvalidDicomError" else "broken"
        put(NO + msgspec.json.encode(No(code, type(error).__name__)))
    else:
        put(YES)
        put(body)


def _answer(question: Question, file: BinaryIO) -> bytes:
    match question:
        case Summarise():
            return msgspec.json.encode(reading.summarise(file))
        case Frames(first, count):
            return _frames(file, first, count)
        case Rendered(frame, most):
            return _rendered(file, frame, most)
        case Metadata():
            return _metadata(file)
        case Deidentify(salt):
            return identity.removed(file, salt)
        case List():
            return msgspec.json.encode(archive.listed(file))
        case Unpack(n):
            out = bytearray()
            archive.unpack(file, n, out.extend)
            return bytes(out)


def _frames(file: BinaryIO, first: int, count: int) -> bytes:
    ds = reading.opened(file)
    pixels.must_be_decodable(ds, str(ds.file_meta.TransferSyntaxUID))
    frames = pixels.number(file, ds)
    if not 0 <= first < frames:
        raise Refused("no_such_frame", str(first + 1))
    out = bytearray()
    for array in pixels.frames(file, ds, first, min(count, frames - first)):
        png = pixels.shown(array, ds)
        out += struct.pack("<I", len(png)) + png
        if len(out) > ANSWER_BYTES // 8:
            break
    return bytes(out)


def _rendered(file: BinaryIO, frame: int, most: int) -> bytes:
    ds = reading.opened(file)
    pixels.must_be_decodable(ds, str(ds.file_meta.TransferSyntaxUID))
    if not 0 <= frame < pixels.number(file, ds):
        raise Refused("no_such_frame", str(frame + 1))
    array = next(iter(pixels.frames(file, ds, frame, 1)))
    if most > 0:
        # Every n-th pixel: enough to tell pictures apart, and no filter to explain.
        step = max(-(-max(array.shape[:2]) // most), 1)
        array = array[::step, ::step]
    window = None
    if ds.get("WindowCenter") not in (None, "") and ds.get("WindowWidth") not in (None, ""):
        window = (reading.first(ds.WindowCenter), reading.first(ds.WindowWidth))
    return pixels.rendered(array, ds, window)


def _metadata(file: BinaryIO) -> bytes:
    ds = reading.opened(file)
    made = ds.to_json_dict(
        bulk_data_threshold=BULK_BYTES,
        bulk_data_element_handler=lambda _element: "",
        suppress_invalid_tags=True,
    )
    made["00083002"] = {"vr": "UI", "Value": [str(ds.file_meta.TransferSyntaxUID)]}
    return msgspec.json.encode(made, enc_hook=str)  # UIDs are a kind of str
