"""Nothing acknowledged is lost, nothing is stored twice, bad input disturbs nobody."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.realtime.conftest import Site
from tests.realtime.wire import Sender, bundle, frame


async def test_a_stream_is_acknowledged_and_stored_byte_for_byte(site: Site) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    opened = await sender.open(recording)
    assert opened["next_seq"] == 1
    assert opened["heartbeat_s"] == 5
    sent = [frame(seq) for seq in range(1, 21)]
    await sender.send(sent[0])
    await sender.send(bundle(sent[1:]))
    await sender.until_acked(20)
    assert await site.stored(recording) == sent
    await sender.say(type="close", stream=1, last_seq=20)
    assert (await sender.expect("closed"))["stream"] == 1
    [row] = await site.fetch("SELECT * FROM ctg_recording WHERE id = $1", recording)
    assert row["last_seq"] == 20
    assert row["closed_at"] is not None
    assert row["pregnancy_id"] is None
    await sender.close()


async def test_a_reopened_recording_goes_on_after_the_last_durable_second(site: Site) -> None:
    recording = uuid4()
    first = await Sender.dial(site.url, site.token)
    await first.open(recording)
    await first.send(bundle([frame(seq) for seq in range(1, 6)]))
    await first.until_acked(5)
    first.socket.transport.abort()
    second = await Sender.dial(site.url, site.token)
    assert (await second.open(recording, stream=9, device="SN-0001"))["next_seq"] == 6
    # Sent again under another stream number: equal, so ignored and acknowledged.
    await second.send(bundle([frame(seq, stream=9) for seq in range(3, 9)]))
    await second.until_acked(8, stream=9)
    stored = await site.stored(recording)
    assert [one[8] for one in stored] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert stored[:5] == [frame(seq) for seq in range(1, 6)]
    assert not await site.fetch("SELECT 1 FROM ctg_conflict")
    await second.close()


async def test_a_gap_is_not_acknowledged_past_until_filled_or_declared(site: Site) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(bundle([frame(seq) for seq in (1, 2, 5, 6, 9)]))
    await sender.until_acked(2)
    await sender.send(bundle([frame(3), frame(4)]))
    await sender.until_acked(6)
    assert sender.acked[1] == 6
    await sender.say(type="gap", stream=1, **{"from": 7, "to": 8})
    await sender.until_acked(9)
    gaps = await site.fetch("SELECT first_seq, last_seq FROM ctg_gap")
    assert [tuple(gap) for gap in gaps] == [(7, 8)]
    sender.socket.transport.abort()
    again = await Sender.dial(site.url, site.token)
    assert (await again.open(recording))["next_seq"] == 10
    await again.close()


async def test_a_recording_cannot_be_closed_while_seconds_are_missing(site: Site) -> None:
    sender = await Sender.dial(site.url, site.token)
    await sender.open(uuid4())
    await sender.send(frame(1))
    await sender.until_acked(1)
    await sender.say(type="close", stream=1, last_seq=3)
    refused = await sender.expect("refused")
    assert (refused["code"], refused["next_seq"]) == ("ctg.close_incomplete", 2)
    await sender.send(bundle([frame(2), frame(3)]))
    await sender.until_acked(3)
    await sender.say(type="close", stream=1, last_seq=3)
    await sender.expect("closed")
    await sender.close()


async def test_other_bytes_for_a_stored_second_are_refused_and_recorded(site: Site) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(bundle([frame(1), frame(2)]))
    await sender.until_acked(2)
    await sender.send(frame(2, rate=600))
    refused = await sender.expect("refused")
    assert (refused["code"], refused["seq"]) == ("ctg.conflicting_frame", 2)
    await site.gateway.folder.fold_once()
    await sender.send(bundle([frame(1, rate=480), frame(3)]))  # now compared with a chunk
    assert (await sender.expect("refused"))["seq"] == 1
    await sender.until_acked(3)
    assert await site.stored(recording) == [frame(1), frame(2), frame(3)]
    rows = await site.fetch("SELECT seq, kept, refused FROM ctg_conflict ORDER BY seq")
    assert [tuple(row) for row in rows] == [
        (1, frame(1), frame(1, rate=480)),
        (2, frame(2), frame(2, rate=600)),
    ]
    await sender.close()


async def test_every_one_of_several_other_frames_for_a_second_is_recorded(site: Site) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    await sender.send(bundle([frame(1), frame(1, rate=480), frame(1, rate=600), frame(1)]))
    assert [(await sender.expect("refused"))["seq"] for _ in range(2)] == [1, 1]
    await sender.until_acked(1)
    rows = await site.fetch("SELECT refused FROM ctg_conflict ORDER BY id")
    assert [row["refused"] for row in rows] == [frame(1, rate=480), frame(1, rate=600)]
    assert await site.stored(recording) == [frame(1)]
    await sender.close()


async def test_values_out_of_range_are_stored_as_received_and_counted(site: Site) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    odd = [frame(1, rate=100), frame(2, rate=961), frame(3), frame(4, spo2=101)]
    await sender.send(bundle(odd))
    await sender.until_acked(4)
    assert await site.stored(recording) == odd
    [row] = await site.fetch("SELECT invalid_samples FROM ctg_recording")
    assert row["invalid_samples"] == 12
    await sender.close()


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        (b"\x02" + frame(1)[1:], 1008, "ctg.version_unknown"),
        (frame(1)[:-1] + b"\x00", 1007, "ctg.crc_wrong"),
        (bundle([frame(1), frame(2)])[:-1], 1008, "ctg.bundle_length"),
        (bundle([frame(1), frame(2)], kind=4), 1008, "ctg.kind_unknown"),
        (frame(0), 1008, "ctg.seq_zero"),
        (frame(1, stream=2), 1008, "ctg.stream_not_open"),
        (b"", 1008, "ctg.message_short"),
        ("{", 1007, "ctg.json_invalid"),
        ('{"type":"open","stream":0}', 1008, "ctg.message_invalid"),
        ('{"type":"sing"}', 1008, "ctg.message_invalid"),
        (b"\x01" * 50_000, 1009, None),
    ],
)
async def test_malformed_input_closes_that_connection_and_no_other(
    site: Site, message: bytes | str, code: int, reason: str | None
) -> None:
    bad, good = await Sender.dial(site.url, site.token), await Sender.dial(site.url, site.token)
    await good.open(uuid4(), stream=3)
    await bad.open(uuid4())
    await bad.socket.send(message)
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await asyncio.wait_for(bad.socket.recv(), 5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code
    if reason is not None:
        assert closed.value.rcvd.reason == reason
    await good.send(frame(1, stream=3))
    await good.until_acked(1, stream=3)
    await good.close()


async def test_unknown_devices_and_foreign_recordings_are_refused(site: Site) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    for stream, device, code in (
        (2, "SN-9999", "ctg.device_unknown"),
        (3, "SN-0003", "ctg.recording_foreign"),
    ):
        await sender.say(
            type="open", stream=stream, device=device, recording=recording,
            channels=["fhr1"], started_at="2026-11-22T03:00:00Z",
        )  # fmt: skip
        refused = await sender.expect("refused")
        assert (refused["stream"], refused["code"]) == (stream, code)
    await sender.send(frame(1))
    await sender.until_acked(1)
    await sender.close()


@pytest.mark.parametrize("token", ["wrong", ""])
async def test_a_wrong_token_does_not_pass_the_door(site: Site, token: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await Sender.dial(site.url, token)
    assert refused.value.response.status_code == 401


async def test_the_clock_exchange_returns_t1_and_two_stamps(site: Site) -> None:
    sender = await Sender.dial(site.url, site.token)
    await sender.say(type="time", t1=17)
    answer = await sender.expect("time")
    assert answer["t1"] == 17
    assert answer["t2"] <= answer["t3"]
    await sender.close()


async def test_acks_are_coalesced_when_the_sender_allows(site: Site) -> None:
    sender = await Sender.dial(site.url, site.token)
    await sender.open(uuid4(), ack_ms=600)
    loop = asyncio.get_running_loop()
    await sender.send(frame(1))
    await sender.until_acked(1)
    started, acks = loop.time(), 0
    for seq in range(2, 6):
        await sender.send(frame(seq))
        await asyncio.sleep(0.08)
    while sender.acked[1] < 5:
        await sender.receive()
        acks += 1
    assert acks == 1
    assert loop.time() - started > 0.4
    await sender.close()


async def test_what_was_held_back_is_acknowledged_before_the_gateway_ends(site: Site) -> None:
    sender = await Sender.dial(site.url, site.token)
    await sender.open(uuid4(), ack_ms=2_000)
    await sender.send(frame(1))
    await sender.until_acked(1)
    await sender.send(frame(2))
    while site.gateway.committer.figures.stored < 2:
        await asyncio.sleep(0.01)
    assert sender.acked == {1: 1}
    await site.gateway.stop()
    await sender.until_acked(2)
    await sender.close()


async def test_a_second_connection_takes_the_recording_over(site: Site) -> None:
    recording = uuid4()
    old, new = await Sender.dial(site.url, site.token), await Sender.dial(site.url, site.token)
    await old.open(recording)
    await old.send(frame(1))
    await old.until_acked(1)
    assert (await new.open(recording))["next_seq"] == 2
    assert (await old.expect("refused"))["code"] == "ctg.taken_over"
    await old.send(frame(2, rate=400))  # in flight: no longer heard
    await new.send(frame(2))
    await new.until_acked(2)
    assert (await site.stored(recording))[1] == frame(2)
    await old.close()
    await new.close()


async def test_the_journal_becomes_chunks_without_losing_or_doubling(site: Site) -> None:
    sender, recording = await Sender.dial(site.url, site.token), uuid4()
    await sender.open(recording)
    sent = [frame(seq) for seq in range(1, 151)]
    for at in range(0, 150, 10):
        await sender.send(bundle(sent[at : at + 10]))
    await sender.until_acked(150)
    before = await site.stored(recording)
    while await site.gateway.folder.fold_once():
        pass
    assert before == sent == await site.stored(recording)
    [row] = await site.fetch("SELECT count(*) AS rows FROM ctg_journal")
    assert row["rows"] == 0
    chunks = await site.fetch("SELECT first_seq, last_seq FROM ctg_chunk ORDER BY first_seq")
    assert [tuple(chunk) for chunk in chunks] == [(1, 150)]
    sender.socket.transport.abort()
    again = await Sender.dial(site.url, site.token)
    assert (await again.open(recording))["next_seq"] == 151
    await again.close()


async def test_health_says_what_is_happening(site: Site) -> None:
    async def ask() -> tuple[bytes, dict[str, object]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return head, json.loads(body)

    head, facts = await ask()
    while not facts["database"]:
        assert head.startswith(b"HTTP/1.1 503")
        await asyncio.sleep(0.05)
        head, facts = await ask()
    assert head.startswith(b"HTTP/1.1 200")
    assert facts["status"] == "ok"
