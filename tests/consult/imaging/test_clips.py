"""Clips of MPEG-2, H.264 and HEVC: every picture at its number, and none that had to be made up."""

from collections.abc import Iterator

import pytest

from consult.imaging.errors import ClipSaysWho, NoSuchFrame
from consult.imaging.parse import Box
from consult.imaging.parse.codecs import CLIPS, KEPT_ONLY
from tests.consult.imaging.clips import H264, HEIGHT, HEVC, MPEG2, WIDTH, clip, grey, stream
from tests.consult.imaging.scans import unpacked

START = b"\0\0\1"
NEAR = 3
"""Greys that encoding may be off by; the next picture is four times as far."""
FORMS = [
    (H264, ""),
    (H264, "mp4"),
    (H264, "mpegts"),
    (MPEG2, ""),
    (MPEG2, "mpeg"),
    (MPEG2, "mpegts"),
    (HEVC, ""),
    (HEVC, "mp4"),
]


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    made = Box(readers=1)
    yield made
    made.close()


def seen(png: bytes) -> int:
    """The grey of a picture, which is one all over."""
    colour, picture = unpacked(png)
    assert (colour, picture.shape) == (2, (HEIGHT, WIDTH, 3))
    assert int(picture.max()) - int(picture.min()) <= 2 * NEAR
    return round(float(picture.mean()))


@pytest.mark.parametrize(("syntax", "form"), FORMS, ids=lambda one: one.rpartition(".")[2])
async def test_each_picture_is_found_by_its_number(box: Box, syntax: str, form: str) -> None:
    content = clip(stream(syntax, form), syntax, claimed=9)
    summary = await box.summary(content)
    assert summary.why_not is None
    # Counted, where there are more than the file says.
    assert (summary.frames, summary.rows, summary.columns) == (12, HEIGHT, WIDTH)
    assert (summary.frame_ms, summary.lossy, summary.regions[0].unit_x) == (40.0, True, "cm")
    greys = [seen(one) for one in await box.frames(content, 0, 12)]
    assert greys == [pytest.approx(grey(n), abs=NEAR) for n in range(12)]
    assert [seen(one) for one in await box.frames(content, 7, 2)] == greys[7:9]
    assert seen(await box.rendered(content, 11)) == greys[11]
    for ask in (box.frames(content, 12, 1), box.rendered(content, 12)):
        with pytest.raises(NoSuchFrame):
            await ask


async def test_a_stream_in_several_fragments_is_one(box: Box) -> None:
    content = clip(syntax=f"{H264}.1", fragments=5, content=stream())
    assert (await box.summary(content)).frames == 12
    assert [seen(one) for one in await box.frames(content, 10, 2)] == [
        pytest.approx(grey(n), abs=NEAR) for n in (10, 11)
    ]


@pytest.mark.parametrize("syntax", [H264, MPEG2, HEVC])
async def test_of_a_clip_with_a_piece_missing_nothing_is_made_up(box: Box, syntax: str) -> None:
    parts = [START + part for part in stream(syntax).split(START)[1:]]
    fates = []
    for n in range(len(parts)):
        broken = clip(b"".join(parts[:n] + parts[n + 1 :]), syntax)
        summary = await box.summary(broken)
        fates.append(summary.why_not)
        if summary.why_not is None:
            # It was about the stream, not of a picture.
            greys = [seen(one) for one in await box.frames(broken, 0, 12)]
            assert greys == [pytest.approx(grey(n), abs=NEAR) for n in range(12)]
    assert fates.count("broken_pixels") >= 12


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (clip(b"no stream at all" * 40), "broken_pixels"),
        (clip(stream()[:60]), "broken_pixels"),
        (clip(stream(MPEG2)), "broken_pixels"),
        (clip(stream(encoder="mpeg4", form="mp4")), "broken_pixels"),
        (clip(stream(width=WIDTH + 16)), "broken_pixels"),
        (clip(stream(width=4096)), "broken_pixels"),
        (clip(stream(), "1.2.840.10008.1.2.4.106"), "codec_missing"),
    ],
    ids=["words", "cut", "other", "unnamed", "wider", "huge", "stereo"],
)
async def test_what_is_not_what_the_file_says_is_kept_and_not_shown(
    box: Box, content: bytes, why: str
) -> None:
    assert (await box.summary(content)).why_not == why


async def test_a_clip_is_not_de_identified(box: Box) -> None:
    with pytest.raises(ClipSaysWho):
        await box.deidentified(clip(patient="SYNTH^ZHANG"), b"salt")


def test_what_is_shown_is_not_listed_as_kept_only() -> None:
    assert set(CLIPS) >= {H264, MPEG2, HEVC}
    assert not set(CLIPS) & set(KEPT_ONLY)
