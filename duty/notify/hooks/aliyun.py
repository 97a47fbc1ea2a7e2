"""Aliyun's pushes: SmsReport, SmsUp, VoiceReport, VoiceCallReport (JSON arrays over HTTP).

Public documentation: help.aliyun.com, SMS and VMS, "HTTP批量推送". They carry no signature: the
secret part of the path and, if configured, the sender's network stand for it.
"""

from typing import Any

from duty.notify.channels.aliyun import tidy
from duty.notify.channels.sms_aliyun import tidy_ref
from duty.notify.hooks.words import KEYS, Reply, Report, Unreadable, Word, bare, id_in, listed

PICKED_UP = frozenset({"200000", "200001", "200008"})
"""Listened to the end, hung up before it, pressed no key in time: somebody held the phone."""

KEY_PRESSED = "300000"


def read(kind: str, body: object) -> list[Word]:
    """The words of one push.

    Raises:
        Unreadable: not a push of this kind.
    """
    reader = _READERS.get(kind)
    if reader is None:
        raise Unreadable("kind")
    return [word for item in listed(body) for word in reader(item)]


def _sms_report(item: dict[str, Any]) -> list[Word]:
    arrived = item.get("success") in (True, "true")
    return [
        Report(
            "delivered" if arrived else "undelivered",
            ref=tidy_ref(item.get("biz_id", "")),
            message_id=id_in(item.get("out_id")),
            code=tidy(item.get("err_code", "")),
            phone=bare(item.get("phone_number")),
        )
    ]


def _sms_up(item: dict[str, Any]) -> list[Word]:
    phone, text = bare(item.get("phone_number")), item.get("content")
    if not phone or not isinstance(text, str):
        raise Unreadable("sms-up")
    mark = f"{item.get('sequence_id', '')}/{item.get('send_time', '')}"
    return [Reply(phone, text[:500], mark)]


def _voice_report(item: dict[str, Any]) -> list[Word]:
    code = tidy(item.get("status_code", ""))
    report = Report(
        "delivered" if code in PICKED_UP else "undelivered",
        ref=tidy_ref(item.get("call_id", "")),
        message_id=id_in(item.get("out_id")),
        code=code,
        phone=bare(item.get("callee")),
    )
    return [*_key(item, report), report]


def _voice_call_report(item: dict[str, Any]) -> list[Word]:
    if str(item.get("status_code")) != KEY_PRESSED:
        return []
    ref = tidy_ref(item.get("call_id", ""))
    return _key(item, Report("key", ref=ref, message_id=id_in(item.get("out_id"))))


def _key(item: dict[str, Any], of: Report) -> list[Word]:
    pressed = [key for key in str(item.get("dtmf") or "") if key in KEYS]
    if not pressed:
        return []
    return [Report("key", of.ref, of.message_id, key=pressed[0], phone=of.phone)]


_READERS = {
    "sms-report": _sms_report,
    "sms-up": _sms_up,
    "voice-report": _voice_report,
    "voice-call-report": _voice_call_report,
}
