"""Every "no" of scans, coded; the texts stand in messages.toml.

Those in `REASONS` also say, as `why_not`, why a file that is kept cannot be shown.
"""

from kernel.errors import Refusal


class NotDicom(Refusal):
    """It is no DICOM file."""

    code = "imaging.not_dicom"
    status = 422


class TooLarge(Refusal):
    """Larger than is taken in. Fields: limit_mb."""

    code = "imaging.too_large"
    status = 413


class TooLong(Refusal):
    """Reading it took longer than is allowed."""

    code = "imaging.too_long"
    status = 422


class Broken(Refusal):
    """It cannot be read. Fields: detail."""

    code = "imaging.broken"
    status = 422


class TooMuchMemory(Refusal):
    """Reading it wants more memory than is allowed."""

    code = "imaging.too_much_memory"
    status = 422


class NestedTooDeep(Refusal):
    """Sequences within sequences without end."""

    code = "imaging.nested_too_deep"
    status = 422


class AnswerTooLarge(Refusal):
    """What would be shown is beyond bounds."""

    code = "imaging.answer_too_large"
    status = 422


class NoSyntax(Refusal):
    """It does not say how it is written."""

    code = "imaging.no_syntax"
    status = 422


class Directory(Refusal):
    """A DICOMDIR: a list of files, not a scan."""

    code = "imaging.directory"
    status = 422


class UidMissing(Refusal):
    """A UID is missing. Fields: detail."""

    code = "imaging.uid_missing"
    status = 422


class UidInvalid(Refusal):
    """A UID is none. Fields: detail."""

    code = "imaging.uid_invalid"
    status = 422


class NoPixels(Refusal):
    """There is no picture in it."""

    code = "imaging.no_pixels"
    status = 422


class TooManyPixels(Refusal):
    """More pixels than are decoded. Fields: detail."""

    code = "imaging.too_many_pixels"
    status = 422


class CodecMissing(Refusal):
    """No decoder for its transfer syntax. Fields: detail."""

    code = "imaging.codec_missing"
    status = 422


class TwelveBitJpeg(Refusal):
    """JPEG Extended of 12 bits."""

    code = "imaging.twelve_bit_jpeg"
    status = 422


class DepthUnknown(Refusal):
    """Samples of a kind that is not shown. Fields: detail."""

    code = "imaging.depth_unknown"
    status = 422


class BrokenPixels(Refusal):
    """The pixels cannot be decoded."""

    code = "imaging.broken_pixels"
    status = 422


class ClipSaysWho(Refusal):
    """De-identifying was asked for, and the stream of a clip is not rewritten."""

    code = "imaging.clip_says_who"
    status = 422


class NoMeasurements(Refusal):
    """A report without numbers."""

    code = "imaging.no_measurements"
    status = 422


class NoSuchFrame(Refusal):
    """The scan has fewer frames. Fields: detail."""

    code = "imaging.no_such_frame"
    status = 404


class ReaderGone(Refusal):
    """The confined reader ended."""

    code = "imaging.reader_gone"
    status = 503


class ZipBroken(Refusal):
    """It is no zip, or a damaged one."""

    code = "imaging.zip_broken"
    status = 422


class ZipTooMany(Refusal):
    """More files than are unpacked. Fields: detail."""

    code = "imaging.zip_too_many"
    status = 422


class ZipTooLarge(Refusal):
    """One of its files is larger than is unpacked."""

    code = "imaging.zip_too_large"
    status = 422


class ZipBomb(Refusal):
    """It claims to unpack to far more than scans do."""

    code = "imaging.zip_bomb"
    status = 422


class ZipLocked(Refusal):
    """A file in it is encrypted, or packed in a way that is not opened."""

    code = "imaging.zip_locked"
    status = 422


class ZipPath(Refusal):
    """A name in it leads out of the archive."""

    code = "imaging.zip_path"
    status = 422


REASONS: dict[str, type[Refusal]] = {
    found.code.removeprefix("imaging."): found
    for found in (
        NotDicom,
        TooLarge,
        TooLong,
        Broken,
        TooMuchMemory,
        NestedTooDeep,
        AnswerTooLarge,
        NoSyntax,
        Directory,
        UidMissing,
        UidInvalid,
        NoPixels,
        TooManyPixels,
        CodecMissing,
        TwelveBitJpeg,
        DepthUnknown,
        BrokenPixels,
        ClipSaysWho,
        NoMeasurements,
        NoSuchFrame,
        ReaderGone,
        ZipBroken,
        ZipTooMany,
        ZipTooLarge,
        ZipBomb,
        ZipLocked,
        ZipPath,
    )
}


class UidTaken(Refusal):
    """Another file of hers has the same UID; it stays, and the attempt is kept on record."""

    code = "imaging.uid_taken"


class StillHeld(Refusal):
    """Nobody has said yet whose it is."""

    code = "imaging.still_held"


class TakenOut(Refusal):
    """It was taken out of her record."""

    code = "imaging.taken_out"
    status = 410


class Busy(Refusal):
    """Too many bytes are being taken in; nothing was read."""

    code = "imaging.busy"
    status = 503


class ScanLost(Refusal):
    """Its bytes are missing or changed."""

    code = "imaging.scan_lost"
    status = 500


class Stalled(Refusal):
    """Nothing more of the file came."""

    code = "imaging.stalled"
    status = 408


class MachineUnknown(Refusal):
    """No such machine may send, or no longer."""

    code = "imaging.machine_unknown"
    status = 403


class NoNetwork(Refusal):
    """It is no address and no network. Fields: said."""

    code = "imaging.no_network"
    status = 422


class NotMultipart(Refusal):
    """It is no multipart/related body of DICOM files."""

    code = "imaging.not_multipart"
    status = 415


class QueryUnknown(Refusal):
    """A filter of a search is not understood. Fields: name."""

    code = "imaging.query_unknown"
    status = 400


class TooManyAtOnce(Refusal):
    """More files than one retrieval opens. Fields: most."""

    code = "imaging.too_many_at_once"
    status = 413
