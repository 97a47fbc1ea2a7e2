"""What is replayed goes out by the agent's uplink; who replays is told what an agent waits for."""

from __future__ import annotations

from uuid import UUID

import pytest

from realtime import frames
from realtime.agent.uplink import Wish
from realtime.monitor import Monitor
from realtime.replay import Rejected, Replayer, replay
from realtime.sources import Synthetic
from tests.realtime.conftest import Site


def monitor(seconds: int, serial: str = "SN-0001") -> Monitor:
    return Monitor(serial, Synthetic("variable", 3, seconds))


@pytest.mark.parametrize(
    ("acked", "asked", "limit", "found"),
    [
        (0, (1, 9), 99, range(1, 10)),
        (0, (1, 9), 4, range(1, 5)),
        (5, (6, 7), 99, range(6, 8)),
        (5, (2, 7), 99, range(6, 8)),
        (9, (1, 9), 99, []),
    ],
)
def test_seconds_wait_until_they_are_acknowledged(
    acked: int, asked: tuple[int, int], limit: int, found: range
) -> None:
    one = monitor(9)
    while one.produce() is not None:
        pass
    assert one.ended
    one.settle(acked)
    seconds = one.read(Wish(one.recording, *asked, limit))
    assert [seq for seq, _ in seconds] == list(found)
    assert [frames.seq_of(body) for _, body in seconds] == list(found)


async def test_several_monitors_share_one_connection(site: Site) -> None:
    sent = [monitor(30), monitor(45, "SN-0002")]
    report = await Replayer(site.url, site.token, sent, speed=60).run()
    assert (report.frames_sent, report.frames_acked, report.frames_resent) == (75, 75, 0)
    assert report.connections == 1
    assert len(report.ack_ms) == 75
    for one in sent:
        (row,) = await site.fetch(
            "SELECT last_seq, closed_at FROM ctg_recording WHERE id = $1", one.recording
        )
        assert row["last_seq"] == one.produced
        assert row["closed_at"] is not None


async def test_an_unknown_device_ends_it_by_name_and_the_others_are_sent(site: Site) -> None:
    with pytest.raises(Rejected, match="SN-9999"):
        await replay(site.url, site.token, ["SN-9999", "SN-0001"], synth=["early"] * 2, seconds=5,
                     speed=60)  # fmt: skip
    assert await _stored(site) == 5


async def test_a_token_that_nobody_knows_ends_it(site: Site) -> None:
    with pytest.raises(Rejected, match="401"):
        await replay(site.url, "x", ["SN-0001"], synth=["early"], seconds=5, speed=60)


async def _stored(site: Site) -> int:
    (row,) = await site.fetch("SELECT id FROM ctg_recording WHERE last_seq IS NOT NULL")
    recording: UUID = row["id"]
    return len(await site.stored(recording))
