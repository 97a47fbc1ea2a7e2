"""The floor in our own library: receive a message, send twelve bytes back, know nothing.

`python -m tests.bench.ctg.echo PORT`
"""

from __future__ import annotations

import json
import sys
from typing import Any

import uvloop
from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from realtime import frames

# Looked up once: an enum's member costs as much as the rest of a message (Python 3.11).
BINARY, TEXT, CLOSE = WSMsgType.BINARY, WSMsgType.TEXT, WSMsgType.CLOSE
ACK_HEAD = bytes([frames.VERSION, frames.KIND_ACK, 1, 0])


class Echo(WSListener):  # type: ignore[misc, unused-ignore]
    """One connection."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == BINARY:
            data = frame.get_payload_as_bytes()
            transport.send(BINARY, ACK_HEAD + data[4:12])
        elif frame.msg_type == TEXT:
            opening = json.loads(frame.get_payload_as_bytes())
            answer = {"type": "opened", "stream": opening["stream"], "next_seq": 1}
            transport.send(TEXT, json.dumps(answer).encode())
        elif frame.msg_type == CLOSE:
            transport.disconnect()


def accept(_request: WSUpgradeRequest) -> Any:
    """Everybody."""
    answer = WSUpgradeResponse.create_101_response({"Sec-WebSocket-Protocol": frames.PROTOCOL})
    return WSUpgradeResponseWithListener(answer, Echo())


async def serve(port: int) -> None:
    """Until killed."""
    server = await ws_create_server(accept, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
