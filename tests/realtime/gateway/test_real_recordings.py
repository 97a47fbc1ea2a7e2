"""Real recordings go through gateway and PostgreSQL and come back byte for byte."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from realtime import frames
from realtime.recordings import fhrma, wfdb
from realtime.recordings.series import Series, read_series
from realtime.replay import Monitor, Replayer
from realtime.sources import Recorded
from tests.realtime.conftest import Site
from tests.realtime.wire import START_NS, Sender

PATTERNS = ("ctu-uhb/records/*.dat", "fhrma/records/*.fhr", "fhrma-fs/records/*.fhrm")


def to_source(path: Path, series: Series) -> bytes:
    """The file's bytes again, from samples."""
    if path.suffix == ".dat":
        return wfdb.to_source(series)
    return fhrma.to_source(series, fhrma.LAYOUTS[path.suffix])


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_recording_maps_to_samples_and_back_without_loss(
    ctg_data: Path, pattern: str
) -> None:
    paths = sorted(ctg_data.glob(pattern))
    assert paths
    for path in paths:
        series, original = read_series(path), path.read_bytes()
        if series.saturated:  # 127.5 units become 127; nothing else may differ
            was = np.frombuffer(original, "<i2")
            now = np.frombuffer(to_source(path, series), "<i2")
            assert set(was[was != now].tolist()) == {12_750}, path.name
            assert (was != now).sum() == series.saturated
        else:
            assert to_source(path, series) == original, path.name


async def send(site: Site, path: Path, stream: int) -> tuple[UUID, list[bytes], Series]:
    series, recording = read_series(path), uuid4()
    made = frames.build_frames(
        series.whole_seconds(), stream=stream, first_seq=1, first_ns=START_NS
    )
    sender = await Sender.dial(site.url, site.token)
    await sender.open(recording, stream=stream, channels=list(series.channels))
    for at in range(0, len(made), 512):
        await sender.send(frames.build_bundle(made[at : at + 512]))
    await sender.until_acked(len(made), stream=stream)
    await sender.say(type="close", stream=stream, last_seq=len(made))
    await sender.expect("closed")
    await sender.close()
    return recording, made, series


@pytest.mark.parametrize("pattern", PATTERNS)
async def test_what_was_sent_is_what_is_stored(site: Site, ctg_data: Path, pattern: str) -> None:
    paths = sorted(ctg_data.glob(pattern))[:3]  # noqa: ASYNC240 - a local directory
    for stream, path in enumerate(paths, 1):
        recording, made, series = await send(site, path, stream)
        assert await site.stored(recording) == made
        while await site.gateway.folder.fold_once():
            pass
        kept = await site.stored(recording)
        assert kept == made
        samples = frames.view_frames(b"".join(kept))["samples"].reshape(-1)
        again = Series(series.label, series.channels, samples[: len(series.samples)],
                       series.started_at)  # fmt: skip
        assert to_source(path, again) == path.read_bytes()
    assert not await site.fetch("SELECT 1 FROM ctg_conflict")


async def test_a_replayed_recording_arrives_whole(site: Site, ctg_data: Path) -> None:
    series = read_series(ctg_data / "ctu-uhb/records/1001.hea")
    minute = Series(series.label, series.channels, series.samples[: 4 * 90])
    monitor = Monitor("SN-0001", Recorded(minute), "产房1床")
    report = await Replayer(site.url, site.token, [monitor], speed=60).run()
    assert report.frames_acked == 90
    assert report.clock_rtt_ns is not None
    kept = frames.view_frames(b"".join(await site.stored(monitor.recording)))
    assert np.array_equal(kept["samples"].reshape(-1), minute.samples)
    [row] = await site.fetch("SELECT bed, last_seq FROM ctg_recording")
    assert tuple(row) == ("产房1床", 90)
