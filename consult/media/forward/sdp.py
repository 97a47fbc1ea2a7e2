"""What aiortc leaves out of session descriptions: layers by name, streams by number, addresses.

Texts in, texts out. Descriptions hold addresses of people's networks: they are never logged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

RIDS: Final = ("h", "l")
"""Names of layers that a client may send: high, low."""
LONGEST: Final = 200_000
MOST_SECTIONS: Final = 64

_RID = re.compile(r"^a=rid:([A-Za-z0-9]{1,16}) send\b")
_SSRC = re.compile(r"^a=ssrc:(\d{1,10}) ")
_FID = re.compile(r"^a=ssrc-group:FID (\d{1,10}) (\d{1,10})$")


@dataclass(frozen=True, slots=True)
class Section:
    """One m-section of an offer, as far as aiortc does not read it."""

    mid: str
    kind: str
    rids: tuple[str, ...]
    ssrc: int | None
    rtx: int | None


def sections(offer: str) -> list[Section]:
    """The m-sections, in order."""
    return [_section(lines) for lines in _split(offer)[1]]


def with_layers(answer: str, offered: Sequence[Section]) -> str:
    """The answer, with the layers that were offered accepted."""
    head, parts = _split(answer)
    of = {section.mid: section for section in offered}
    result = list(head)
    for part in parts:
        result += part
        section = of.get(_value(part, "a=mid:"))
        known = [rid for rid in section.rids if rid in RIDS] if section is not None else []
        if known:
            result += [f"a=rid:{rid} recv" for rid in known]
            result.append("a=simulcast:recv " + ";".join(known))
    return "\r\n".join(result) + "\r\n"


def with_addresses(description: str, public: Mapping[str, str]) -> str:
    """The description, with our candidates' addresses as the world sees them.

    Args:
        description: ours, with host candidates.
        public: the address outside by the address inside (NAT 1:1).
    """
    if not public:
        return description

    def turned(line: str) -> str:
        words = line.split(" ")
        if line.startswith("a=candidate:") and len(words) > 4 and words[4] in public:
            words[4] = public[words[4]]
        return " ".join(words)

    return "\r\n".join(turned(line) for line in description.split("\r\n"))


def _section(lines: list[str]) -> Section:
    rids = tuple(found[1] for line in lines if (found := _RID.match(line)))
    ssrcs = [int(found[1]) for line in lines if (found := _SSRC.match(line))]
    pairs = [found for line in lines if (found := _FID.match(line))]
    main, rtx = (int(pairs[0][1]), int(pairs[0][2])) if pairs else (None, None)
    if main is None and ssrcs and not rids:
        main = ssrcs[0]
    kind = lines[0][2:].split(" ", 1)[0]
    return Section(_value(lines, "a=mid:"), kind, rids, main, rtx)


def _value(lines: list[str], prefix: str) -> str:
    return next((line[len(prefix) :] for line in lines if line.startswith(prefix)), "")


def _split(description: str) -> tuple[list[str], list[list[str]]]:
    head: list[str] = []
    parts: list[list[str]] = []
    for line in _lines(description):
        if line.startswith("m="):
            parts.append([])
        (parts[-1] if parts else head).append(line)
    return head, parts


def _lines(description: str) -> Iterator[str]:
    return (line for line in description.replace("\r\n", "\n").split("\n") if line)
