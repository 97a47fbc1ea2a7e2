"""Web push: an encrypted message posted to the address that a browser named (RFC 8030).

The address is the user's and therefore guarded. Encryption (RFC 8291) and the server's key (RFC
8292) are somebody else's: `prepare` turns a message into what is to be posted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from duty.notify.channels.channel import Failed, Outcome, Outgoing, Sent
from duty.notify.channels.guarded import EndpointRules, GuardedPost

TTL_S = 300
"""A page that a push service could not deliver for so long is old: the ladder has gone on."""
GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class PushRequest:
    """One POST to a push service."""

    url: str
    headers: Mapping[str, str]
    body: bytes


Prepare = Callable[[Outgoing], PushRequest | Failed]


class WebPushChannel:
    """Posts to push services."""

    name = "web_push"

    def __init__(
        self, prepare: Prepare, *, rules: EndpointRules | None = None, timeout_s: float = 5.0
    ) -> None:
        self._prepare = prepare
        self._outside = GuardedPost(rules, timeout_s=timeout_s)

    async def close(self) -> None:
        """Close all connections."""
        await self._outside.close()

    async def send(self, message: Outgoing) -> Outcome:
        """POST once, urgent and short-lived. `gone` means that the browser unsubscribed."""
        request = self._prepare(message)
        if isinstance(request, Failed):
            return request
        headers = {"TTL": str(TTL_S), "Urgency": "high", **request.headers}
        answer = await self._outside.post(request.url, headers, request.body)
        if not isinstance(answer, int):
            return answer
        if 200 <= answer < 300:
            return Sent()
        if answer in GONE:
            return Failed("gone", again=False)
        return Failed(f"http_{answer}", again=False)
