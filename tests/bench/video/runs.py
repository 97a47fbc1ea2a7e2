"""Each measurement of video §6 that a room can show by itself. Every one has a fresh worker."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.request import urlopen
from uuid import UUID

import psutil

from consult.media.engine import RoomPolicy
from consult.training.rules import RULES
from kernel.ids import new_id
from tests.bench.ctg.usage import cpu_ns
from tests.bench.video.stage import Counts, Passed, Person, Stage, until
from tests.consult.media.peers.houses import RunningHouse, forward_house, janus_house, somebody

WARM_S: Final = 8.0
"""Browsers find out what the line carries; the high layer comes."""
POLICED_BPS: Final = 240_000
LATE_MS: Final = 250
"""Senders that are later than this measure the machine, not the worker."""
LEAST_IDLE: Final = 0.1
"""Of a core: where less is left, browsers wait for each other, and the worker for them."""
SPOILT: Final = {"lag_p99_ms": 20, "freezes_8": 0}
"""What such a machine makes worse, and what the worker promises. A promise that is kept even there
is kept; one that is not says nothing about the worker."""
REPLAYED: Final = 6
ROOM: Final = 8
LEAST_FPS: Final = 12
SPEAK: Final = 2
"""In a class; what they send together is about what a screen, a face and a voice take."""
ROUNDS: Final = 2
ANSWER_S: Final = 60
SETTLED_S: Final = 15.0
"""An empty room is forgotten, a consent check that nobody answers is given up."""
HOUSES: Final = {"forward": forward_house, "janus": janus_house}


@dataclass(slots=True)
class Wanted:
    """How long things are looked at."""

    joins: int = 20
    seconds: float = 30.0
    cuts_s: tuple[float, ...] = (5, 20, 40, 60)
    gaps_s: tuple[float, ...] = (3, 8, 15)


@dataclass(slots=True)
class Found:
    """A figure by its name, and what else was seen, for people."""

    figures: dict[str, Any] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)


async def joining(stage: Stage, wanted: Wanted) -> Found:
    """Test 1: from pressing to the first decoded picture, one person being there already."""
    async with stage.person() as host, stage.person() as guest:
        await host.join()
        took = [await _first_picture(guest) for _ in range(wanted.joins)]
    return _joined("join", "join_p95_ms", took)


async def joining_relayed(stage: Stage, wanted: Wanted) -> Found:
    """Test 1 where UDP is blocked: over a real coturn that is spoken to by TCP alone."""
    ways = set[str]()
    async with stage.person() as host, stage.direct(relayed=True) as guest:
        await host.join()
        took = [await _first_picture(guest, ways) for _ in range(wanted.joins)]
    if ways != {"relay/tcp"}:
        return Found(seen=[f"join over a relay: VOID, packets went {sorted(ways)}"])
    return _joined("join over a relay by TCP", "join_relay_p95_ms", took)


async def _first_picture(guest: Person, ways: set[str] | None = None) -> float:
    """Milliseconds from pressing to the first decoded picture; they leave again."""
    await guest.join()
    await until(lambda: _first(guest))
    took = float(await guest.first_ms() or 0)
    if ways is not None:
        ways |= set(await guest.ways())
    await guest.leave()
    return took


def _joined(what: str, figure: str, took: list[float]) -> Found:
    took = sorted(took)
    p95 = took[max(0, round(len(took) * 0.95) - 1)]
    p50, n = statistics.median(took), len(took)
    said = f"{what}: p50 {p50:.0f} p95 {p95:.0f} max {took[-1]:.0f} ms, n={n}"
    return Found({figure: round(p95)}, [said])


async def _first(person: Person) -> bool:
    return await person.first_ms() is not None


async def gaps(stage: Stage, wanted: Wanted) -> Found:
    """Test 2: packets vanish, signalling lives; from when they pass again to the next picture."""
    worst, seen = 0.0, []
    async with stage.pair() as (one, two):
        for length in wanted.gaps_s:
            took = await _cut(one, two, length, signalling=False)
            worst = max(worst, took)
            seen.append(f"UDP cut {length:g} s: picture on both sides {took:.2f} s after it")
    return Found({"udp_cut_max_s": round(worst, 2)}, seen)


async def cuts(stage: Stage, wanted: Wanted) -> Found:
    """Test 3: nothing passes, the way to the server neither."""
    worst, seen = 0.0, []
    for length in wanted.cuts_s:
        async with stage.pair() as (one, two):
            took = await _cut(one, two, length, signalling=True)
            worst = max(worst, took)
            seen.append(f"all cut {length:g} s: picture on both sides {took:.2f} s after it")
    return Found({"rebuild_max_s": round(worst, 2)}, seen)


async def _cut(one: Person, two: Person, length: float, *, signalling: bool) -> float:
    one.line.cut(signalling=signalling)
    await asyncio.sleep(length)
    before = [await person.counts() for person in (one, two)]
    one.line.mend()
    began = time.monotonic()
    for person, counts in zip((one, two), before, strict=True):
        await until(lambda person=person, counts=counts: _went_on(person, counts), 60)
    return time.monotonic() - began


async def _went_on(person: Person, before: Counts) -> bool:
    """A frame was decoded since; of a stream that is new, any."""
    return max((await person.counts()).since(before).frames.values(), default=0) >= 1


async def worker_lost(stage: Stage, wanted: Wanted) -> Found:
    """Test 13: the worker is killed and another one is there at once, at the same address."""
    async with stage.pair() as pair:
        before = [await person.counts() for person in pair]
        stage.kill()
        began = time.monotonic()
        await stage.start()
        for person, counts in zip(pair, before, strict=True):
            await until(lambda person=person, counts=counts: _went_on(person, counts), 60)
        took = time.monotonic() - began
    said = f"worker killed: picture on both sides {took:.2f} s later, its start within"
    return Found({"worker_lost_s": round(took, 2)}, [said])


async def lossy(stage: Stage, wanted: Wanted) -> Found:
    """Tests 5 and 6: 10 and 20 % of packets vanish at random on each of the four legs."""
    found = Found()
    async with stage.pair() as pair:
        await asyncio.sleep(WARM_S)
        for share in (0.10, 0.20):
            for person in pair:
                person.line.up.loss = person.line.down.loss = share
            await asyncio.sleep(WARM_S)
            passed = await _watched(pair, wanted.seconds)
            fps = min(one.fps for one in passed)
            frozen = max(one.frozen for one in passed)
            concealed = max(one.concealed_share for one in passed)
            percent = round(share * 100)
            found.seen.append(
                f"{percent} % lost on each leg: {fps:.1f} fps, frozen {frozen:.0%},"
                f" sound concealed {concealed:.1%}"
            )
            found.figures |= {
                f"fps_at_{percent}pct_loss": round(fps, 1),
                f"frozen_{percent}pct": round(frozen, 3),
                f"audio_concealed_{percent}pct": round(concealed, 3),
            }
    return found


async def policed(stage: Stage, wanted: Wanted) -> Found:
    """Tests 7 and 8: one of two has 240 kbit/s downwards, then 60; what becomes of both."""
    async with stage.pair() as (poor, other):
        for person in (poor, other):
            await person.wish("high")
            await person.sees(15)
        await asyncio.sleep(WARM_S)
        poor.line.down.rate_bps = POLICED_BPS
        await asyncio.sleep(8)
        mine, theirs = await _watched((poor, other), wanted.seconds)
        widths = (await poor.counts()).widths
        seen = [
            f"240 kbit/s to one of two: {mine.fps:.1f} fps at width {widths}, sound concealed"
            f" {mine.concealed_share:.1%}; the other {theirs.fps:.1f} fps"
        ]
        poor.line.down.rate_bps = POLICED_BPS / 4
        began = time.monotonic()
        await until(lambda: _taken(poor), 90)
        until_taken = time.monotonic() - began
        (starved,) = await _watched((poor,), 5)
        seen.append(
            f"60 kbit/s: sound alone after {until_taken:.0f} s, its concealed share"
            f" {starved.concealed_share:.1%}"
        )
        poor.line.down.rate_bps = None
        before, began = await poor.counts(), time.monotonic()
        await until(lambda: _all_went_on(poor, before), 180)
        seen.append(f"limit lifted: pictures again after {time.monotonic() - began:.0f} s")
    return Found(
        {
            "low_layer_fps_240k": round(mine.fps, 1),
            "audio_concealed_240k": round(mine.concealed_share, 3),
            "other_fps_240k": round(theirs.fps, 1),
        },
        seen,
    )


async def _taken(person: Person) -> bool:
    """Sound alone: no picture went on within a second."""
    before = await person.counts()
    await asyncio.sleep(1)
    now = await person.counts()
    return bool(now.raw["off"]) and max(now.since(before).frames.values(), default=0) == 0


async def _all_went_on(person: Person, before: Counts) -> bool:
    return min((await person.counts()).since(before).frames.values(), default=0) >= 5


async def eight(stage: Stage, wanted: Wanted) -> Found:
    """Test 4: two browsers and six people made of packets; all send, all receive.

    Everybody sends the picture large and small. Browsers are sent what the room's page shows, one
    large and the other faces small; people made of packets are sent all of them large.
    """
    tickets = [await stage.ticket(UUID(int=new_id().int)) for _ in range(REPLAYED)]
    for ticket in tickets:
        ticket["as"] = {"layered": True}
    async with stage.pair(direct=True) as pair, replayed("forward", tickets) as ask:
        for person in pair:
            await until(lambda person=person: _sees_all(person, ROOM - 1), 60)
            await person.wish("low", large=tickets[0]["participant_id"])
            await person.look_away()
        await asyncio.sleep(WARM_S)
        assert stage.worker is not None
        await ask()
        before, began, times = cpu_ns(stage.worker.pid), time.monotonic(), psutil.cpu_times()
        passed = await _watched(pair, max(wanted.seconds, 60))
        cores = (cpu_ns(stage.worker.pid) - before) / 1e9 / (time.monotonic() - began)
        idle = (psutil.cpu_times().idle - times.idle) / (time.monotonic() - began)
        facts = await asyncio.to_thread(_health, stage)
        others = await ask()
        widths = Counter([width for person in pair for width in (await person.counts()).widths])
    freezes = sum(sum(one.freezes.values()) for one in passed)
    fps = min(one.fps for one in passed)
    said = (
        f"eight: {cores:.3f} core, lag p99 {facts['lag_p99_ms']} ms, {facts['pps']} packets/s;"
        f" pictures in browsers, by width {dict(sorted(widths.items()))}, at {fps:.1f} fps or more,"
        f" {freezes:g} freezes;"
        f" {others['pictures']} others at {others['least_fps']} or more"
    )
    if others["late_ms"] > LATE_MS:
        late = f"the people made of packets were up to {others['late_ms']} ms late"
        return Found(seen=[f"VOID, the machine is too busy, {late}: {said}"])
    figures = {
        "cpu_cores_8": round(cores, 3),
        "lag_p99_ms": facts["lag_p99_ms"],
        "freezes_8": round(freezes),
    }
    void = {name for name, most in SPOILT.items() if idle < LEAST_IDLE and figures[name] > most}
    if void:
        said += f"; VOID {', '.join(sorted(void))}, {idle:.2f} of a core was left idle"
    return Found({name: one for name, one in figures.items() if name not in void}, [said])


async def lecture(stage: Stage, wanted: Wanted) -> Found:
    """A class as full as its rules allow: two send, the others listen."""
    seats = RULES.seats
    await stage.engine.ensure_room(stage.room, RoomPolicy(max_participants=seats))
    tickets = [await stage.ticket(UUID(int=new_id().int)) for _ in range(seats)]
    for ticket in tickets[SPEAK:]:
        ticket["as"] = {"listens": True}
    async with replayed("forward", tickets) as ask:
        await asyncio.sleep(WARM_S)
        assert stage.worker is not None
        await ask()
        before, began = cpu_ns(stage.worker.pid), time.monotonic()
        await asyncio.sleep(wanted.seconds)
        cores = (cpu_ns(stage.worker.pid) - before) / 1e9 / (time.monotonic() - began)
        facts = await asyncio.to_thread(_health, stage)
        others = await ask()
    said = (
        f"class of {seats}: {cores:.3f} core, lag p99 {facts['lag_p99_ms']} ms, {facts['pps']}"
        f" packets/s; {others}"
    )
    if others["late_ms"] > LATE_MS:
        return Found(seen=[f"VOID, who listens was late: {said}"])
    whole = others["pictures"] == SPEAK * (seats - 1) and others["least_fps"] >= LEAST_FPS
    return Found({"class_whole": whole, "class_lag_p99_ms": facts["lag_p99_ms"]}, [said])


async def soak(stage: Stage, seconds: float) -> Found:
    """Test 16: eight people for long, somebody of whom goes and comes again every ten seconds.

    Memory of the worker after a minute and at the end, and in between: a leak goes on, what packets
    are kept to be sent again does not. When all have gone, what of its tasks and UDP ports is left
    beyond what it had after they had all been there once.
    """
    assert stage.worker is not None
    pid = stage.worker.pid
    people = [UUID(int=new_id().int) for _ in range(ROOM)]
    async with replayed("forward", [await stage.ticket(who) for who in people]):
        await asyncio.sleep(5)
    idle = await _at_rest(stage, pid)
    came = 0
    async with replayed("forward", [await stage.ticket(who) for who in people]) as ask:
        await asyncio.sleep(min(60, seconds / 4))
        first, began = _rss_mb(pid), time.monotonic()
        course = [first]
        while time.monotonic() - began < seconds:
            await asyncio.sleep(min(10, seconds / 10))
            who = came % ROOM
            await ask({"again": who, "ticket": await stage.ticket(people[who])})
            came += 1
            course.append(_rss_mb(pid))
        last = course[-1]
        await ask()
        await asyncio.sleep(5)
        others = await ask()
    left = await _at_rest(stage, pid)
    tasks, ports = left[0] - idle[0], left[1] - idle[1]
    by_tenths = [f"{course[len(course) * n // 10]:.0f}" for n in range(10)] + [f"{last:.0f}"]
    said = (
        f"soak {seconds:g} s, {came} times somebody went and came: RSS {' '.join(by_tenths)} MB;"
        f" all gone: {left[0]} tasks and {left[1]} UDP ports, {idle[0]} and {idle[1]} before;"
        f" {others}"
    )
    figures: dict[str, object] = {
        "soak_rss_growth": round(last / first - 1, 3),
        "soak_tasks_left": tasks,
        "soak_ports_left": ports,
    }
    return Found(figures, [said])


async def _at_rest(stage: Stage, pid: int) -> tuple[int, int]:
    """Tasks and UDP ports of the worker once nobody is there and nothing more is given back."""

    async def empty() -> bool:
        return not (await asyncio.to_thread(_health, stage))["participants"]

    await until(empty, 60)
    await asyncio.sleep(SETTLED_S)
    facts = await asyncio.to_thread(_health, stage)
    return int(facts["tasks"]), len(psutil.Process(pid).net_connections("udp"))


async def beside_janus(valkey_url: str, wanted: Wanted) -> Found:
    """Our worker's CPU for a packet delivered over Janus's; eight people made of packets in each.

    For a packet and not for a second: whoever delivers less must not seem cheaper.
    """
    spent: dict[str, list[float]] = {"forward": [], "janus": []}
    seen = []
    with TemporaryDirectory(prefix="ys-janus-") as place:
        for turn in range(ROUNDS):
            for name, house_of in HOUSES.items():
                async with house_of(valkey_url, Path(place) / f"{turn}") as house:
                    cores, told = await _carrying(name, house, wanted.seconds)
                if told["late_ms"] > LATE_MS or told["pictures"] != ROOM * (ROOM - 1):
                    seen.append(f"{name}: VOID, {told}")
                    continue
                spent[name].append(cores / told["pps"])
                us = round(cores / told["pps"] * 1e6, 1)
                seen.append(f"{name}: {cores:.3f} core for eight, {us} µs a packet, {told}")
    if not all(spent.values()):
        return Found(seen=seen)
    ours, theirs = (statistics.median(spent[name]) for name in ("forward", "janus"))
    return Found({"janus_ratio": round(ours / theirs, 2)}, seen)


async def _carrying(name: str, house: RunningHouse, seconds: float) -> tuple[float, dict[str, Any]]:
    given = [await house.ticket(somebody()) for _ in range(ROOM)]
    tickets = [{"url": one.url, "token": one.token} for one in given]
    async with replayed(name, tickets) as ask:
        await asyncio.sleep(WARM_S)
        await ask()
        before, began = cpu_ns(house.process.pid), time.monotonic()
        await asyncio.sleep(seconds)
        cores = (cpu_ns(house.process.pid) - before) / 1e9 / (time.monotonic() - began)
        return cores, await ask()


@asynccontextmanager
async def replayed(
    engine: str, tickets: list[dict[str, Any]]
) -> AsyncIterator[Callable[[], Awaitable[dict[str, Any]]]]:
    """So many people made of packets in a room; ask what came since the last question."""
    command = (sys.executable, "-m", "tests.bench.video.replay", engine)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    reading, writing = process.stdout, process.stdin
    assert reading is not None
    assert writing is not None

    async def ask(line: object = "?") -> dict[str, Any]:
        writing.write(json.dumps(line).encode() + b"\n")
        async with asyncio.timeout(ANSWER_S):
            answer: dict[str, Any] = json.loads(await reading.readline())
        return answer

    async with AsyncExitStack() as stack:
        stack.push_async_callback(process.wait)
        stack.callback(writing.close)
        await ask(tickets)
        yield ask


async def _sees_all(person: Person, pictures: int) -> bool:
    frames = [one["frames"] for one in (await person.counts()).raw["videos"].values()]
    return sum(count > 0 for count in frames) == pictures


async def _watched(people: tuple[Person, ...], seconds: float) -> list[Passed]:
    before = [await person.counts() for person in people]
    await asyncio.sleep(seconds)
    return [
        (await person.counts()).since(counts) for person, counts in zip(people, before, strict=True)
    ]


def _health(stage: Stage) -> dict[str, Any]:
    with urlopen(f"http://{stage.host}:{stage.port}/health", timeout=5) as answer:
        facts: dict[str, Any] = json.load(answer)
    return facts


def _rss_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss / 1e6)
