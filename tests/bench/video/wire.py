"""A poor line made by the kernel: a browser in a network namespace of its own, behind an exchange.

    host's namespace            the exchange                       one browser
    198.18.N.1  ── veth ──  .2  ys-wire-PID  .5  ── veth ──  .6  ys-wire-PID-1
    worker, signalling          nftables: lost, cut; tbf: over the rate

Packets vanish halfway, where they are forwarded: a rule at an end's own output would tell the
sender by an error of `send`, and both ends' devices stay up, as behind a router whose line is dead.
What is over the rate is dropped, not kept waiting: a policer, as in `line.py`, made of a bucket of
tokens without a queue, for nftables' own lets a whole second through at once. Unlike there, the
size of a packet is that with its headers, signalling is lost and limited like everything else, and
what TCP does after a cut is what TCP does.

There is no delay: kernels without `netem` have none to give. Everything lies in namespaces named by
this process, but for one device with the host's end; nothing of the host's firewall is touched.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.bench.video.line import BURST_S

INSIDE: Final = Path(__file__).with_name("inside")
"""Starts a program in a namespace; see `Wire.environment`."""
NAMED: Final = Path("/run/netns")
PREFIX: Final = "ys-wire-"
TOOLS: Final = {"ip": "iproute2", "tc": "iproute2", "nft": "nftables"}
"""Programs and the Debian packages that hold them."""
SBIN: Final = ("/usr/sbin", "/sbin")
RIGHTS: Final = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}
"""Bits of `CapEff`, capabilities(7)."""
NETS: Final = [f"198.{18 + n // 256}.{n % 256}" for n in range(512)]
"""Set aside for measurements of networks (RFC 2544, RFC 6890): routed nowhere, used by nobody."""
WIRES: Final = 62
"""Each takes four addresses of the exchange's net; the first four are the host's."""
PACKET: Final = 1600
"""Bytes; no packet is larger."""
PARTS: Final = 10_000
"""Loss is drawn in steps of one in so many."""
REACHED_S: Final = 3
CALLS: Final = (
    "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), {}).close()"
)


class NoWires(Exception):
    """What this machine lacks or refuses, in one sentence."""


class Direction:
    """One direction of a wire; what is set is in force when the assignment returns."""

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told
        self._loss = 0.0

    @property
    def loss(self) -> float:
        """Share of packets that vanish at random."""
        return self._loss

    @loss.setter
    def loss(self, share: float) -> None:
        self._loss = share
        self._told()

    def rules(self) -> list[str]:
        """For nft."""
        parts = round(self._loss * PARTS)
        return [f"numgen random mod {PARTS} < {parts} drop"] if parts else []


class Downwards(Direction):
    """Towards the browser: it may be narrow, too."""

    def __init__(self, told: Callable[[], None], narrowed: Callable[[float | None], None]) -> None:
        super().__init__(told)
        self._narrowed = narrowed
        self._rate_bps: float | None = None

    @property
    def rate_bps(self) -> float | None:
        """What it carries, headers included, after a burst of a quarter of a second."""
        return self._rate_bps

    @rate_bps.setter
    def rate_bps(self, rate: float | None) -> None:
        if rate != self._rate_bps:
            self._rate_bps = rate
            self._narrowed(rate)


class Wire:
    """One browser's way to the worker; `up` is towards the worker, which is spoken to at `url`."""

    def __init__(self, number: int, exchange: str, url: str, told: Callable[[], None]) -> None:
        self.number = number
        self.namespace = f"{exchange}-{number}"
        self.url = url
        self._exchange = exchange
        self._told = told
        self._cut: str | None = None
        self.up, self.down = Direction(told), Downwards(told, self._narrow)

    @property
    def device(self) -> str:
        """The exchange's end."""
        return f"b{self.number}"

    @property
    def environment(self) -> dict[str, str]:
        """For `INSIDE`, which then runs `YS_PROGRAM` at the far end of this wire."""
        return {"YS_INSIDE": self.namespace}

    @property
    def is_cut(self) -> bool:
        """Nothing passes, signalling neither."""
        return self._cut == "drop"

    def cut(self, *, signalling: bool) -> None:
        """From now on packets vanish; with `signalling` also those of TCP, which repeats them."""
        self._cut = "drop" if signalling else "meta l4proto udp drop"
        self._told()

    def mend(self) -> None:
        """All passes again."""
        self._cut = None
        self._told()

    def _narrow(self, rate_bps: float | None) -> None:
        """A bucket of tokens before which no more than one packet waits: the rest is dropped."""
        root = ("-n", self._exchange, "qdisc")
        if rate_bps is None:
            _run("tc", *root, "del", "dev", self.device, "root")
            return
        burst = max(round(rate_bps / 8 * BURST_S), PACKET)
        bucket = f"tbf rate {round(rate_bps)}bit burst {burst} limit {PACKET}"
        _run("tc", *root, "replace", "dev", self.device, "root", *bucket.split())

    def chains(self) -> list[str]:
        """Both directions, for nft."""
        cut = [self._cut] if self._cut else []
        return [
            "\n".join((f"chain {name}{self.number} {{", *cut, *direction.rules(), "}"))
            for name, direction in (("up", self.up), ("down", self.down))
        ]


class Exchange:
    """Where all wires of this process come together; the host has one end of it."""

    def __init__(self) -> None:
        self.namespace = f"{PREFIX}{os.getpid()}"
        self._device = f"ysw{os.getpid()}"
        self._net = _free_net()
        self._wires: dict[int, Wire] = {}

    @property
    def address(self) -> str:
        """The host's own, at which browsers behind wires reach it."""
        return f"{self._net}.1"

    @contextmanager
    def wire(self, url: str) -> Iterator[Wire]:
        """A whole wire with nobody at its end yet."""
        number = next(n for n in range(1, WIRES + 1) if n not in self._wires)
        made = Wire(number, self.namespace, url, self._tell)
        self._wires[number] = made
        try:
            self._lay(made)
            self._tell()
            yield made
        finally:
            del self._wires[number]
            _drop(made.namespace)
            _ip(f"link del {made.device}", within=self.namespace, must=False)
            with suppress(NoWires):
                self._tell()

    def build(self) -> None:
        """Lay the host's end, and see that a packet gets to it from the end of a wire."""
        _run("ip", "netns", "add", self.namespace)
        _ip(
            f"link add {self._device} type veth peer name host netns {self.namespace}",
            f"link set {self._device} gso_max_segs 1",
            f"addr add {self.address}/30 dev {self._device}",
            f"link set {self._device} up",
        )
        _ip(
            f"addr add {self._net}.2/30 dev host",
            "link set lo up",
            "link set host up",
            within=self.namespace,
        )
        _ip(f"route add {self._net}.0/24 via {self._net}.2 dev {self._device}")
        switch = "echo 1 >/proc/sys/net/ipv4/ip_forward"
        _run("ip", "netns", "exec", self.namespace, "sh", "-c", switch)
        with self.wire("") as trial:
            trial.down.loss, trial.down.rate_bps = 0.5, 1e6
            trial.down.loss, trial.down.rate_bps = 0.0, None
            self._reached_from(trial)

    def remove(self) -> None:
        """All of it, also after a build that failed halfway."""
        _ip(f"link del {self._device}", must=False)
        for namespace in (*(wire.namespace for wire in self._wires.values()), self.namespace):
            _drop(namespace)

    def _lay(self, wire: Wire) -> None:
        near, far = (f"{self._net}.{4 * wire.number + n}" for n in (1, 2))
        _run("ip", "netns", "add", wire.namespace)
        _ip(
            f"link add {wire.device} type veth peer name eth0 netns {wire.namespace}",
            f"addr add {near}/30 dev {wire.device}",
            f"link set {wire.device} up",
            within=self.namespace,
        )
        # One packet at a time: what TCP gives to the device in one piece would be lost in one.
        _ip(
            "link set lo up",
            "link set eth0 gso_max_segs 1",
            f"addr add {far}/30 dev eth0",
            "link set eth0 up",
            f"route add default via {near}",
            within=wire.namespace,
        )

    def _tell(self) -> None:
        """All rules in one transaction: there is no moment without any."""
        wires = list(self._wires.values())
        ways = [
            f"{side} {wire.device} jump {name}{wire.number}"
            for wire in wires
            for side, name in (("iifname", "up"), ("oifname", "down"))
        ]
        lines = [
            "add table inet weather",
            "delete table inet weather",
            "table inet weather {",
            *(chain for wire in wires for chain in wire.chains()),
            "chain passing { type filter hook forward priority 0;",
            *ways,
            "}",
            "}",
        ]
        command = ("ip", "netns", "exec", self.namespace, _tool("nft"), "-f", "-")
        _run(*command, given="\n".join(lines))

    def _reached_from(self, wire: Wire) -> None:
        """A firewall of the host's may stand between."""
        with socket.create_server((self.address, 0)) as heard:
            port = str(heard.getsockname()[1])
            call = (sys.executable, "-I", "-S", "-c", CALLS.format(REACHED_S), self.address, port)
            _run("ip", "netns", "exec", wire.namespace, *call)


@contextmanager
def exchange() -> Iterator[Exchange]:
    """One exchange while the block runs; nothing of it is left after it.

    Raises:
        NoWires: this machine has not got what it takes, or does not allow it.
    """
    lacking = _lacking()
    if lacking:
        raise NoWires(f"no wires here: {lacking}")
    sweep()
    made = Exchange()
    try:
        made.build()
        yield made
    finally:
        made.remove()


def sweep() -> None:
    """Remove what a process left that was killed."""
    for left in NAMED.glob(f"{PREFIX}*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            _drop(left.name)


def _lacking() -> str | None:
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return "network namespaces are Linux's"
    held = int(status.partition("CapEff:")[2].split()[0], 16)
    missing = [name for name, bit in RIGHTS.items() if not held >> bit & 1]
    if missing:
        return f"it takes the rights {' and '.join(missing)}, which root has outside of containers"
    packages = {package for tool, package in TOOLS.items() if not _found(tool)}
    if packages:
        return (
            f"it takes {' and '.join(sorted(packages))}, to be installed with your package manager"
        )
    return None


def _found(tool: str) -> str | None:
    return shutil.which(tool, path=os.pathsep.join((os.environ.get("PATH", ""), *SBIN)))


def _tool(name: str) -> str:
    return _found(name) or name


def _free_net() -> str:
    """One that no route of this host leads to; another process begins to look elsewhere."""
    taken = _run("ip", "-4", "route", "show")
    first = os.getpid() % len(NETS)
    nets = NETS[first:] + NETS[:first]
    return next(net for net in nets if f"{net}." not in taken)


def _drop(namespace: str) -> None:
    _run("ip", "netns", "del", namespace, must=False)


def _ip(*lines: str, within: str | None = None, must: bool = True) -> None:
    where = () if within is None else ("-n", within)
    _run("ip", *where, "-batch", "-", given="\n".join(lines), must=must)


def _run(program: str, *arguments: str, given: str = "", must: bool = True) -> str:
    """What it wrote; `must` makes a failure one sentence."""
    command = (_tool(program), *arguments)
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if must and done.returncode != 0:
        asked = " ".join((program, *arguments))
        raise NoWires(f"no wires here: `{asked}` failed: {_why(done.stderr)}")
    return done.stdout


def _why(told: str) -> str:
    """The line that says it: of ip the first, of nft the first of several, of Python the last."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    said = (line for line in lines if "rror" in line or "answers" in line)
    return next(said, lines[0] if lines else "it says nothing")
