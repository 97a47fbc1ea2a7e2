"""A real browser flashes and beeps each second; in what is recorded both fall together."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID

import av
import numpy as np
import pytest
from playwright.async_api import Page, async_playwright

from consult.media.engine import Recording, Source
from consult.media.recording.shelf import Part
from kernel.ids import new_id
from tests.consult.media.forward.test_calls import CLIENT
from tests.consult.media.peers.houses import RunningHouse, forward_house, somebody
from tests.consult.media.test_conformance import until
from tests.fixtures.chromium import CAMERAS, WINDOWED, launched

APART_MS = 100
"""People who watch lips notice more than this."""
SPOKEN_S = 14

FLASHES_AND_BEEPS = """
async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
  document.body.append(canvas);
  const pen = canvas.getContext('2d');
  const sound = new AudioContext({ sampleRate: 48000 });
  await sound.resume();
  const gain = new GainNode(sound, { gain: 0 });
  const out = sound.createMediaStreamDestination();
  const tone = new OscillatorNode(sound, { frequency: 1000 });
  tone.connect(gain).connect(out);
  tone.start();
  const first = Math.ceil(sound.currentTime) + 1;
  for (let n = first; n < first + 120; n += 1) {
    gain.gain.setValueAtTime(0.8, n);
    gain.gain.setValueAtTime(0, n + 0.25);
  }
  let shift = 0;
  setInterval(() => {
    const at = sound.currentTime;
    pen.fillStyle = at >= first && at % 1 < 0.25 ? '#fff' : '#000';
    pen.fillRect(0, 0, 640, 480);
    pen.fillStyle = '#777';
    pen.fillRect((shift += 7) % 600, 440, 40, 40);
  }, 15);
  const picture = canvas.captureStream(30);
  const tracks = [...out.stream.getAudioTracks(), ...picture.getVideoTracks()];
  window.room.media = new MediaStream(tracks);
}
"""


@pytest.fixture
async def house(valkey_url: str, tmp_path: Path) -> AsyncIterator[RunningHouse]:
    """Our worker, with a folder."""
    async with forward_house(valkey_url, tmp_path) as made:
        yield made


async def test_sound_and_picture_of_one_person_stay_together(house: RunningHouse) -> None:
    recording, who = UUID(int=new_id().int), somebody()
    async with async_playwright() as driver, launched(driver, WINDOWED, *CAMERAS) as browser:
        page = await browser.new_page()
        await _enter(page, house, who)
        await house.engine.set_recording(house.room, Recording(recording, frozenset({who.id})))
        assert house.shelf is not None
        shelf = house.shelf
        await until(lambda: len(shelf.parts(recording)) == 2)
        await asyncio.sleep(SPOKEN_S)
        await house.engine.set_recording(house.room, None)
        await until(lambda: all(part.whole for part in shelf.parts(recording)))
    parts = {part.label.source: part for part in shelf.parts(recording)}
    assert set(parts) == {Source.CAMERA, Source.MICROPHONE}
    flashes = _moments(house, parts[Source.CAMERA], _flashes)
    beeps = _moments(house, parts[Source.MICROPHONE], _beeps)
    apart = [
        min((flash - beep for beep in beeps), key=abs)
        for flash in flashes
        if beeps[0] - 0.5 < flash < beeps[-1] + 0.5
    ]
    assert len(apart) >= SPOKEN_S // 2, (flashes, beeps)
    skew_ms = round(median(apart) * 1000)
    assert abs(skew_ms) <= APART_MS, apart


async def _enter(page: Page, house: RunningHouse, who: object) -> None:
    ticket = await house.ticket(who)  # type: ignore[arg-type]
    await page.goto(f"http://{urlsplit(ticket.url).netloc}/health")
    await page.add_script_tag(content=CLIENT.read_text("utf-8"))
    await page.evaluate(FLASHES_AND_BEEPS)
    shown = {"url": ticket.url, "token": ticket.token}
    assert await page.evaluate("ticket => window.room.join(ticket)", shown) == "welcome"


def _moments(house: RunningHouse, part: Part, onsets) -> list[float]:  # type: ignore[no-untyped-def]
    """Seconds since 1970 of each onset in a file, as a player is given it."""
    assert house.shelf is not None
    given = house.shelf.playable(part.label.recording, part.id)
    raw = b"".join(given.parts(0, given.size))
    with av.open(io.BytesIO(raw), "r") as container:
        return [
            (part.label.began_at + timedelta(seconds=at)).timestamp() for at in onsets(container)
        ]


def _flashes(container) -> list[float]:  # type: ignore[no-untyped-def]
    found, before = [], True
    for frame in container.decode(video=0):
        bright = bool(frame.to_ndarray(format="gray")[:400].mean() > 128)
        if bright and not before:
            found.append(float(frame.time))
        before = bright
    return found


def _beeps(container) -> list[float]:  # type: ignore[no-untyped-def]
    found, last = [], 0.0
    for frame in container.decode(audio=0):
        loud = np.flatnonzero(np.abs(frame.to_ndarray()).max(axis=0) > 0.2)
        if not len(loud):
            continue
        at = float(frame.time) + float(loud[0]) / frame.sample_rate
        if at - last > 0.5:
            found.append(at)
        last = float(frame.time) + float(loud[-1]) / frame.sample_rate
    return found
