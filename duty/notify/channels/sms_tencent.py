"""Tencent Cloud SMS (version 2021-01-11): SendSms with TC3-HMAC-SHA256.

Public documentation: cloud.tencent.com, SMS, "SendSms", "signature v3", "delivery status callback".
`SessionContext` carries our id; that callbacks return it as `ext` could not be verified (待核实),
so receipts are matched by `SerialNo` as well. PullSmsSendStatusByPhoneNumber lists by `SerialNo`
only, which a lost answer never told us: a message in doubt cannot be asked for here.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec

from duty.notify.channels.aliyun import tidy
from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Purpose, Sent
from duty.notify.channels.line import Answer, Line, judged
from duty.notify.channels.sms import values_of
from duty.notify.channels.sms_aliyun import named
from duty.notify.channels.status import later
from kernel.clock import Clock

VERSION = "2021-01-11"
ALGORITHM = "TC3-HMAC-SHA256"
CONTENT_TYPE = "application/json; charset=utf-8"
_SERVICE = "sms"

TRY_LATER = ("RequestLimitExceeded", "InternalError", "LimitExceeded")
"""Codes (and the beginnings of longer ones) after which the same request may succeed."""


def signature(secret_key: str, host: str, timestamp: int, date: str, body: bytes) -> str:
    """The hex signature over content type, host and body."""
    canonical = (
        f"POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\n\ncontent-type;host\n"
        + sha256(body).hexdigest()
    )
    scope = f"{date}/{_SERVICE}/tc3_request"
    to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for part in (date, _SERVICE, "tc3_request"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return hmac.new(key, to_sign.encode(), sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class TencentSms:
    """Sends by one secret, application, signature and set of approved templates."""

    line: Line
    clock: Clock
    secret_id: str
    secret_key: str
    sdk_app_id: str
    sign_name: str
    region: str
    templates: Mapping[Purpose, str]
    with_link: bool = False
    name: str = "tencent"

    async def close(self) -> None:
        """Close all connections."""
        await self.line.close()

    async def send(self, message: Outgoing) -> Outcome:
        """SendSms to one number; numbers go out with the country code."""
        template = self.templates.get(message.purpose)
        if not template:
            return Failed("no_template", again=False)
        values = values_of(message, with_link=self.with_link)
        body = msgspec.json.encode(
            {
                "PhoneNumberSet": [international(message.address)],
                "SmsSdkAppId": self.sdk_app_id,
                "SignName": self.sign_name,
                "TemplateId": template,
                "TemplateParamSet": list(values.values()),
                "SessionContext": str(message.id),
            }
        )
        answer = await self.line.call("POST", "/", headers=self._headers(body), body=body)
        if isinstance(answer, Failed | InDoubt):
            return answer
        outcome = _read(answer.fields().get("Response"), answer)
        return outcome or judged(answer) or InDoubt("garbage")

    async def fate(self, message: Outgoing) -> Outcome | None:
        """Unknown: this provider cannot be asked by our id."""
        return None

    def _headers(self, body: bytes) -> dict[str, str]:
        now = self.clock.now()
        timestamp, date = int(now.timestamp()), now.strftime("%Y-%m-%d")
        host = urlsplit(self.line.base_url).netloc
        signed = signature(self.secret_key, host, timestamp, date, body)
        scope = f"{date}/{_SERVICE}/tc3_request"
        return {
            "Content-Type": CONTENT_TYPE,
            "Host": host,
            "X-TC-Action": "SendSms",
            "X-TC-Version": VERSION,
            "X-TC-Region": self.region,
            "X-TC-Timestamp": str(timestamp),
            "Authorization": f"{ALGORITHM} Credential={self.secret_id}/{scope}, "
            f"SignedHeaders=content-type;host, Signature={signed}",
        }


def international(number: str) -> str:
    """A mainland number with +86; others as they are."""
    return number if number.startswith("+") else f"+86{number}"


def _read(response: object, answer: Answer) -> Outcome | None:
    if not isinstance(response, dict):
        return None
    error = response.get("Error")
    if isinstance(error, dict):
        return _failed(error.get("Code"), answer)
    for status in response.get("SendStatusSet") or ():
        if isinstance(status, dict):
            if status.get("Code") != "Ok":
                return _failed(status.get("Code"), answer)
            if answer.status == 200:
                return Sent(named("tencent", status.get("SerialNo")))
    return None


def _failed(code: object, answer: Answer) -> Failed:
    if str(code).startswith(TRY_LATER):
        return later(tidy(code), answer.wait_s)
    return Failed(tidy(code), again=False)
