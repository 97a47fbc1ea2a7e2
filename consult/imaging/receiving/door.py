"""Who may connect, and how much of anybody's bytes is taken before somebody looks at them.

pynetdicom reads what a peer sends into memory, as much as it says there is. So an address that no
registered machine calls from is not let in at all; a PDU has a size and a time; what came and was
not yet kept is counted; and there are only so many lines.
"""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from socketserver import BaseServer
from typing import Any, Final
from uuid import UUID

from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from consult.imaging.parse.limits import FILE_BYTES

PDU_BYTES: Final = 2**20
"""Largest PDU that is read; ours are told to be 64 kB, a request for an association is larger."""

PDU_S: Final = 30.0
"""Longest time that one PDU may take."""

PENDING_BYTES: Final = FILE_BYTES + 2 * PDU_BYTES
"""Most that one association may have sent without having got an answer."""

SPARE_LINES: Final = 4
"""Lines beyond the associations, so that one too many is told so instead of being cut."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Who may send, as the receiver knows it."""

    id: UUID
    ae_title: str
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


class Register:
    """The machines that may send; replaced whole, so that threads may read it."""

    def __init__(self) -> None:
        self._machines: tuple[Machine, ...] = ()

    def replace(self, machines: Sequence[Machine]) -> None:
        """These and no others."""
        self._machines = tuple(machines)

    def calls_from(self, address: str) -> bool:
        """Whether any machine calls from there."""
        return any(_within(address, one) for one in self._machines)

    def find(self, title: str, address: str) -> Machine | None:
        """The machine of that title, if it is the one at that address."""
        for one in self._machines:
            if one.ae_title == title and _within(address, one):
                return one
        return None


def _within(address: str, machine: Machine) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in machine.networks)


class Door(ThreadedAssociationServer):  # type: ignore[misc]
    """Cuts lines from unknown addresses, and those beyond what is allowed at a time."""

    daemon_threads = True
    register: Register
    most: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._counting = threading.Lock()
        self._beginning = 0
        super().__init__(*args, **kwargs)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Before a byte is read."""
        lines = self._beginning + len(self.ae.active_associations)
        return self.register.calls_from(client_address[0]) and lines < self.most + SPARE_LINES

    def process_request(self, request: Any, client_address: Any) -> None:
        """Counted from here: what an association takes along is copied before it is one, and a
        crowd would all be let in meanwhile."""
        with self._counting:
            self._beginning += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Ends when the association has begun, or could not."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._counting:
                self._beginning -= 1

    def shutdown(self) -> None:
        """Take nobody any more; pynetdicom's own looks for servers that its entity started."""
        BaseServer.shutdown(self)
        self.server_close()


class Meter:
    """What one association sent and is not yet answered."""

    def __init__(self) -> None:
        self._pending = 0

    def add(self, size: int) -> None:
        """So much more came.

        Raises:
            OSError: it is too much; the line is cut.
        """
        self._pending += size
        if self._pending > PENDING_BYTES:
            raise OSError("more than one file may be")

    def answered(self, *, nothing_waits: bool) -> None:
        """A file was answered; what is left is what the peer sends without waiting."""
        if nothing_waits:
            self._pending = 0


class Handler(RequestHandler):  # type: ignore[misc]
    """Makes associations whose socket is measured."""

    def _create_association(self) -> Any:
        made = super()._create_association()
        made.meter = Meter()
        made.dul.socket.recv = measured(self.request, made.meter)
        return made


def measured(line: socket.socket, meter: Meter) -> Callable[[int], bytearray]:
    """Reads exactly so many bytes, or fewer when the peer has gone; never without end."""

    def recv(size: int) -> bytearray:
        if size > PDU_BYTES:
            raise OSError("a PDU may not be so large")
        meter.add(size)
        until, body = time.monotonic() + PDU_S, bytearray()
        while len(body) < size:
            line.settimeout(max(until - time.monotonic(), 0.001))
            piece = line.recv(size - len(body))
            if not piece:
                break
            body += piece
        return body

    return recv
