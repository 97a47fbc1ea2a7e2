"""A line to one provider: an HTTP client and a pool of its own, so that nobody waits for another.

The base URL is the operator's and trusted. One time limit covers everything; no redirect is
followed; an answer is read up to a bound. What could not be connected has certainly not gone out;
what was sent and not answered may have.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from duty.notify.channels import status
from duty.notify.channels.channel import Failed, InDoubt
from duty.notify.channels.guarded import trust

MAX_ANSWER_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said; `wait_s` is for how long it wants to be left alone."""

    status: int
    body: bytes
    wait_s: float = 0

    def fields(self) -> dict[str, Any]:
        """The JSON object of the body; empty if it is anything else."""
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class Line:
    """Calls one provider."""

    def __init__(self, base_url: str, *, timeout_s: float = 3.0, connections: int = 32) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            # Shorter than the whole, so that "never connected" is told from "never answered".
            timeout=httpx.Timeout(timeout_s, connect=timeout_s * 0.6, pool=timeout_s * 0.6),
            follow_redirects=False,
            trust_env=False,
            verify=trust(),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    @property
    def host(self) -> str:
        """The host header that requests carry, for signatures that cover it."""
        return httpx.URL(self.base_url).netloc.decode("ascii")

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer | Failed | InDoubt:
        """One request and its answer; never raises for anything that a network does."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(method, path, params, headers, body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Failed(type(error).__name__, again=True)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            return InDoubt(type(error).__name__)

    async def post_json(
        self, path: str, body: object, *, params: Mapping[str, str] | None = None
    ) -> Answer | Failed | InDoubt:
        """POST a JSON body."""
        headers = {"Content-Type": "application/json; charset=utf-8"}
        encoded = msgspec.json.encode(body)
        return await self.call("POST", path, params=params, headers=headers, body=encoded)

    async def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes,
    ) -> Answer:
        request = self._client.build_request(
            method, self.base_url + path, params=params, headers=headers, content=body
        )
        response = await self._client.send(request, stream=True)
        try:
            read = b""
            async for part in response.aiter_bytes():
                read += part
                if len(read) > MAX_ANSWER_BYTES:
                    raise httpx.DecodingError("answer too long")
            return Answer(response.status_code, read, status.wait_s(response.headers))
        finally:
            await response.aclose()


def judged(answer: Answer) -> Failed | InDoubt | None:
    """What the status alone says; None where the body decides."""
    return status.judged(answer.status, answer.wait_s)
