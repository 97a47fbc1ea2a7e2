"""Tencent Cloud's callbacks: delivery status and replies (JSON over HTTP).

Public documentation: cloud.tencent.com, SMS, "SMS Sending Status Notification". That `ext` carries
our SessionContext back could not be verified (待核实); `sid` is the SerialNo that sending returned.
"""

from typing import Any

from duty.notify.channels.aliyun import tidy
from duty.notify.channels.sms_aliyun import tidy_ref
from duty.notify.hooks.words import Reply, Report, Unreadable, Word, bare, id_in, listed


def read(kind: str, body: object) -> list[Word]:
    """The words of one callback.

    Raises:
        Unreadable: not a callback of this kind.
    """
    if kind == "sms-report":
        return [_report(item) for item in listed(body)]
    if kind == "sms-up":
        return [_reply(item) for item in listed(body)]
    raise Unreadable("kind")


def _report(item: dict[str, Any]) -> Word:
    return Report(
        "delivered" if item.get("report_status") == "SUCCESS" else "undelivered",
        ref=tidy_ref(item.get("sid", "")),
        message_id=id_in(item.get("ext")),
        code=tidy(item.get("errmsg", "")),
        phone=bare(item.get("mobile")),
    )


def _reply(item: dict[str, Any]) -> Word:
    phone, text = bare(item.get("mobile")), item.get("text")
    if not phone or not isinstance(text, str):
        raise Unreadable("sms-up")
    return Reply(phone, text[:500], str(item.get("time", "")))
