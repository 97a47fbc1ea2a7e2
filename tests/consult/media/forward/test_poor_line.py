"""Sound alone by the rule of losses, in a real worker: pictures rest, go on, and it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consult.media.engine import SoundAlone, WasLeft
from tests.consult.media.peers.houses import House, forward_house
from tests.consult.media.peers.peer import Peer
from tests.consult.media.test_conformance import until

LOST = 0.4
"""Of all packets: more than sound alone is left at."""


@pytest.fixture
async def house(valkey_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """Our worker."""
    async with forward_house(valkey_url, tmp_path) as made:
        await made.listen()
        yield made


async def test_a_line_too_poor_for_pictures_keeps_its_sound_and_says_so(house: House) -> None:
    one, two = await house.enter(2)
    poor, other = house.peers[one], house.peers[two]
    for peer in (poor, other):
        await until(lambda peer=peer: peer.pictures == 1 and peer.sound > 50)
    poor.misses = LOST
    await until(lambda: [event.on for event in house.told(SoundAlone)] == [True])
    await asyncio.sleep(1)  # what was on its way
    mine, theirs = await _passed(poor, 2), await _passed(other, 2)
    assert mine["pictures"] == 0
    assert mine["sound"] > 50
    assert theirs["pictures"] > 15  # nobody else is sent less
    poor.misses = 0.0
    await until(lambda: [event.on for event in house.told(SoundAlone)] == [True, False], 60)
    assert (await _passed(poor, 3))["pictures"] > 10
    assert {event.participant_id for event in house.told(SoundAlone)} == {one}

    await poor.leave()
    await until(lambda: [event.participant_id for event in house.told(WasLeft)] == [one])
    (went,) = house.told(WasLeft)
    assert 3 <= went.audio_only_s <= 90
    assert went.loss is not None
    assert 0 < went.loss < LOST


async def _passed(peer: Peer, seconds: float) -> Counter[str]:
    """What came within some seconds: ends of pictures, packets of sound."""
    before = Counter({"pictures": peer.frames.total(), "sound": peer.sound})
    await asyncio.sleep(seconds)
    now = Counter({"pictures": peer.frames.total(), "sound": peer.sound})
    now.subtract(before)
    return now
