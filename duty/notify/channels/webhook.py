"""Webhook: a signed POST to an endpoint that an administrator registered.

The receiver recomputes HMAC-SHA256 over `<timestamp>.<body>` with the shared secret, refuses old
timestamps, and collapses repeats by message id. No redirect is followed (ASVS 15.3.2); the name is
resolved once, the address checked, and the connection made to that very address (ASVS 1.3.6).
"""

import asyncio
import hmac
import socket
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

import httpx
import msgspec

from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Sent
from kernel.clock import Clock

Address = IPv4Address | IPv6Address

MESSAGE_HEADER = "X-Yunshang-Message"
TIMESTAMP_HEADER = "X-Yunshang-Timestamp"
SIGNATURE_HEADER = "X-Yunshang-Signature"

LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which a later try may help."""


def reachable(address: Address) -> bool:
    """True for addresses that another machine can have: hospitals' private networks included;
    this machine, link-local (cloud metadata), multicast and reserved ranges are not."""
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        return reachable(mapped)
    return not (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
    )


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """What an endpoint's URL may be."""

    schemes: frozenset[str] = frozenset({"https"})
    address_ok: Callable[[Address], bool] = reachable

    def objection(self, url: str) -> str | None:
        """Why the URL is unacceptable on its face, or None. Names are checked when they resolve."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return "malformed"
        if parts.scheme not in self.schemes:
            return "scheme"
        if not host or parts.username or parts.password or parts.fragment:
            return "malformed"
        try:
            address = ip_address(host)
        except ValueError:
            return None
        return None if self.address_ok(address) else "address"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the hex HMAC-SHA256 that the receiver recomputes."""
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256)
    return "v1=" + mac.hexdigest()


def body_of(message: Outgoing) -> bytes:
    """What the receiver reads: who must call back about which case, how urgent; no patient."""
    return msgspec.json.encode(
        {
            "message_id": message.id,
            "page_id": message.page_id,
            "event": message.event,
            "level": message.level,
            "case": message.title,
            "callback": message.callback,
            "paged_at": message.paged_at,
        }
    )


class WebhookChannel:
    """Posts messages; one client, one time limit over everything from name to answer."""

    name = "webhook"

    def __init__(
        self, clock: Clock, *, rules: EndpointRules | None = None, timeout_s: float = 5.0
    ) -> None:
        self._clock = clock
        self._rules = rules or EndpointRules()
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def send(self, message: Outgoing) -> Outcome:
        """POST once. A refused or unresolved connection is a failure; silence is doubt."""
        objection = self._rules.objection(message.address)
        if objection is not None:
            return Failed(objection, again=False)
        connecting = True
        try:
            async with asyncio.timeout(self._timeout_s):
                request = await self._request(message)
                if isinstance(request, Failed):
                    return request
                connecting = False
                response = await self._client.send(request, stream=True)
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Failed(type(error).__name__, again=True)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            name = type(error).__name__
            return Failed(name, again=True) if connecting else InDoubt(name)
        return _judged(response.status_code)

    async def _request(self, message: Outgoing) -> httpx.Request | Failed:
        url = httpx.URL(message.address)
        address = await self._resolve(url.host, url.port or (443 if url.scheme == "https" else 80))
        if address is None:
            return Failed("address", again=False)
        body = body_of(message)
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Host": url.netloc.decode("ascii"),
            "Content-Type": "application/json",
            MESSAGE_HEADER: str(message.id),
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: sign(message.secret, timestamp, body),
        }
        return self._client.build_request(
            "POST",
            url.copy_with(host=str(address)),
            headers=headers,
            content=body,
            extensions={"sni_hostname": url.host} if url.scheme == "https" else {},
        )

    async def _resolve(self, host: str, port: int) -> Address | None:
        """The first acceptable address of `host`; None if it has only others."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        # One foul address among several is an attack, not a choice.
        if not addresses or not all(self._rules.address_ok(address) for address in addresses):
            return None
        return addresses[0]


def _judged(status: int) -> Outcome:
    if 200 <= status < 300:
        return Sent()
    return Failed(f"http_{status}", again=status in LATER)
