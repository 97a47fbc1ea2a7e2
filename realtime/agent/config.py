"""The one file that a centre writes, in TOML; every error names the place and what is wanted."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec

from realtime.agent.decoders.table import kinds
from realtime.agent.pace import LIVE_KBIT
from realtime.session import PLAIN

MAX_MONITORS: Final = 32
"""One connection carries 64 streams: each monitor's own, and as many that are still filled."""
BYTES_PER_DAY: Final = 86_400 * 120
"""One monitor's seconds of a day on disk, its index included."""


class ConfigError(Exception):
    """The file cannot be used; the message says why and what to write instead."""


class MonitorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[monitor]]`.

    `port` is a serial line (`/dev/ttyUSB0`), `tcp://host:port` of a converter, or `file:///path` of
    a file that grows. `start` is `signal` (after ten seconds of a fetal signal) or `always`.
    """

    device: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=PLAIN)]
    kind: str
    port: Annotated[str, msgspec.Meta(min_length=1)]
    bed: Annotated[str, msgspec.Meta(max_length=64, pattern=PLAIN)] = ""
    baud: int | None = None
    start: Literal["signal", "always"] = "signal"
    off_s: Annotated[int, msgspec.Meta(ge=30, le=7_200)] = 600


class AgentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. Paths are taken from the file's own directory."""

    gateway: str
    token_file: str
    monitor: Annotated[list[MonitorConfig], msgspec.Meta(min_length=1, max_length=MAX_MONITORS)]
    buffer: str = "buffer.db"
    buffer_days: Annotated[float, msgspec.Meta(gt=0, le=60)] = 3.0
    max_kbit_per_s: Annotated[int, msgspec.Meta(ge=0)] = 0
    status_port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8790
    ca_file: str = ""
    allow_plain: bool = False

    @property
    def buffer_bytes(self) -> int:
        """How large the buffer may grow."""
        return max(2**20, int(self.buffer_days * BYTES_PER_DAY * len(self.monitor)))


def read_config(path: Path) -> AgentConfig:
    """Read and check the file; paths in the answer are absolute.

    Raises:
        ConfigError: in words for who has to mend it.
    """
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    try:
        config = msgspec.convert(told, AgentConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from error
    _check_gateway(path, config)
    _check_monitors(path, config)
    beside = path.parent.resolve()
    return msgspec.structs.replace(
        config,
        token_file=str(beside / config.token_file),
        buffer=str(beside / config.buffer),
        ca_file=str(beside / config.ca_file) if config.ca_file else "",
    )


def _check_gateway(path: Path, config: AgentConfig) -> None:
    address = urlsplit(config.gateway)
    if address.scheme not in {"ws", "wss"} or not address.hostname:
        raise ConfigError(f"{path}: `gateway` is wss://host, not {config.gateway!r}")
    near = address.hostname in {"127.0.0.1", "localhost", "::1"}
    if address.scheme == "ws" and not (near or config.allow_plain):
        raise ConfigError(
            f"{path}: `gateway` is not encrypted: write wss://, or in a VPN `allow_plain = true`"
        )
    needed = round(LIVE_KBIT * len(config.monitor), 2)
    if config.max_kbit_per_s and config.max_kbit_per_s < needed:
        raise ConfigError(
            f"{path}: `max_kbit_per_s` must be at least {needed:g} for {len(config.monitor)}"
            " monitors, else live strips fall behind"
        )


def _check_monitors(path: Path, config: AgentConfig) -> None:
    known = kinds()
    seen: set[str] = set()
    for number, monitor in enumerate(config.monitor, 1):
        where = f"{path}: monitor {number} ({monitor.device})"
        if monitor.kind not in known:
            names = ", ".join(sorted(known))
            raise ConfigError(f"{where}: no kind {monitor.kind!r}; there are {names}")
        if monitor.device in seen:
            raise ConfigError(f"{where}: this serial number is named twice")
        seen.add(monitor.device)
        port = urlsplit(monitor.port)
        if port.scheme == "tcp" and not _tcp_address(monitor.port):
            raise ConfigError(f"{where}: `port` is tcp://host:number, not {monitor.port!r}")
        if port.scheme not in {"", "tcp", "file"}:
            raise ConfigError(f"{where}: `port` is a serial line, tcp:// or file://")


def _tcp_address(port: str) -> bool:
    try:
        address = urlsplit(port)
        return bool(address.hostname and address.port)
    except ValueError:
        return False
