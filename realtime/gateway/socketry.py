"""What both listeners share: whole messages from WebSocket frames, and closing with a reason."""

from __future__ import annotations

from typing import Final

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

UNACCEPTABLE: Final = 1003
TOO_BIG: Final = 1009
COPIED_BYTES: Final = 8_192
"""Up to this size picows copies a message; the head of a larger one is lent to the loop."""
# An enum's member is looked up slowly (Python 3.11), and this is done for every message.
TEXT: Final = WSMsgType.TEXT
BINARY: Final = WSMsgType.BINARY
CLOSE: Final = WSMsgType.CLOSE
CONTINUATION: Final = WSMsgType.CONTINUATION
HEAD_BYTES: Final = 14
"""Room for a frame's head before the message, as picows asks for."""


class MessageListener(WSListener):  # type: ignore[misc, unused-ignore]
    """Joins fragments, answers the close handshake, and bounds the size of a message."""

    # Below a compiled class an object without slots gets a dictionary of its own, and every message
    # finds each of its parts as cold as the connection was since the last one.
    __slots__ = ("_max_message_bytes", "_parts", "_parts_type", "transport")

    def __init__(self, max_message_bytes: int) -> None:
        self._max_message_bytes = max_message_bytes
        self._parts: list[bytes] = []
        self._parts_type: WSMsgType | None = None
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == BINARY and frame.fin and self._parts_type is None and not frame.rsv1:
            self.on_binary(frame.get_payload_as_bytes())
            return
        self.on_sign()
        if kind == CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
            return
        if kind not in (TEXT, BINARY, CONTINUATION):
            return
        if frame.rsv1:
            self.hang_up(1002, "ctg.compression_not_agreed")
            return
        if kind == CONTINUATION or not frame.fin:
            self._on_fragment(frame, kind)
        elif self._parts_type is not None:
            self.hang_up(1002, "ctg.fragment_interrupted")
        else:  # a whole binary message has been taken above
            self.on_text(frame.get_payload_as_bytes())

    def _on_fragment(self, frame: WSFrame, kind: WSMsgType) -> None:
        if (kind == CONTINUATION) == (self._parts_type is None):
            self.hang_up(1002, "ctg.fragment_interrupted")
            return
        if self._parts_type is None:
            self._parts_type = kind
        self._parts.append(frame.get_payload_as_bytes())
        if sum(map(len, self._parts)) > self._max_message_bytes or len(self._parts) > 64:
            self.hang_up(TOO_BIG, "ctg.message_too_big")
            return
        if frame.fin:
            whole, binary = b"".join(self._parts), self._parts_type == BINARY
            self._parts, self._parts_type = [], None
            (self.on_binary if binary else self.on_text)(whole)

    def on_sign(self) -> None:
        """Something came that is no whole binary message: an answer to a ping, a text, a part."""

    def on_binary(self, data: bytes) -> None:
        """One whole binary message; a listener that takes none says so (RFC 6455, 7.4.1)."""
        self.hang_up(UNACCEPTABLE, "ctg.binary_not_taken")

    def on_text(self, data: bytes) -> None:
        """One whole text message; a listener that takes none says so (RFC 6455, 7.4.1)."""
        self.hang_up(UNACCEPTABLE, "ctg.text_not_taken")

    def send_text(self, data: bytes) -> None:
        """Send text, unless the connection is gone."""
        self._send(TEXT, data)

    def send_binary(self, data: bytes) -> None:
        """Send bytes, unless the connection is gone."""
        self._send(BINARY, data)

    def _send(self, kind: WSMsgType, data: bytes) -> None:
        transport = self.transport
        if transport is None:
            return  # after a close frame picows itself sends nothing more
        if len(data) <= COPIED_BYTES:
            transport.send(kind, data)
            return
        # While the socket is full, a lent head waits in the loop and the next message's head is
        # written over it (picows 2.3.1, `_send`). A buffer of its own is sent or copied whole.
        own = bytearray(HEAD_BYTES) + data
        transport.send_reuse_external_bytearray(kind, own, HEAD_BYTES)

    def hang_up(self, close_code: int, reason: str) -> None:
        """Close with a coded reason."""
        if self.transport is not None and not self.transport.is_close_frame_sent:
            self.transport.send_close(WSCloseCode(close_code), reason.encode())
            self.transport.disconnect()
