"""Aliyun SMS (dysmsapi, version 2017-05-25): SendSms, and QuerySendDetails for what is in doubt.

Public documentation: help.aliyun.com, SMS, "SendSms", "QuerySendDetails", "SmsReport". `OutId`
comes back in reports and in queries, so a message is known by our id even when its answer was lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone

import msgspec

from duty.notify.channels.aliyun import Aliyun, tidy
from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Purpose, Sent
from duty.notify.channels.sms import values_of
from kernel.clock import Clock

VERSION = "2017-05-25"
BEIJING = timezone(timedelta(hours=8))
_REFUSED = 2
"""`SendStatus`: 1 waiting for the carrier's report, 2 failed, 3 delivered."""


@dataclass(frozen=True, slots=True)
class AliyunSms:
    """Sends by one access key, signature and set of approved templates."""

    aliyun: Aliyun
    clock: Clock
    sign_name: str
    templates: Mapping[Purpose, str]
    with_link: bool = False
    name: str = "aliyun"

    async def close(self) -> None:
        """Close all connections."""
        await self.aliyun.close()

    async def send(self, message: Outgoing) -> Outcome:
        """SendSms with the template of the message's purpose."""
        template = self.templates.get(message.purpose)
        if not template:
            return Failed("no_template", again=False)
        values = values_of(message, with_link=self.with_link)
        params = {
            "PhoneNumbers": message.address,
            "SignName": self.sign_name,
            "TemplateCode": template,
            "OutId": str(message.id),
        }
        if values:
            params["TemplateParam"] = msgspec.json.encode(values).decode()
        answer = await self.aliyun.call("SendSms", params)
        if isinstance(answer, Failed | InDoubt):
            return answer
        return Sent(named("aliyun", answer.get("BizId")))

    async def fate(self, message: Outgoing) -> Outcome | None:
        """QuerySendDetails of the day, looked through for our `OutId`."""
        params = {
            "PhoneNumber": message.address,
            "SendDate": self.clock.now().astimezone(BEIJING).strftime("%Y%m%d"),
            "PageSize": "50",
            "CurrentPage": "1",
        }
        answer = await self.aliyun.call("QuerySendDetails", params)
        if isinstance(answer, Failed | InDoubt):
            return InDoubt(answer.reason)
        details = answer.get("SmsSendDetailDTOs") or {}
        listed = details.get("SmsSendDetailDTO") if isinstance(details, dict) else None
        for one in listed or ():
            if isinstance(one, dict) and one.get("OutId") == str(message.id):
                if one.get("SendStatus") == _REFUSED:
                    return Failed(tidy(one.get("ErrCode")), again=True)
                return Sent()
        return None


def named(provider: str, reference: object) -> str | None:
    """`<provider>:<reference>`, or None if the provider gave none."""
    return f"{provider}:{tidy_ref(reference)}" if reference else None


def tidy_ref(value: object) -> str:
    """A provider's reference as we keep it; Aliyun's hold digits and `^`."""
    return "".join(c for c in str(value) if c.isalnum() or c in "^._:-")[:100]
