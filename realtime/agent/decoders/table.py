"""Which kinds of device there are; further ones come from installed packages.

A package adds a kind by an entry point in the group `yunshang.ctg_decoders` that names a `Kind`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Final

from realtime.agent.decoders.corometrics import CorometricsDecoder, CorometricsVoice
from realtime.agent.decoders.lines import CsvDecoder, CsvVoice, JsonDecoder, JsonVoice
from realtime.agent.decoders.luckcome import LuckcomeDecoder, LuckcomeVoice
from realtime.agent.decoders.philips import PhilipsDecoder, PhilipsVoice
from realtime.agent.samples import Decoder, Voice

GROUP: Final = "yunshang.ctg_decoders"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of device is read, and tried out.

    Attributes:
        decoder: makes a decoder for one connection.
        voice: makes a simulator.
        channels: what the device can tell.
        hello: bytes that ask the device to send; empty where it sends by itself.
        baud: the advised speed of a serial line.
    """

    decoder: Callable[[], Decoder]
    voice: Callable[[], Voice]
    channels: tuple[str, ...]
    hello: bytes = b""
    baud: int = 9_600


_ALL: Final = ("fhr1", "fhr2", "fhr3", "mhr", "toco", "spo2")

OWN: Final[dict[str, Kind]] = {
    "philips": Kind(
        PhilipsDecoder,
        PhilipsVoice,
        ("fhr1", "fhr2", "mhr", "toco"),
        hello=PhilipsDecoder.START_COMMAND,
    ),
    "corometrics": Kind(CorometricsDecoder, CorometricsVoice, ("fhr1", "fhr2", "toco")),
    "luckcome": Kind(LuckcomeDecoder, LuckcomeVoice, ("fhr1", "toco")),
    "csv": Kind(CsvDecoder, CsvVoice, _ALL),
    "json": Kind(JsonDecoder, JsonVoice, _ALL),
}


@cache
def kinds() -> dict[str, Kind]:
    """All kinds by name; our own names cannot be taken by a package."""
    added = {point.name: point.load() for point in entry_points(group=GROUP)}
    return {**added, **OWN}
