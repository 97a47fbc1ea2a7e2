"""Files are what they hold: nothing else gets in, and nothing of place or owner stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import media
from kernel.media.broken import Broken
from tests.kernel.media.pictures import GPS, OWNER, chunk, exif, jpeg, pdf, png, segment, webp

ZIP = b"PK\x03\x04 a zip behind the picture"
HTML = b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (jpeg(), "image/jpeg"),
        (png(), "image/png"),
        (webp(), "image/webp"),
        (pdf(), "application/pdf"),
    ],
)
def test_whole_files_are_known_by_their_content(content: bytes, media_type: str) -> None:
    said, clean = media.cleaned(content)
    assert said == media_type
    assert media.cleaned(clean) == (said, clean)  # clean is clean


@pytest.mark.parametrize(
    "content",
    [
        jpeg(exif(6), segment(0xFE, OWNER), segment(0xED, OWNER), segment(0xE2, OWNER)),
        png(chunk(b"eXIf", GPS), chunk(b"tEXt", OWNER), chunk(b"iTXt", OWNER)),
        webp(b"EXIF", GPS, b"XMP ", OWNER, flags=0x0C),
    ],
)
def test_place_and_owner_stay_out(content: bytes) -> None:
    _, clean = media.cleaned(content)
    assert GPS not in clean
    assert OWNER not in clean


def test_which_way_is_up_is_kept_and_nothing_else_of_exif() -> None:
    _, clean = media.cleaned(jpeg(exif(6)))
    assert clean.count(b"Exif\0\0") == 1
    _, again = media.cleaned(clean)
    assert again == clean
    _, upright = media.cleaned(jpeg(exif(1)))
    assert b"Exif" not in upright


@pytest.mark.parametrize("whole", [jpeg(), png(), webp(), pdf()])
@pytest.mark.parametrize("behind", [ZIP, HTML])
def test_what_is_appended_behind_the_end_is_cut_off(whole: bytes, behind: bytes) -> None:
    _, clean = media.cleaned(whole + behind)
    assert behind not in clean
    assert clean == media.cleaned(whole)[1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "unknown_type"),
        (HTML, "unknown_type"),
        (b"GIF89a" + b"\0" * 50, "unknown_type"),
        (ZIP, "unknown_type"),
        (HTML + pdf(), "unknown_type"),
        (b"\n" + jpeg(), "unknown_type"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "unknown_type"),
        (b"\xff\xd8\xff\xd9", "not_whole"),
        (jpeg(end=b""), "not_whole"),
        (jpeg()[:60], "not_whole"),
        (jpeg(width=60000, height=60000), "too_many_pixels"),
        (jpeg(width=0), "not_whole"),
        (png()[:-4], "not_whole"),
        (png()[:30] + b"\0" + png()[31:], "not_whole"),
        (png(width=2**30, height=2**30), "too_many_pixels"),
        (png(chunk(b"EVIL", b"x")), "not_whole"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""), "not_whole"),
        (webp(flags=0x02), "animated"),
        (webp(b"VP8L", b"\x2f\xff\xff\xff\x0f"), "too_many_pixels"),
        (webp(b"VP8L", b"\x2f\xff"), "not_whole"),
        (webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f"), "too_many_pixels"),
        (webp(b"VP8 ", b"\0" * 10), "not_whole"),
        (webp()[:-4], "not_whole"),
        (pdf(end=b""), "not_whole"),
        (pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), "active"),
        (pdf(b"/OpenAction << /S /J#61vaScript >>"), "active"),
        (pdf(b"/S /Launch"), "active"),
        (pdf(b"/AcroForm << /XFA [(template) 4 0 R] >>"), "active"),
        (pdf(b"/AcroForm << /XFA 4 0 R >>"), "active"),
        # Only a comment says that a stream begins here, and one that it ends.
        (pdf(b"% stream\n /S /JavaScript\n% endstream\n"), "active"),
        (pdf(b"/P (stream\n) /S /JavaScript /Q (endstream)"), "active"),
        (pdf(b"/Names << /EmbeddedFiles 2 0 R >>"), "active"),
        (pdf(b"/Encrypt 3 0 R"), "encrypted"),
    ],
)
def test_what_is_refused_and_why(content: bytes, reason: str) -> None:
    with pytest.raises(Broken) as refused:
        media.cleaned(content)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n" + b"stream\n" * 300_000 + b"%%EOF\n",
        b"%PDF-1.7\n" + b"/XFA " * 300_000 + b"%%EOF\n",
        b"%PDF-1.7\n" + b"/XFA" + b" " * 2_000_000 + b"%%EOF\n",
        jpeg(segment(0xE1, b"") * 300_000),
        jpeg() + b"\xff" * 2_000_000,
        png(chunk(b"tEXt", b"") * 150_000),
        webp(*(b"EXIF", b"") * 200_000),
    ],
    ids=["streams", "forms", "spaces", "segments", "tail", "chunks", "parts"],
)
def test_the_work_grows_with_the_file_and_no_faster(content: bytes) -> None:
    """Two megabytes made to keep a walker busy: what is not linear never comes back from here."""
    _, clean = media.cleaned(content)
    assert len(clean) <= len(content)


@given(st.sampled_from([jpeg(exif(6)), png(), webp(), pdf()]), st.data())
def test_a_spoilt_file_is_refused_or_kept_and_never_breaks_us(
    whole: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    new = data.draw(st.binary(max_size=6))
    spoilt = whole[:at] + new + whole[at + len(new) + data.draw(st.integers(0, 4)) :]
    try:
        _, clean = media.cleaned(spoilt)
    except Broken:
        return
    assert media.cleaned(clean)[1] == clean
