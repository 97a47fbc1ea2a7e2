"""A small storm and a little abuse in every test run; and the judges see what they must."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from realtime import frames
from server.embedded.services import EmbeddedServices
from tests.faults.ctg import tracings
from tests.faults.ctg.__main__ import Outcome, Profile, run
from tests.faults.ctg.abuse import AFTER_OPENING, INSTEAD, Abuse
from tests.faults.ctg.centre import differing
from tests.faults.ctg.hostile import Wanted
from tests.faults.ctg.sender import Ledger, Plan, promised
from tests.faults.ctg.verdict import judge
from tests.faults.ctg.viewers import Watching
from tests.realtime import wire

SMALL = Profile(
    streams=40,
    agents=2,
    # Twenty viewers on two gateways: whichever dies, it dies under somebody's eyes.
    wall=2,
    kills=6,
    between_s=(0.1, 0.6),
    drains=1,
    disk_s=5.0,
    seconds=600,
    warm_s=1.0,
    # What the gateways' memory grows by for other reasons is shared among so many stalled viewers.
    abuse=Wanted(messages=114, lanes=20, rate=200, quiet_s=2, viewers=12, stalled_s=2),
)


Aftermath = tuple[Path, Outcome, asyncio.Runner]


@pytest.fixture(scope="module")
def aftermath() -> Iterator[Aftermath]:
    place = Path(tempfile.mkdtemp(prefix="ys-"))
    place.chmod(0o755)
    try:
        # The thread that starts a server again is the runner's: it must outlive the tests.
        with EmbeddedServices(place) as services, asyncio.Runner() as runner:
            done = runner.run(run(services, place, SMALL))
            yield place, done, runner
    finally:
        shutil.rmtree(place, ignore_errors=True)


def test_nothing_is_lost_changed_or_doubled(aftermath: Aftermath) -> None:
    _, done, _ = aftermath
    assert dict(done.storm.by_target) == dict.fromkeys(
        ("gateway", "postgres", "backend", "valkey", "agent", "sender"), 1
    )
    assert done.storm.watching.cuts > 0
    assert done.storm.unhealed == 0
    assert done.said.complaints == []
    assert (done.said.acked_lost, done.said.different) == (0, 0)
    assert (done.said.duplicates, done.said.conflicts) == (0, 0)
    assert done.said.sent >= 40 * 5
    assert done.said.agent_seconds >= 2 * 5
    assert done.ended
    assert done.storm.watching.wrong == 0
    assert done.line()["stored_equals_sent"] is True


def test_a_drained_gateway_leaves_in_order(aftermath: Aftermath) -> None:
    _, done, _ = aftermath
    assert (done.rolling.commands, done.rolling.gateways, done.rolling.said) == ([0], [0], [True])
    assert done.rolling.late_s
    assert max(done.rolling.late_s) < 5


def test_slow_commits_are_said_on_every_strip_and_heal(aftermath: Aftermath) -> None:
    _, done, _ = aftermath
    assert done.disk is not None
    assert done.disk.said_slow
    assert done.disk.good


def test_abuse_ends_itself_alone(aftermath: Aftermath) -> None:
    _, done, _ = aftermath
    said = done.abused.said
    assert said["kinds"] == len(AFTER_OPENING) + len(INSTEAD)
    assert said["ended"] == said["sent"] == 114
    assert (said["open_still"], said["failed"]) == ({}, 0)
    assert done.abused.crashes == 0
    assert done.abused.stalled_kib + done.abused.kernel_kib > 0
    assert done.good, done.abused


def test_the_verdict_sees_what_it_must(aftermath: Aftermath) -> None:
    """A promise that is not kept, and bytes that are not those that were sent."""
    place, done, runner = aftermath
    url = done.storm.ground.clone.system_url
    watching = done.storm.watching
    last = done.said.sent // SMALL.streams
    ledger = place / "other"
    shutil.copy(watching.plan.ledger, ledger)
    Ledger(str(ledger)).write([(3, last + 2)])
    plan = replace(watching.plan, ledger=str(ledger))
    assert runner.run(judge(url, plan, watching.tracings, last)).acked_lost == 2
    other = place / "other.bin"
    data = bytearray(watching.tracings.path.read_bytes())
    data[30] ^= 1
    other.write_bytes(data)
    changed = replace(watching.tracings, path=other)
    assert runner.run(judge(url, watching.plan, changed, last)).different == 1


def test_a_ledger_cut_off_in_a_pair_says_what_is_whole(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger")
    assert promised(path, 2).tolist() == [0, 0]
    Ledger(path).write([(1, 5), (0, 2), (1, 3)])
    with Path(path).open("ab") as out:
        out.write(b"\x01\0\0")
    assert promised(path, 2).tolist() == [2, 5]


def test_how_long_until_seen_again_is_counted_from_the_death(tmp_path: Path) -> None:
    made = tracings.write(tmp_path / "t.bin", 2, 60, 20, time.time_ns(), random.Random(1))
    plan = Plan("", "", ("a", "b"), 20, 1_000.0, 60, "", "", "", "")
    watching = Watching(plan, made, {})
    sent = made.load()
    for seq in (1, 2, 7):
        watching.saw(0, sent[0, seq - 1].tobytes(), 1_000.0 + seq + (3 if seq == 7 else 0.1))
    watching.saw(1, sent[0, 3].tobytes(), 1_004.2)
    assert watching.wrong == 1  # another stream's bytes
    assert watching.resumed_s(1_002.5)[0] == pytest.approx(7.5)
    assert watching.resumed_s(1_005.0)[1] == float("inf")
    assert not watching.healed(1_005.0)
    assert watching.healed(1_004.0)
    assert watching.late_s(1_002.0, 1_003.0) == pytest.approx([0.1])


def test_every_kind_of_abuse_is_abuse() -> None:
    """No message of the list is one that a gateway should take."""
    dice = random.Random(2)
    taken = Abuse(0, "", 0, 0, 1.0)
    assert taken.ended == 0
    for kind, make in AFTER_OPENING.items():
        for _ in range(20):
            data = make(dice)
            if data[0] == 0x82 and data[1] & 0x7F < 126 and data[1] & 0x80:
                with pytest.raises(frames.Malformed):
                    for one in frames.split_message(data[6:]):
                        head = frames.read_head(one)
                        if head.stream != 1:
                            raise frames.Malformed(kind)


def test_what_the_real_agent_measured_must_be_there_unchanged() -> None:
    sent = [wire.frame(seq) for seq in (1, 2, 3)]
    made = dict(enumerate(sent, 1))
    other_stream = [frames.with_stream(one, 9) for one in sent]
    assert differing(made, other_stream, 3) == 0
    assert differing(made, sent[:2], 3) == 1
    assert differing(made, sent[:2], 2) == 0
    assert differing(made, [*sent[:2], wire.frame(3, rate=500)], 2) == 1
    assert differing(made, [*sent, wire.frame(4)], 3) == 1
