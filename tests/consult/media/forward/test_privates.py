"""What we rely on in aiortc without a promise. Red here means: read `privates.py` again."""

import ast
import asyncio
import importlib.metadata
import inspect
import re
from pathlib import Path
from typing import Any, cast

import aioice.ice
import aiortc
import aiortc.codecs
import pytest
from aioice import stun
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcpeerconnection import RTCPeerConnection
from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from consult.media.forward.privates import NAMES, VERSION, Connection, Inlet, Outlet, install

ROOT = Path(__file__).parents[4]


def test_the_version_is_the_one_that_was_read() -> None:
    assert importlib.metadata.version("aiortc").startswith(VERSION)
    assert VERSION == "1.16."


@pytest.mark.parametrize(("owner", "name"), NAMES)
async def test_the_name_is_there(owner: str, name: str) -> None:
    connection = RTCPeerConnection()
    transceiver = connection.addTransceiver("video")
    owners = {
        "RTCPeerConnection": connection,
        "RTCRtpTransceiver": transceiver,
        "RTCDtlsTransport": transceiver.sender.transport,
        "RTCIceTransport": transceiver.sender.transport.transport,
        "RTCRtpSender": transceiver.sender,
        "RTCRtpReceiver": transceiver.receiver,
        "aiortc.codecs": aiortc.codecs,
        "aioice.ice": aioice.ice,
        "aioice.ice.Connection": aioice.ice.Connection,
        "aioice.ice.Connection()": transceiver.sender.transport.transport._connection,
        "aioice.stun.Transaction": _transaction(ADDRESS, Sent()),
    }
    assert hasattr(owners[owner], name)
    await connection.close()


ADDRESS = ("192.0.2.7", 4000)


class Sent:
    """A protocol that remembers what it sends, and whose checks are never answered."""

    def __init__(self) -> None:
        self.sent: list[tuple[stun.Message, tuple[str, int]]] = []
        self.transactions: dict[bytes, stun.Transaction] = {}

    def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:
        self.sent.append((message, addr))


def _transaction(addr: tuple[str, int], protocol: Sent) -> stun.Transaction:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    made = stun.Transaction(request, addr, protocol)
    protocol.transactions[request.transaction_id] = made
    return made


@pytest.mark.usefixtures("restored")
async def test_who_asks_is_asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that waits for its next repetition does not let a line wait that is back."""
    incoming: list[object] = []
    monkeypatch.setattr(
        aioice.ice.Connection, "check_incoming", lambda _self, *found: incoming.append(found)
    )
    install(["127.0.0.1"])
    install(["127.0.0.1"])
    protocol = Sent()
    _transaction(ADDRESS, protocol)
    _transaction(("192.0.2.8", 4000), protocol)
    check = cast(Any, aioice.ice.Connection.check_incoming)
    check(None, "message", ADDRESS, protocol)
    assert len(incoming) == 1
    assert [addr for _, addr in protocol.sent] == [ADDRESS]
    assert protocol.sent[0][0].transaction_id in protocol.transactions


def test_nothing_else_of_aiortc_is_touched() -> None:
    for path in (ROOT / "consult").rglob("*.py"):
        if path.name == "privates.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not [name for name in names if name.split(".")[0] in {"aiortc", "aioice"}], path


def test_every_private_name_in_the_module_is_listed() -> None:
    source = (ROOT / "consult/media/forward/privates.py").read_text("utf-8")
    used = {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    }
    assert used <= {name for _, name in NAMES}


async def test_the_stand_ins_have_all_that_aiortc_asks_of_them() -> None:
    """Every attribute that aiortc reads of a sender or receiver, as its source says."""
    connection = Connection(_nothing, _nothing)
    connection.addTransceiver("audio")
    _, outlet, inlet = connection.ends()[0]
    assert isinstance(outlet, Outlet)
    assert isinstance(inlet, Inlet)
    stands = {"sender": outlet, "receiver": inlet}
    for module in (RTCPeerConnection, RTCRtpTransceiver):
        source = inspect.getsource(inspect.getmodule(module))
        for role, name in re.findall(r"\b(?:__)?(sender|receiver)\.(\w+)", source):
            assert hasattr(stands[role], name), f"{role}.{name}"
    await connection.close()


def test_the_transport_calls_what_is_replaced() -> None:
    source = inspect.getsource(RTCDtlsTransport._recv_next)
    assert "await self._handle_rtp_data(data, arrival_time_ms=arrival_time_ms)" in source
    assert "await self._handle_rtcp_data(data)" in source
    source = inspect.getsource(aioice.ice.StunProtocol.datagram_received)
    assert "self.receiver.data_received(data, self.local_candidate.component)" in source


async def test_what_cannot_be_sent_is_refused_and_raises_nothing() -> None:
    connection = Connection(_nothing, _nothing)
    assert not connection.send_rtp(b"nobody is there")
    connection.addTransceiver("audio")
    assert not connection.send_rtp(b"it is not connected")
    assert not connection.send_rtcp(b"it is not connected")
    await connection.close()
    assert not connection.send_rtp(b"it is over")


async def test_no_decoder_is_ever_started() -> None:
    connection = Connection(_nothing, _nothing)
    transceiver = connection.addTransceiver("video")
    assert "_RTCRtpReceiver__decoder_thread" not in vars(transceiver.receiver)
    await connection.close()


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `install` changes belongs to the whole process: others find it as it was."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", aioice.ice.get_host_addresses)
    checked = aioice.ice.Connection.check_incoming
    monkeypatch.setattr(aioice.ice.Connection, "check_incoming", checked)
    for table in (aiortc.codecs.CODECS, aiortc.codecs.HEADER_EXTENSIONS):
        for kind, found in table.items():
            monkeypatch.setitem(table, kind, list(found))


@pytest.mark.usefixtures("restored")
async def test_offers_name_our_codecs_and_no_foreign_server() -> None:
    install(["127.0.0.1"])
    install(["127.0.0.1"])
    connection = Connection(_nothing, _nothing)
    connection.addTransceiver("audio", direction="sendonly")
    connection.addTransceiver("video", direction="sendonly")
    offer = await connection.offer()
    assert "a=rtpmap:111 opus/48000/2" in offer
    assert "a=rtpmap:63 red/48000/2" in offer
    assert "a=fmtp:63 111/111" in offer
    assert "VP8/90000" in offer
    assert "H264" not in offer
    assert " srflx " not in offer
    assert offer.count("a=ice-ufrag") == 2
    assert len(set(re.findall(r"a=ice-ufrag:(\S+)", offer))) == 1
    await connection.close()


def _nothing(data: bytes) -> None:
    """Takes a packet."""


async def test_a_connection_that_ends_while_it_takes_an_answer_is_over() -> None:
    def unheard(_data: bytes) -> None:
        """Nothing comes here."""

    offering, answering = Connection(unheard, unheard), Connection(unheard, unheard)
    offering.addTransceiver("audio", direction="sendonly")
    answer = await answering.answer_to(await offering.offer())
    taking = asyncio.create_task(offering.accept(answer))
    await asyncio.sleep(0)
    closing = asyncio.create_task(offering.close())
    await asyncio.gather(taking, closing, answering.close(), return_exceptions=True)
    assert offering.over
