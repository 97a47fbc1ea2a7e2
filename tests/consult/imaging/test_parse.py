"""Every file that pydicom ships is shown or refused with a reason; hostile bytes hurt a child."""

import io
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pydicom.data
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from consult.imaging.errors import REASONS, NestedTooDeep, NotDicom, TooLong, TooMuchMemory
from consult.imaging.parse import Box
from consult.imaging.parse.box import zero_preamble
from kernel.errors import Refusal
from tests.consult.imaging.clips import MPEG2, clip, stream
from tests.consult.imaging.scans import scan, unpacked

FOLDER = Path(pydicom.data.__file__).parent
FILES = sorted(
    path for path in FOLDER.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}
)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    made = Box(readers=1)
    yield made
    made.close()


async def fate(box: Box, content: bytes) -> str:
    """shown, listed, kept:<code> or refused:<code>; anything else fails the test."""
    try:
        summary = await box.summary(content)
    except Refusal as no:
        return f"refused:{REASONS[no.code.removeprefix('imaging.')].code}"
    if summary.measurements:
        return "listed"
    if summary.why_not is not None:
        assert summary.why_not in REASONS
        return f"kept:{summary.why_not}"
    assert summary.rows > 0
    assert summary.frames > 0
    return "shown"


async def test_every_file_that_pydicom_ships_is_shown_or_refused_with_a_reason(box: Box) -> None:
    fates = Counter([await fate(box, path.read_bytes()) for path in FILES])
    assert len(FILES) > 180
    assert fates.total() == len(FILES)
    assert fates["shown"] >= 90
    assert not [code for code in fates if code.endswith("reader_gone")]


@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb_dcmtk_+eb+cy+np.dcm",  # JPEG baseline
        "SC_rgb_jpeg_gdcm.dcm",  # JPEG lossless
        "MR_small_jpeg_ls_lossless.dcm",
        "JPEG2000.dcm",
        "SC_rgb_rle_16bit_2frame.dcm",
        "examples_palette.dcm",
        "MR_small_bigendian.dcm",
    ],
)
async def test_a_file_of_each_codec_is_shown(box: Box, name: str) -> None:
    content = (FOLDER / "test_files" / name).read_bytes()
    assert await fate(box, content) == "shown"
    frames = await box.frames(content, 0, 1)
    assert frames[0].startswith(b"\x89PNG")
    assert (await box.rendered(content, 0)).startswith(b"\x89PNG")


async def test_sixteen_bits_arrive_whole(box: Box) -> None:
    content = (FOLDER / "test_files" / "CT_small.dcm").read_bytes()
    summary = await box.summary(content)
    colour, seen = unpacked((await box.frames(content, 0, 1))[0])
    assert colour == 2
    stored = seen[..., 0].astype(int) * 256 + seen[..., 1] - summary.offset
    assert (stored == dcmread(io.BytesIO(content)).pixel_array).all()


async def test_an_ultrasound_clip_tells_frames_times_and_calibration(box: Box) -> None:
    content = scan(frames=5, patient="SYNTH^ZHANG")
    summary = await box.summary(content)
    assert (summary.modality, summary.frames, summary.frame_ms) == ("US", 5, 40.0)
    assert summary.regions[0].unit_x == "cm"
    assert summary.regions[0].delta_x == pytest.approx(0.05)
    assert summary.patient_name == "SYNTH^ZHANG"
    pictures = await box.frames(content, 3, 16)
    assert len(pictures) == 2
    assert unpacked(pictures[0])[1][0, 0] == 3


async def test_a_frame_that_is_not_there_is_refused(box: Box) -> None:
    with pytest.raises(REASONS["no_such_frame"]):
        await box.frames(scan(frames=2), 2, 1)


async def test_who_she_is_can_be_taken_out(box: Box) -> None:
    content = scan(frames=2, patient="SYNTH^ZHANG", private=True)
    bare = await box.deidentified(content, b"salt")
    again = await box.deidentified(content, b"salt")
    assert b"ZHANG" not in bare
    assert b"PRIVATE WORDS" not in bare
    before, after = await box.summary(content), await box.summary(bare)
    assert after.deidentified
    assert after.patient_name == after.patient_id == after.study_description == ""
    assert after.study_uid != before.study_uid
    assert after.study_uid == (await box.summary(again)).study_uid
    assert (after.frames, after.regions) == (before.frames, before.regions)
    assert await box.frames(bare, 0, 2) == await box.frames(content, 0, 2)


async def test_a_program_in_the_preamble_does_not_stay() -> None:
    content = b"MZ" + b"\x90" * 126 + scan()[128:]
    assert zero_preamble(content)[:128] == b"\0" * 128
    assert zero_preamble(content)[128:] == content[128:]


async def test_what_unpacks_to_gigabytes_costs_a_child_and_nothing_else(box: Box) -> None:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    buffer = io.BytesIO()
    ds = FileDataset(None, Dataset(), preamble=b"\0" * 128, file_meta=meta)
    ds.PatientID = "x"
    ds.save_as(buffer, enforce_file_format=True)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflate.compress(struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, 2**31))
    bomb += b"".join(deflate.compress(bytes(2**24)) for _ in range(48)) + deflate.flush()
    length = struct.unpack("<I", buffer.getvalue()[140:144])[0]
    with pytest.raises((TooMuchMemory, TooLong)):
        await box.summary(buffer.getvalue()[: 144 + length] + bomb)
    assert await fate(box, scan()) == "shown"


async def test_sequences_without_end_are_refused(box: Box) -> None:
    inner = Dataset()
    inner.CodeValue = "x"
    content = scan()
    nested = b""
    for _ in range(20_000):
        nested += struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF)
        nested += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    head = content[: content.index(struct.pack("<HH", 0x0028, 0x0002))]
    assert (await fate(box, head + nested)) in {
        "refused:imaging.nested_too_deep",
        "refused:imaging.broken",
        "refused:imaging.too_long",
    }
    assert NestedTooDeep.code.endswith("nested_too_deep")


async def test_the_parent_looks_at_four_letters_only(box: Box) -> None:
    with pytest.raises(NotDicom):
        await box.summary(b"\0" * 128 + b"PNG!" + b"x" * 1000)
    with pytest.raises(NotDicom):
        await box.summary(b"")


SEEDS = [
    scan(frames=2, patient="A"),
    (FOLDER / "test_files" / "SC_rgb_jpeg_dcmtk.dcm").read_bytes(),
    (FOLDER / "test_files" / "MR_small_RLE.dcm").read_bytes(),
    (FOLDER / "test_files" / "MR_small_jpeg_ls_lossless.dcm").read_bytes(),
    (FOLDER / "test_files" / "693_J2KI.dcm").read_bytes()[:60_000],
    (FOLDER / "test_files" / "test-SR.dcm").read_bytes(),
    clip(),
    clip(stream(form="mp4")),
    clip(syntax=MPEG2),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good file with bits turned, lengths made huge, pieces doubled, and its end cut off."""
    content = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 12))):
        at = draw(st.integers(132, len(content) - 5))
        match draw(st.sampled_from(["flip", "huge", "double", "zero"])):
            case "flip":
                content[at] ^= 1 << draw(st.integers(0, 7))
            case "huge":
                content[at : at + 4] = draw(st.sampled_from([b"\xff" * 4, b"\xff\xff\xff\x7f"]))
            case "double":
                content[at:at] = content[132:at][:4000]
            case _:
                content[at : at + 4] = b"\0" * 4
    return bytes(content[: draw(st.integers(140, len(content)))])


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=mutated())
async def test_mutations_never_harm_the_parent(box: Box, content: bytes) -> None:
    said = await fate(box, content)
    assert not said.endswith("reader_gone")


async def test_a_killed_reader_is_replaced(box: Box) -> None:
    await box.summary(scan())
    reader = box._free.get()
    assert reader._process is not None
    reader._process.kill()
    reader._process.wait()
    box._free.put(reader)
    assert await fate(box, scan()) == "shown"


def test_ours_is_the_syntax_that_scans_are_made_in() -> None:
    assert dcmread(io.BytesIO(scan())).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
