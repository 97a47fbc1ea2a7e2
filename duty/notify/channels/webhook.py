"""Webhook: a signed POST to an endpoint that an administrator registered.

The receiver recomputes HMAC-SHA256 over `<timestamp>.<body>` with the shared secret, refuses old
timestamps, and collapses repeats by message id. The way there is guarded (`guarded.py`).
"""

import hmac
from hashlib import sha256

import msgspec

from duty.notify.channels.channel import Failed, Outcome, Outgoing, Sent
from duty.notify.channels.guarded import EndpointRules, GuardedPost
from kernel.clock import Clock

MESSAGE_HEADER = "X-Yunshang-Message"
TIMESTAMP_HEADER = "X-Yunshang-Timestamp"
SIGNATURE_HEADER = "X-Yunshang-Signature"


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
        self._outside = GuardedPost(rules, timeout_s=timeout_s)

    async def close(self) -> None:
        """Close all connections."""
        await self._outside.close()

    async def send(self, message: Outgoing) -> Outcome:
        """POST once. A refused or unresolved connection is a failure; silence is doubt."""
        body = body_of(message)
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            MESSAGE_HEADER: str(message.id),
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: sign(message.secret, timestamp, body),
        }
        answer = await self._outside.post(message.address, headers, body)
        if not isinstance(answer, int):
            return answer
        if 200 <= answer < 300:
            return Sent()
        return Failed(f"http_{answer}", again=False)
