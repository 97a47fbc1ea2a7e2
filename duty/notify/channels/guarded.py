"""POST to an address that somebody typed in: never to this machine, never by a redirect.

The name is resolved once, every address behind it checked, and the connection made to that very
address (ASVS 1.3.6); no redirect is followed (ASVS 15.3.2); one time limit covers everything from
name to answer. Providers that the operator configured are trusted and use `line.py` instead.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

import httpx

from duty.notify.channels import status
from duty.notify.channels.channel import Failed, InDoubt

Address = IPv4Address | IPv6Address


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


@cache
def trust() -> ssl.SSLContext:
    """Whose certificates we believe; read from disk once for all clients of a process."""
    return httpx.create_ssl_context(trust_env=False)


class GuardedPost:
    """One client and one pool for addresses that others chose."""

    def __init__(
        self,
        rules: EndpointRules | None = None,
        *,
        timeout_s: float = 5.0,
        connections: int = 64,
    ) -> None:
        self._rules = rules or EndpointRules()
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            verify=trust(),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=16),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> int | Failed | InDoubt:
        """The answer's status where it took the request or refused it for good; its body is not
        read. A refused or unresolved connection failed, as did what is put off; silence is doubt.
        """
        objection = self._rules.objection(url)
        if objection is not None:
            return Failed(objection, again=False)
        connecting = True
        try:
            async with asyncio.timeout(self._timeout_s):
                request = await self._request(url, headers, body)
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
        found = response.status_code
        return status.judged(found, status.wait_s(response.headers)) or found

    async def _request(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> httpx.Request | Failed:
        target = httpx.URL(url)
        port = target.port or (443 if target.scheme == "https" else 80)
        address = await self._resolve(target.host, port)
        if address is None:
            return Failed("address", again=False)
        return self._client.build_request(
            "POST",
            target.copy_with(host=str(address)),
            headers={"Host": target.netloc.decode("ascii"), **headers},
            content=body,
            extensions={"sni_hostname": target.host} if target.scheme == "https" else {},
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
