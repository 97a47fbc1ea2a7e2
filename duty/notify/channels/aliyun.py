"""Alibaba Cloud's RPC interface: ACS3-HMAC-SHA256 (signature version 3) and its answers.

Signed are the method, the parameters, six headers and the digest of the (empty) body; the nonce and
the date keep a copied request from being played again. Parameters travel in the query, as the
interface describes for `SendSms` and `IvrCall`; nothing here is logged.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from duty.notify.channels.channel import Failed, InDoubt
from duty.notify.channels.line import Line, judged
from duty.notify.channels.status import later
from kernel.clock import Clock

ALGORITHM = "ACS3-HMAC-SHA256"
_UNKNOWN = "garbage"
_CODE = re.compile(r"[^A-Za-z0-9._-]")

TRY_LATER = frozenset(
    {
        "isp.SYSTEM_ERROR",
        "isv.BUSINESS_LIMIT_CONTROL",
        "isv.FLOW_LIMIT",
        "isv.CALL_LIMIT",
        "ServiceUnavailable",
        "SignatureNonceUsed",
    }
)
"""Codes after which the same request may succeed; those of throttling begin with `Throttling`."""

PER_NUMBER = frozenset({"isv.BUSINESS_LIMIT_CONTROL", "isv.CALL_LIMIT"})
PER_NUMBER_S = 65.0
"""One number takes one message or call a minute: within it, asking again is refused again."""


@dataclass(frozen=True, slots=True)
class AliyunKey:
    """One access key."""

    id: str
    secret: str


def canonical_query(params: Mapping[str, str]) -> str:
    """Sorted, RFC 3986: only letters, digits and `-_.~` stay as they are."""
    return "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}"
        for name, value in sorted(params.items())
    )


def signature(
    secret: str, method: str, query: str, headers: Mapping[str, str], body: bytes = b""
) -> tuple[str, str]:
    """The names of the signed headers, and the hex signature over them."""
    signed = {
        name: value.strip()
        for name, value in sorted(headers.items())
        if name == "host" or name == "content-type" or name.startswith("x-acs-")
    }
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    digest = sha256(body).hexdigest()
    canonical = f"{method}\n/\n{query}\n{lines}\n{names}\n{digest}"
    to_sign = f"{ALGORITHM}\n{sha256(canonical.encode()).hexdigest()}"
    return names, hmac.new(secret.encode(), to_sign.encode(), sha256).hexdigest()


class Aliyun:
    """Calls one product of Alibaba Cloud."""

    def __init__(self, line: Line, key: AliyunKey, version: str, clock: Clock) -> None:
        self._line = line
        self._key = key
        self._version = version
        self._clock = clock

    async def close(self) -> None:
        """Close all connections."""
        await self._line.close()

    async def call(
        self, action: str, params: Mapping[str, str]
    ) -> Mapping[str, Any] | Failed | InDoubt:
        """The answer's fields when its `Code` is OK; else what its code means for us."""
        query = canonical_query(params)
        headers = {
            "host": self._line.host,
            "x-acs-action": action,
            "x-acs-version": self._version,
            "x-acs-date": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": uuid4().hex,
            "x-acs-content-sha256": sha256(b"").hexdigest(),
        }
        names, signed = signature(self._key.secret, "POST", query, headers)
        headers["authorization"] = (
            f"{ALGORITHM} Credential={self._key.id},SignedHeaders={names},Signature={signed}"
        )
        answer = await self._line.call("POST", f"/?{query}", headers=headers)
        if isinstance(answer, Failed | InDoubt):
            return answer
        fields = answer.fields()
        code = fields.get("Code")
        if code == "OK" and answer.status == 200:
            return fields
        if isinstance(code, str) and answer.status < 500:
            return _refused(code, answer.wait_s)
        return judged(answer) or InDoubt(_UNKNOWN)


def _refused(code: str, wait_s: float) -> Failed:
    if code in TRY_LATER or code.startswith("Throttling"):
        return later(tidy(code), max(wait_s, PER_NUMBER_S if code in PER_NUMBER else 0))
    return Failed(tidy(code), again=False)


def tidy(code: object) -> str:
    """A provider's code as we keep it: short, and nothing but a code."""
    return _CODE.sub("", str(code))[:60] or _UNKNOWN
