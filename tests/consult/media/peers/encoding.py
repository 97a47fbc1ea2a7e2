"""One stream of pictures that is sent: of a camera with layers, one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from consult.media.forward.packets import ONE_BYTE, build
from consult.media.forward.privates import MID, RID, Negotiated
from tests.consult.media.peers.clip import FPS, payloads

CLOCK: Final = 90_000


class Encoding:
    """A clip without end, which begins anew with its key frame when one is asked for.

    Args:
        frames: of the clip; the first is a key frame.
        ssrc: number of the stream.
        rid: name of the layer (RFC 8851), which each packet carries; empty for the only one.
    """

    def __init__(self, frames: tuple[bytes, ...], ssrc: int, rid: str = "") -> None:
        self.ssrc = ssrc
        self.rid = rid
        self._frames = frames
        self._at = self._sent = self._seq = 0

    def asked(self) -> None:
        """Somebody needs a key frame."""
        self._at = 0

    def next(self, agreed: Negotiated) -> Iterator[bytes]:
        """The next picture's packets."""
        payload_type = agreed.payload_type("vp8")
        names = self._names(agreed) if self.rid else b""
        parts = payloads(self._frames[self._at], self._sent)
        stamp = self._sent * CLOCK // FPS % (1 << 32)
        self._sent += 1
        self._at = (self._at + 1) % len(self._frames)
        if payload_type is None:
            return
        for number, part in enumerate(parts, 1):
            head = build(payload_type, number == len(parts), self._seq % 65536, stamp, self.ssrc)
            self._seq += 1
            yield bytes((head[0] | (0x10 if names else 0),)) + head[1:] + names + part

    def _names(self, agreed: Negotiated) -> bytes:
        """The header extension (RFC 8285) that says which section and which layer this is."""
        said = b""
        for uri, name in ((MID, agreed.mid), (RID, self.rid)):
            said += bytes((agreed.extensions[uri] << 4 | len(name) - 1,)) + name.encode()
        said += bytes(-len(said) % 4)
        return ONE_BYTE.to_bytes(2, "big") + (len(said) // 4).to_bytes(2, "big") + said


def with_rids(description: str, rids: list[str]) -> str:
    """The offer, its picture offered in layers (RFC 8853)."""
    head, picture = description.split("m=video", 1)
    lines = [f"a=rid:{rid} send" for rid in rids] + ["a=simulcast:send " + ";".join(rids)]
    return f"{head}m=video{picture}" + "".join(f"{line}\r\n" for line in lines)
