"""The bench must see what goes wrong: its judges and its readers, without any server."""

from __future__ import annotations

import os
import time

from hypothesis import given
from hypothesis import strategies as st

from realtime import frames
from tests.bench.ctg import mqtt, usage
from tests.bench.ctg.figures import BARS, Found, figures
from tests.bench.ctg.judge import Acks, Seen, judge_acks, judge_views
from tests.bench.ctg.runs import Profile, Run
from tests.bench.ctg.schedule import Plan

START = 1_000.0
PLAN = Plan(
    wire="ws", url="", monitors=40, mux=20, copies=2, warm_s=1, seconds=3, spread_s=1.0
)  # fmt: skip


def everything(late_s: float = 0.05) -> Seen:
    """What viewers get when all is well, `late_s` after it was due."""
    seen = Seen()
    for second in range(PLAN.total_s):
        sent = PLAN.messages(second, 0)
        for wall, monitors in enumerate(PLAN.walls):
            for monitor in monitors:
                connection, place = divmod(monitor, PLAN.mux)
                frame = frames.split_message(sent[connection])[place]
                due = START + second + PLAN.phases[connection]
                seen.add(wall, monitor, frame, due + late_s)
    return seen


def test_all_is_well() -> None:
    said = judge_views(PLAN, everything(), START)
    assert said["delivered"] == 40 * 2 * 4
    assert (said["gaps"], said["dups"], said["crc"]) == (0, 0, 0)
    assert said["view_ms"]["p50"] == said["view_ms"]["max"] == 50.0


def test_what_goes_wrong_is_seen() -> None:
    seen = everything()
    del seen.frames[100], seen.slots[100], seen.moments[100]
    assert judge_views(PLAN, seen, START)["gaps"] == 1
    seen.add(*seen.slots[5], seen.frames[5], seen.moments[-1])
    again = judge_views(PLAN, seen, START)
    assert (again["dups"], again["gaps"]) == (1, 2)  # it also came after a later one
    seen = everything()
    seen.frames[16] = seen.frames[16][:30] + b"\xff" + seen.frames[16][31:]
    assert judge_views(PLAN, seen, START)["crc"] == 1
    assert judge_views(PLAN, Seen(), START)["gaps"] == 40 * 2 * 4


def test_acks_are_cumulative_and_what_is_not_acked_is_not_counted() -> None:
    acks = Acks()
    for monitor in range(PLAN.monitors):
        due = START + PLAN.phases[monitor // PLAN.mux]
        acks.add(monitor, 2, due + 1.5)
        if monitor:
            acks.add(monitor, 4, due + 3.25)
    said, reached = judge_acks(PLAN, acks, START)
    assert said["acked"] == 39 * 4 + 2
    assert reached.tolist() == [2] + [4] * 39
    assert (said["ack_ms"]["p50"], said["ack_ms"]["max"]) == (500.0, 1250.0)


def test_messages_are_what_the_gateway_takes() -> None:
    for plan in (PLAN, Plan("ws", "", 40, 1, 1, 1, 1, 0.05)):
        for number, data in enumerate(plan.messages(1, 10**18)):
            heads = [frames.read_head(frame) for frame in frames.split_message(data)]
            assert [head.stream for head in heads] == list(range(1, plan.mux + 1))
            assert {head.seq for head in heads} == {2}
            due_ns = 10**18 + 10**9 + int(plan.phases[number] * 1e9)
            assert abs(heads[0].device_ns - due_ns) < 1_000
            assert not frames.count_invalid(data[-frames.FRAME_BYTES :]).any()
        assert 0 <= plan.phases.min() <= plan.phases.max() < plan.spread_s
        watched = sorted(monitor for wall in plan.walls for monitor in wall)
        assert watched == sorted(list(range(plan.monitors)) * plan.copies)
        assert Plan.from_json(plan.to_json()) == plan


@given(st.lists(st.binary(max_size=300)), st.data())
def test_a_broker_s_packets_are_found_wherever_they_are_cut(
    bodies: list[bytes], data: st.DataObject
) -> None:
    joined = b"".join(mqtt.packet(mqtt.PUBLISH, 0, body) for body in bodies)
    cut = data.draw(st.integers(0, len(joined)))
    first = [(begin, end) for _, begin, end in mqtt.packets(joined[:cut])]
    at = first[-1][1] if first else 0
    rest = [(at + begin, at + end) for _, begin, end in mqtt.packets(joined[at:])]
    assert [joined[begin:end] for begin, end in first + rest] == bodies


def test_cpu_of_this_process_is_counted() -> None:
    before, spent = usage.cpu_ns(os.getpid()), time.process_time_ns()
    while time.process_time_ns() - spent < 30_000_000:
        pass
    assert usage.cpu_ns(os.getpid()) - before >= 30_000_000 * 0.9
    assert usage.pss_kib(os.getpid()) > 1_000


def test_a_void_run_gives_no_figure_but_its_losses_count() -> None:
    found = Found()
    said = {"lag_ms": 60, "sent": 10, "acked": 10, "gaps": 1, "dups": 0, "crc": 0, "cut": 0}
    times = {"view_ms": {"p99": 1.0}, "ack_ms": {"p99": 1.0}}
    run = Run(Profile("mux", "gateway", 10), said | times)
    found.add(run)
    line = figures(found)
    assert (line["cpu_us_per_sample_mux"], line["gaps"]) == (None, 1)
    assert found.broken
    assert not any(bar.met(None) for bar in BARS)
    patient = Run(Profile("aligned", "gateway", 10, lag_ms=100), said | times)
    found.add(patient)
    assert figures(found)["aligned_p99_ms"] == 1.0
