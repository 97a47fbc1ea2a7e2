"""What an HTTP status says of a message, and when the server wants to be asked again (RFC 9110)."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from duty.notify.channels.channel import Failed, InDoubt

REFUSED_FOR_NOW = frozenset({408, 425, 429, 503})
"""Statuses by which a server says that it did not take the request, but may later."""

PATIENCE_S = 300.0
"""Who wants to be left alone for longer is not asked again: the ladder has gone on by then."""


def judged(status: int, wait_s: float = 0) -> Failed | InDoubt | None:
    """What the status alone says; None where the body decides (2xx, and 4xx that are for good).

    A gateway's 500, 502 or 504 may hide a request that went through: doubt, not failure.
    """
    reason = f"http_{status}"
    if status in REFUSED_FOR_NOW:
        return later(reason, wait_s)
    if status >= 500:
        return InDoubt(reason)
    if status < 200 or 300 <= status < 400:
        return Failed(reason, again=False)
    return None


def later(reason: str, wait_s: float) -> Failed:
    """It did not go out, and the server takes it after so long."""
    if wait_s > PATIENCE_S:
        return Failed(reason, again=False)
    return Failed(reason, again=True, after_s=wait_s)


def wait_s(headers: Mapping[str, str]) -> float:
    """`Retry-After` in seconds, of either form; 0 where there is none that can be read.

    A moment is taken as the server's own clock sees it, by its `Date`.
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    try:
        until, now = (parsedate_to_datetime(one) for one in (asked, headers.get("date", "")))
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError):
        return 0.0
