"""Pure: what an address of each channel looks like, and how much of it is shown again."""

import re
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import msgspec

PersonalChannel = Literal["web_push", "sms", "voice", "wecom_app", "dingtalk_app", "email"]
"""Channels by which one person is reached; webhooks and group robots belong to a house."""

PERSONAL: tuple[str, ...] = get_args(PersonalChannel)

_MOBILE = re.compile(r"1\d{10}")
_LANDLINE = re.compile(r"0\d{9,11}(-\d{1,6})?")
_EMAIL = re.compile(r"[^\s@]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
_USER = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
_KEY = re.compile(r"[A-Za-z0-9_-]{20,100}={0,2}")


def tidied(channel: str, address: str) -> str:
    """The address without what people type for the eye."""
    plain = address.strip()
    if channel in ("sms", "voice"):
        plain = re.sub(r"[\s()（）]", "", plain).removeprefix("+86")
        # A hyphen before an extension means something, the one after an area code does not.
        return re.sub(r"^(0\d{2,3})-", r"\1", plain)
    return plain.lower() if channel == "email" else plain


def objection(channel: str, address: str) -> str | None:
    """Why an address cannot be one of this channel, as a code; None if it can."""
    if channel == "web_push":
        return None if subscription(address) is not None else "subscription"
    if channel == "voice":
        fits = _MOBILE.fullmatch(address) or _LANDLINE.fullmatch(address)
        return None if fits else "telephone"
    pattern = {"sms": _MOBILE, "email": _EMAIL, "wecom_app": _USER, "dingtalk_app": _USER}[channel]
    return None if pattern.fullmatch(address) else {"sms": "mobile"}.get(channel, channel)


def is_landline(channel: str, address: str) -> bool:
    """True for a telephone that takes calls only."""
    return channel == "voice" and _LANDLINE.fullmatch(address) is not None


def hint(channel: str, address: str) -> str:
    """Enough to tell one's own addresses apart, and no more."""
    if channel == "web_push":
        found = subscription(address)
        return "" if found is None else (urlsplit(found["endpoint"]).hostname or "")[:40]
    if channel == "email":
        name, _, host = address.partition("@")
        return f"{name[:1]}***@{host}"[:40]
    if channel in ("sms", "voice"):
        return f"{address[:3]}****{address[-4:]}"
    return f"{address[:2]}***"


def subscription(address: str) -> dict[str, str] | None:
    """A browser's push subscription: where to post, and its keys; None if it is none."""
    try:
        found: Any = msgspec.json.decode(address)
        made = {
            "endpoint": str(found["endpoint"]),
            "p256dh": str(found["keys"]["p256dh"]),
            "auth": str(found["keys"]["auth"]),
        }
        parts = urlsplit(made["endpoint"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return None
    sound = parts.scheme in ("https", "http") and parts.hostname
    keys = _KEY.fullmatch(made["p256dh"]) and _KEY.fullmatch(made["auth"])
    return made if sound and keys else None
