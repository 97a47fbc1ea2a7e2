"""How the text of a setting is read. Each raises ValueError with what it must be."""

import ipaddress
from pathlib import Path


def text(raw: str) -> str:
    """Words, without space around them."""
    return raw.strip()


def port(raw: str) -> int:
    """A port to listen on or to reach."""
    number = int(raw)
    if not 0 < number < 65536:
        raise ValueError("must be between 1 and 65535")
    return number


def any_port(raw: str) -> int:
    """A port, or 0 for a free one."""
    return 0 if raw.strip() == "0" else port(raw)


def ips(raw: str) -> tuple[str, ...]:
    """IPs by comma, each as it is or as inside=outside."""
    found = tuple(part.strip() for part in raw.split(",") if part.strip())
    for part in found:
        for address in part.split("=", 1):
            ipaddress.ip_address(address)
    return found


def relays(raw: str) -> tuple[str, ...]:
    """STUN and TURN servers, by comma."""
    found = tuple(part.strip() for part in raw.split(",") if part.strip())
    for url in found:
        if not url.startswith(("turn:", "turns:", "stun:", "stuns:")):
            raise ValueError(f"{url} does not begin with turn:, turns:, stun: or stuns:")
    return found


def room_engine(raw: str) -> str:
    """What carries rooms."""
    name = raw.strip()
    if name not in ("forward", "janus", "livekit"):
        raise ValueError("must be forward, janus or livekit")
    return name


def socket_address(raw: str) -> str:
    """Where a WebSocket is opened."""
    url = raw.strip()
    scheme, _, rest = url.partition("://")
    if scheme not in {"ws", "wss"} or not rest:
        raise ValueError("must be like wss://rooms.example.cn/")
    return url


def web_address(raw: str) -> str:
    """Where something is asked over HTTP; empty for nowhere."""
    url = raw.strip().rstrip("/")
    scheme, _, rest = url.partition("://")
    if url and (scheme not in {"http", "https"} or not rest or "@" in rest):
        raise ValueError("must be like http://127.0.0.1:8042, without name and password")
    return url


def positive(raw: str) -> int:
    """A whole number above 0."""
    number = int(raw)
    if number < 1:
        raise ValueError("must be 1 or more")
    return number


def count(raw: str) -> int:
    """A whole number, 0 among them."""
    number = int(raw)
    if number < 0:
        raise ValueError("must be 0 or more")
    return number


def megabytes(raw: str) -> int:
    """Megabytes of an attachment."""
    number = int(raw)
    if not 1 <= number <= 20:
        raise ValueError("must be between 1 and 20")
    return number


def flag(raw: str) -> bool:
    """Yes or no."""
    lowered = raw.strip().lower()
    if lowered not in {"0", "1", "true", "false", "yes", "no"}:
        raise ValueError("must be 1 or 0")
    return lowered in {"1", "true", "yes"}


def path(raw: str) -> Path:
    """A file or directory; ~ is one's own."""
    return Path(raw).expanduser()


def log_format(raw: str) -> str:
    """How lines are written."""
    if raw not in {"console", "json"}:
        raise ValueError("must be console or json")
    return raw


def log_level(raw: str) -> str:
    """Which lines are written."""
    level = raw.strip().lower()
    if level not in {"debug", "info", "warning", "error"}:
        raise ValueError("must be debug, info, warning or error")
    return level


def origins(raw: str) -> tuple[str, ...]:
    """Exact web origins, by comma."""
    found = tuple(part.strip() for part in raw.split(",") if part.strip())
    for origin in found:
        scheme, _, rest = origin.partition("://")
        if scheme not in {"http", "https"} or not rest or "/" in rest or "*" in rest:
            raise ValueError(f"{origin} is not an exact origin such as https://yunshang.example.cn")
    return found


def addresses(raw: str) -> tuple[str, ...]:
    """E-mail addresses, by comma."""
    found = tuple(part.strip() for part in raw.split(",") if part.strip())
    for address in found:
        if address.count("@") != 1 or any(mark.isspace() for mark in address):
            raise ValueError(f"{address} is not an e-mail address")
    return found
