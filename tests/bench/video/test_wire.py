"""The wire that measurements go over: real packets between two namespaces, lost, limited, cut.

Where the machine does not allow it, the same test holds the wire to saying so.
"""

from __future__ import annotations

import math
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.bench.video.line import BURST_S
from tests.bench.video.wire import INSIDE, NAMED, PREFIX, NoWires, Wire, exchange

SENT: Final = 4000
LOSS: Final = 0.1
SIGMAS: Final = 5
"""Chance is the kernel's own: one run in a million is off by more."""
RATE_BPS: Final = 800_000
HEADERS: Final = 42
SPEAKS: Final = """
import socket, sys, time
host, port, count, size, gap = sys.argv[1], *map(int, sys.argv[2:5]), float(sys.argv[5])
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.connect((host, port))
line.settimeout(0.0)
heard, at = 0, time.monotonic()

def listen():
    global heard
    try:
        while line.recv(2048):
            heard += 1
    except BlockingIOError:
        pass

for n in range(count):
    line.send(bytes(size))
    at += gap
    listen()
    time.sleep(max(0.0, at - time.monotonic()))
time.sleep(0.1)
listen()
print(heard)
"""
"""Sends packets from the far end, and prints how many came back."""
CALLS: Final = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 0.4).close()
except OSError:
    sys.exit(1)
"""


def _allowed() -> bool:
    """Asked of the kernel by other means: a namespace, and a table in it."""
    tried = "PATH=$PATH:/usr/sbin:/sbin; ip link && nft add table inet one"
    asked = ("unshare", "--net", "--mount", "sh", "-c", tried)
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _left() -> list[str]:
    """Namespaces and devices of this process."""
    spaces = [str(one) for one in NAMED.glob(f"{PREFIX}{os.getpid()}*")]
    return spaces + [name for _, name in socket.if_nameindex() if name == f"ysw{os.getpid()}"]


def _left_by_a_killed_process() -> Path:
    """The name of a namespace of somebody who is no more."""
    with subprocess.Popen(["true"]) as gone:
        pass
    name = f"{PREFIX}{gone.pid}"
    subprocess.run(["/bin/sh", "-c", f"PATH=$PATH:/sbin; ip netns add {name}"], check=True)
    return NAMED / name


@dataclass(slots=True)
class Echo:
    """At the host's end; sends back what comes, and counts it."""

    address: str
    heard: int = 0
    udp: socket.socket = field(init=False)
    tcp: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.tcp = socket.create_server((self.address, 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((self.address, 0))

    def answer(self) -> None:
        while True:
            packet, sender = self.udp.recvfrom(2048)
            if packet == b"end":
                return
            self.heard += 1
            self.udp.sendto(packet, sender)

    @contextmanager
    def running(self) -> Iterator[Echo]:
        thread = threading.Thread(target=self.answer)
        thread.start()
        try:
            yield self
        finally:
            self.udp.sendto(b"end", self.udp.getsockname())
            thread.join()
            self.udp.close()
            self.tcp.close()


@dataclass(slots=True)
class Ends:
    """Both ends of one wire."""

    wire: Wire
    echo: Echo

    def _inside(
        self, source: str, end: socket.socket, *words: float
    ) -> subprocess.CompletedProcess[str]:
        where = (self.echo.address, end.getsockname()[1], *words)
        return subprocess.run(
            [INSIDE, "-I", "-S", "-c", source, *map(str, where)],
            env={**os.environ, **self.wire.environment, "YS_PROGRAM": sys.executable},
            capture_output=True,
            text=True,
            check=False,
        )

    def speak(self, count: int, size: int = 100, gap_s: float = 0.0002) -> tuple[int, int]:
        """How many of so many packets came to the host, and how many came back."""
        before = self.echo.heard
        done = self._inside(SPEAKS, self.echo.udp, count, size, gap_s)
        assert done.returncode == 0, done.stderr
        return self.echo.heard - before, int(done.stdout)

    def call(self) -> bool:
        """Whether TCP gets through."""
        return self._inside(CALLS, self.echo.tcp).returncode == 0


@contextmanager
def _laid() -> Iterator[Ends]:
    with exchange() as made, made.wire("") as wire, Echo(made.address).running() as echo:
        yield Ends(wire, echo)


def test_a_wire_loses_limits_and_is_cut_or_says_why_there_is_none() -> None:
    if not _allowed():
        with pytest.raises(NoWires, match=r"^no wires here: [^\n]+$"), _laid():
            pass
        assert not _left()
        return
    killed = _left_by_a_killed_process()
    with _laid() as ends:
        assert not killed.exists()
        assert _left()
        _whole(ends)
        _lossy(ends)
        _narrow(ends)
        _cut(ends)
    assert not _left()


def _whole(ends: Ends) -> None:
    assert ends.speak(200) == (200, 200)
    assert ends.call()


def _lossy(ends: Ends) -> None:
    ends.wire.up.loss = ends.wire.down.loss = LOSS
    came, returned = ends.speak(SENT)
    ends.wire.up.loss = ends.wire.down.loss = 0.0
    for sent, arrived in ((SENT, came), (came, returned)):
        bound = SIGMAS * math.sqrt(sent * LOSS * (1 - LOSS))
        assert abs(sent * (1 - LOSS) - arrived) < bound, (sent, arrived)
    assert ends.speak(200) == (200, 200)


def _narrow(ends: Ends) -> None:
    """Four times what it carries is sent for a second: that, a burst, and no more comes back."""
    size, seconds = 1000, 1.0
    ends.wire.down.rate_bps = RATE_BPS
    count = round(4 * RATE_BPS * seconds / 8 / size)
    came, returned = ends.speak(count, size, seconds / count)
    ends.wire.down.rate_bps = None
    assert came == count
    carried = returned * (size + HEADERS) * 8
    assert carried == pytest.approx(RATE_BPS * (seconds + BURST_S), rel=0.25)


def _cut(ends: Ends) -> None:
    """Sound and pictures alone; then signalling too; then all passes again."""
    ends.wire.cut(signalling=False)
    assert ends.speak(200) == (0, 0)
    assert ends.call()
    assert not ends.wire.is_cut
    ends.wire.cut(signalling=True)
    assert ends.speak(200) == (0, 0)
    assert not ends.call()
    assert ends.wire.is_cut
    ends.wire.mend()
    assert ends.speak(200) == (200, 200)
    assert ends.call()


def test_without_its_rights_a_whole_run_ends_with_one_sentence() -> None:
    """As in a container: root, but with no right over networks."""
    drop = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
    asked = (*drop, sys.executable, "-m", "tests.bench.video", "--lines", "wires")
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert "CAP_NET_ADMIN" in done.stdout.splitlines()[-1]
