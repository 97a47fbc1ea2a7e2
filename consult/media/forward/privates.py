"""The only module that touches aiortc, and every name of it that is not public.

aiortc decodes whatever it receives and encodes whatever it sends; there is no public way to pass
packets through. So a connection here makes its transceivers with stand-ins for sender and
receiver, which decode nothing and start nothing, and packets are taken from, and given to, the
encrypted transport itself. `NAMES` lists what that relies on; a test is red on any other version.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import aioice.ice
import aiortc.codecs
import pylibsrtp
import structlog
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidStateError, OperationError
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtcdtlstransport import State
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpHeaderExtensionParameters
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    is_rtcp,
    pack_remb_fci,
)
from aiortc.sdp import candidate_from_sdp
from aiortc.stats import RTCStatsReport
from aiortc.utils import random32

log = structlog.get_logger()

VERSION: Final = "1.16."
OPUS, RED = 111, 63
"""The browsers' own payload types; RED carries Opus's inside, so both sides must agree on it."""
MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID: Final = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED: Final = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
SENT: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

NAMES: Final = (
    ("RTCPeerConnection", "_RTCPeerConnection__createTransceiver"),
    ("RTCRtpTransceiver", "_RTCRtpTransceiver__sender"),
    ("RTCRtpTransceiver", "_RTCRtpTransceiver__receiver"),
    ("RTCRtpTransceiver", "_codecs"),
    ("RTCDtlsTransport", "_handle_rtp_data"),
    ("RTCDtlsTransport", "_handle_rtcp_data"),
    ("RTCDtlsTransport", "_state"),
    ("RTCDtlsTransport", "_rx_srtp"),
    ("RTCDtlsTransport", "_tx_srtp"),
    ("RTCIceTransport", "_connection"),
    ("RTCRtpSender", "_ssrc"),
    ("RTCRtpSender", "_rtx_ssrc"),
    ("RTCRtpSender", "_stream_id"),
    ("RTCRtpSender", "_track_id"),
    ("RTCRtpSender", "_enabled"),
    ("RTCRtpReceiver", "_track"),
    ("RTCRtpReceiver", "_enabled"),
    ("RTCRtpReceiver", "_set_rtcp_ssrc"),
    ("aiortc.codecs", "CODECS"),
    ("aiortc.codecs", "HEADER_EXTENSIONS"),
    ("aioice.ice", "get_host_addresses"),
    ("aioice.ice.Connection", "check_incoming"),
    ("aioice.ice.Connection()", "_nominated"),
    ("aioice.stun.Transaction", "_Transaction__addr"),
    ("aioice.stun.Transaction", "_Transaction__request"),
)
"""Owner and name of all that is relied on without a promise."""

MEDIA: Final = range(128, 192)
"""First bytes of RTP and RTCP among all that comes over one socket (RFC 7983)."""
LONGEST: Final = 1500
"""Bytes of a datagram that there is room for: what an Ethernet frame carries."""
COMPONENT: Final = 1
"""RTP and RTCP share one (RFC 5761)."""

OnData = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What both ends agreed on for one m-section."""

    mid: str
    payload_types: dict[int, str]
    """Codec name in lower case by payload type; "rtx" for retransmissions."""
    repairs: dict[int, int]
    """Payload type that a retransmission's payload type repairs."""
    extensions: dict[str, int]
    """Number of a header extension by its URI."""

    def payload_type(self, codec: str) -> int | None:
        """The payload type of a codec, if agreed on."""
        return next((pt for pt, name in self.payload_types.items() if name == codec), None)

    def repair_of(self, payload_type: int) -> int | None:
        """The payload type of its retransmissions, if agreed on."""
        return next((rtx for rtx, pt in self.repairs.items() if pt == payload_type), None)


def _negotiated(parameters: Any) -> Negotiated:
    names: dict[int, str] = {}
    repairs: dict[int, int] = {}
    for codec in parameters.codecs:
        names[codec.payloadType] = codec.name.lower()
        if codec.name.lower() == "rtx" and isinstance(codec.parameters.get("apt"), int):
            repairs[codec.payloadType] = codec.parameters["apt"]
    extensions = {found.uri: found.id for found in parameters.headerExtensions}
    return Negotiated(parameters.muxId, names, repairs, extensions)


class _End:
    """What sender and receiver have in common: a transport, and nothing that runs."""

    def __init__(self, kind: str, transport: Any) -> None:
        self.kind = kind
        self.transport = transport
        self.agreed: Negotiated | None = None
        self._enabled = True

    def setTransport(self, transport: Any) -> None:
        self.transport = transport

    async def stop(self) -> None:
        self.agreed = None

    async def getStats(self) -> RTCStatsReport:
        return RTCStatsReport()


class Outlet(_End):
    """Stands in for a sender."""

    def __init__(self, kind: str, transport: Any) -> None:
        super().__init__(kind, transport)
        self._ssrc = random32()
        self._rtx_ssrc = random32()
        self._stream_id = "-"
        self._track_id = f"{self._ssrc:08x}"
        self.track = None

    @property
    def ssrc(self) -> int:
        """Number of the stream."""
        return self._ssrc

    @property
    def rtx_ssrc(self) -> int:
        """Number of its retransmissions' stream."""
        return self._rtx_ssrc

    def replaceTrack(self, track: object) -> None:
        """There are no tracks here."""

    async def send(self, parameters: Any) -> None:
        """The connection is up; `parameters` is what was agreed on."""
        self.agreed = _negotiated(parameters)


class Inlet(_End):
    """Stands in for a receiver."""

    def __init__(self, kind: str, transport: Any) -> None:
        super().__init__(kind, transport)
        self._track: Any = None

    @property
    def track(self) -> Any:
        return self._track

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        """Reports carry the connection's own number."""

    async def receive(self, parameters: Any) -> None:
        """The connection is up; `parameters` is what was agreed on."""
        self.agreed = _negotiated(parameters)


@dataclass(frozen=True, slots=True)
class _Way:
    """From a packet to the socket without the six coroutines of aiortc, which wait for nothing."""

    pair: Any
    srtp: Any
    send: Callable[[bytes, tuple[str, int]], None]
    address: tuple[str, int]

    @classmethod
    def over(cls, pair: Any, srtp: Any) -> _Way:
        """The way over a pair of candidates."""
        return cls(pair, srtp, pair.protocol.transport.sendto, pair.remote_addr)

    def carried(self, protect: Callable[[bytes], bytes], data: bytes) -> bool:
        """Whether it could be encrypted and left."""
        try:
            self.send(protect(data), self.address)
        except (pylibsrtp.Error, ValueError):  # too long, for one
            return False
        return True


class Connection(RTCPeerConnection):
    """A peer connection that passes packets through.

    Args:
        on_rtp, on_rtcp: called with each decrypted packet. Whatever they raise is counted and
            logged, and ends nothing: an exception here would end the transport's loop, and with it
            the call.
    """

    def __init__(self, on_rtp: OnData, on_rtcp: OnData) -> None:
        # No servers of our own means none at all: aiortc's default is a public STUN server.
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        super().__init__(configuration)
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._transport: Any = None
        self._taken: _Way | None = None
        self._queued: Callable[[bytes, int], None] = _ignored
        self.over = False
        """Closed, by us or because the other end went; it takes no change any more.

        aiortc's own state is not asked: a description on its way sets it to stable again.
        """
        self.tap_errors = 0
        self.ssrc = random32()
        """Who reports from this end."""

    def _RTCPeerConnection__createTransceiver(
        self, direction: str, kind: str, sender_track: Any = None
    ) -> Any:
        make = super()._RTCPeerConnection__createTransceiver  # type: ignore[misc]
        transceiver = make(direction=direction, kind=kind, sender_track=sender_track)
        transport = transceiver.receiver.transport
        transceiver._RTCRtpTransceiver__sender = Outlet(kind, transport)
        transceiver._RTCRtpTransceiver__receiver = Inlet(kind, transport)
        if self._transport is None:
            self._transport = transport
            transport._handle_rtp_data = self._early_rtp
            transport._handle_rtcp_data = self._early_rtcp
            ice = transport.transport._connection
            self._queued = ice.data_received
            ice.data_received = self._datagram
        return transceiver

    async def close(self) -> None:
        """End it; aiortc itself does when the other end went."""
        self.over = True
        await super().close()
        # They hold each other, and listeners hold them: uncut, all of it would stay until the
        # collector of cycles comes by, which in a calm worker takes many minutes.
        self._on_rtp = self._on_rtcp = _ignored
        self._taken, self._queued = None, _ignored
        transport, self._transport = self._transport, None
        if transport is not None:
            transport._handle_rtp_data = transport._handle_rtcp_data = _unheard
            transport.transport._connection.data_received = _ignored
            for one in (transport, transport.transport, transport.transport.iceGatherer):
                one.remove_all_listeners()

    def send_rtp(self, data: bytes) -> bool:
        """Encrypt and send one RTP packet; False when there is no connection for it."""
        way = self._way()
        return way is not None and way.carried(way.srtp.protect, data)

    def send_rtcp(self, data: bytes) -> bool:
        """Encrypt and send RTCP packets; False when there is no connection for them."""
        way = self._way()
        return way is not None and way.carried(way.srtp.protect_rtcp, data)

    def _way(self) -> _Way | None:
        """Where packets leave now; None when they cannot."""
        transport = self._transport
        if transport is None or transport._state is not State.CONNECTED:
            return None
        pair = transport.transport._connection._nominated.get(COMPONENT)
        if self._taken is None or self._taken.pair is not pair:
            self._taken = _Way.over(pair, transport._tx_srtp) if pair is not None else None
        return self._taken

    def _datagram(self, data: bytes, component: int) -> None:
        """What came, and is no check of ICE's: media are taken at once, all else waits its turn.

        aiortc puts every datagram into a queue, which a task empties.
        """
        transport = self._transport
        if transport is None or not 0 < len(data) <= LONGEST:
            return  # aiortc would end the connection over it, whoever sent it
        if data[0] not in MEDIA or transport._state is not State.CONNECTED:
            self._queued(data, component)
            return
        srtp = transport._rx_srtp
        try:
            if is_rtcp(data):
                self._rtcp(srtp.unprotect_rtcp(data))
            else:
                self._rtp(srtp.unprotect(data))
        except pylibsrtp.Error:
            return  # nobody's, or of another connection

    def _rtp(self, data: bytes) -> None:
        try:
            self._on_rtp(data)
        except Exception as error:
            self._said(error)

    def _rtcp(self, data: bytes) -> None:
        try:
            self._on_rtcp(data)
        except Exception as error:
            self._said(error)

    async def _early_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        """It came while the keys were still agreed on."""
        self._rtp(data)

    async def _early_rtcp(self, data: bytes) -> None:
        self._rtcp(data)

    def _said(self, error: Exception) -> None:
        self.tap_errors += 1
        if self.tap_errors & (self.tap_errors - 1) == 0:  # the first, second, fourth, …
            log.error("media.tap_failed", error=type(error).__name__, times=self.tap_errors)

    async def answer_to(self, offer: str) -> str:
        """Take a client's offer; our answer, with all our candidates."""
        await self.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self.setLocalDescription(await self.createAnswer())
        return self.localDescription.sdp

    async def offer(self) -> str:
        """Our offer, with all our candidates."""
        await self.setLocalDescription(await self.createOffer())
        return self.localDescription.sdp

    async def accept(self, answer: str) -> None:
        """Take a client's answer."""
        await self.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def candidate(self, line: str, mid: str) -> None:
        """A client's candidate, as its browser words it; an empty line ends them."""
        text = line.removeprefix("candidate:")
        if not text:
            await self.addIceCandidate(None)
            return
        try:
            found = candidate_from_sdp(text)
            found.sdpMid = mid
            await self.addIceCandidate(found)
        except (ValueError, AssertionError, IndexError, KeyError):
            # A browser may know kinds of candidates that we do not; the others will do.
            log.debug("media.candidate_unread")

    def ends(self) -> list[tuple[Any, Outlet, Inlet]]:
        """Every transceiver with its stand-ins."""
        return [
            (found, cast(Outlet, found.sender), cast(Inlet, found.receiver))
            for found in self.getTransceivers()
        ]


def _ignored(_data: bytes, _component: int = COMPONENT) -> None:
    """Nobody listens any more."""


async def _unheard(_data: bytes, arrival_time_ms: int = 0) -> None:
    """Nobody listens any more."""


def _answering(check_incoming: Callable[..., None]) -> Callable[..., None]:
    """Ask back at once when the other side asks: RFC 8445, 7.3.1.4, of a check in progress.

    aioice leaves such a check to its own repetitions, which come after 0.5, 1, 2, 4 seconds: when a
    line is back after some seconds, everybody waited for the next of them. The check itself is sent
    once more, so an answer to any of them counts.
    """

    @functools.wraps(check_incoming)
    def answering(self: Any, message: Any, addr: tuple[str, int], protocol: Any) -> None:
        asked = list(protocol.transactions.values())
        check_incoming(self, message, addr, protocol)
        for transaction in asked:
            if transaction._Transaction__addr == addr:
                protocol.send_stun(transaction._Transaction__request, addr)

    return answering


def install(addresses: Sequence[str]) -> None:
    """Make aiortc offer what forwarding needs: Opus with RED, VP8 alone, names of layers.

    Args:
        addresses: our own IPs that clients may be offered; all of this host's when empty.
    """
    codecs, extensions = aiortc.codecs.CODECS, aiortc.codecs.HEADER_EXTENSIONS
    opus = replace(codecs["audio"][0], payloadType=OPUS)
    red = RTCRtpCodecParameters(
        mimeType="audio/red",
        clockRate=48000,
        channels=2,
        payloadType=RED,
        parameters={f"{OPUS}/{OPUS}": None},
    )
    codecs["audio"][:] = [opus, red]
    # RFC 7742 obliges every browser to VP8; one codec in a room needs no transcoding.
    codecs["video"][:] = codecs["video"][:2]
    if not hasattr(aioice.ice.Connection.check_incoming, "__wrapped__"):
        checked = _answering(aioice.ice.Connection.check_incoming)
        aioice.ice.Connection.check_incoming = checked  # type: ignore[method-assign]
    known = {found.uri for found in extensions["video"]}
    extensions["video"] += [
        RTCRtpHeaderExtensionParameters(id=number, uri=uri)
        for number, uri in ((4, RID), (5, REPAIRED))
        if uri not in known
    ]
    if addresses:
        listed = list(addresses)
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [
            address for address in listed if (use_ipv6 if ":" in address else use_ipv4)
        ]


__all__ = [
    "MID",
    "NAMES",
    "REPAIRED",
    "RID",
    "SENT",
    "VERSION",
    "Connection",
    "Inlet",
    "InvalidStateError",
    "Negotiated",
    "OperationError",
    "Outlet",
    "RemoteBitrateEstimator",
    "RtcpByePacket",
    "RtcpPacket",
    "RtcpPsfbPacket",
    "RtcpReceiverInfo",
    "RtcpRrPacket",
    "RtcpRtpfbPacket",
    "RtcpSenderInfo",
    "RtcpSrPacket",
    "install",
    "pack_remb_fci",
]
