"""Aliyun's interfaces: SendSms, QuerySendDetails, IvrCall, SingleCallByTts.

The signature is checked from the raw request, apart from the code that makes it.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote

import msgspec

from duty.notify.channels.channel import Purpose
from duty.notify.providers.file import AliyunSmsContract, Templates, Voice
from duty.notify.simulator.exchange import Exchange, Request, Response, as_json, spoken

SKEW = timedelta(minutes=15)
MAX_VARIABLE_CHARS = 35
_AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})\Z"
)
_SIGNED = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce"}


async def answer(exchange: Exchange, request: Request) -> Response:
    """One call; which product it is for is told by its action."""
    action = request.headers.get("x-acs-action", "")
    voice = action in ("IvrCall", "SingleCallByTts")
    contract: AliyunSmsContract | Voice | None = exchange.contracts.voice
    if not voice:
        sms = exchange.contracts.sms
        contract = None if sms is None else sms.aliyun
    if contract is None:
        return _error("InvalidAction.NotFound", 404)
    wrong = _objection(exchange, request, contract.access_key_id, contract.access_key_secret)
    if wrong is not None:
        return wrong
    params = dict(parse_qsl(request.query_string, keep_blank_values=True))
    if isinstance(contract, Voice):
        return await _call(exchange, request, contract, action, params)
    if action == "SendSms":
        return await _send_sms(exchange, request, contract, params)
    if action == "QuerySendDetails":
        return _details(exchange, params)
    return _error("InvalidAction.NotFound", 404)


def _objection(exchange: Exchange, request: Request, key_id: str, secret: str) -> Response | None:
    found = _AUTHORIZATION.match(request.headers.get("authorization", ""))
    if found is None or found[1] != key_id:
        return _error("InvalidAccessKeyId.NotFound", 404)
    names = found[2].split(";")
    if not set(names) >= _SIGNED or names != sorted(names):
        return _error("IncompleteSignature", 400)
    digest = hashlib.sha256(request.body).hexdigest()
    if request.headers.get("x-acs-content-sha256") != digest:
        return _error("SignatureDoesNotMatch", 400)
    pairs = sorted(parse_qsl(request.query_string, keep_blank_values=True))
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs)
    lines = [request.method, "/", query]
    lines += [f"{name}:{request.headers.get(name, '').strip()}" for name in names]
    lines += ["", found[2], digest]
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256("\n".join(lines).encode()).hexdigest()
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(mac, found[3]):
        return _error("SignatureDoesNotMatch", 400)
    return _replayed(exchange, request)


def _replayed(exchange: Exchange, request: Request) -> Response | None:
    try:
        stamp = request.headers["x-acs-date"].replace("Z", "+0000")
        sent = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S%z")
    except (KeyError, ValueError):
        return _error("InvalidTimeStamp.Format", 400)
    if abs(exchange.clock.now() - sent) > SKEW:
        return _error("InvalidTimeStamp.Expired", 400)
    nonce = request.headers.get("x-acs-signature-nonce", "")
    if nonce in exchange.nonces:
        return _error("SignatureNonceUsed", 400)
    exchange.nonces.add(nonce)
    return None


async def _send_sms(
    exchange: Exchange, request: Request, contract: AliyunSmsContract, params: Mapping[str, str]
) -> Response:
    number = bare(params.get("PhoneNumbers", ""))
    if not re.fullmatch(r"1\d{10}", number):
        return _said("isv.MOBILE_NUMBER_ILLEGAL")
    if params.get("SignName") != contract.sign_name:
        return _said("isv.SMS_SIGNATURE_ILLEGAL")
    text = _text("sms", contract.templates, params.get("TemplateCode"), params, "TemplateParam")
    if text.startswith("isv."):
        return _said(text)
    rule = exchange.behaviour.of("sms", number)
    wrong = await exchange.misbehave(
        rule,
        request,
        refuse=_said("isv.OUT_OF_SERVICE"),
        throttle=_said("isv.BUSINESS_LIMIT_CONTROL"),
    )
    if wrong is not None:
        return wrong
    item = exchange.put("sms", "aliyun", number, text, out_id=params.get("OutId", ""))
    exchange.reports.soon(
        rule, "aliyun", exchange.reports.sms_report(item, success=rule.reports != "failed")
    )
    if rule.reply:
        exchange.reply(item, rule.reply)
    ok = as_json({"Code": "OK", "Message": "OK", "BizId": item.ref, "RequestId": "simulated"})
    return await exchange.answer(rule, request, ok)


def _details(exchange: Exchange, params: Mapping[str, str]) -> Response:
    number = bare(params.get("PhoneNumber", ""))
    found = [
        {
            "PhoneNum": item.address,
            "OutId": item.out_id,
            "SendStatus": 3,
            "ErrCode": "DELIVERED",
            "Content": item.text,
        }
        for item in exchange.phones.items
        if item.channel == "sms" and item.address == number and not item.mine
    ]
    return as_json(
        {
            "Code": "OK",
            "Message": "OK",
            "TotalCount": len(found),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": found},
        }
    )


async def _call(
    exchange: Exchange,
    request: Request,
    contract: Voice,
    action: str,
    params: Mapping[str, str],
) -> Response:
    number = bare(params.get("CalledNumber", ""))
    if not re.fullmatch(r"[01]\d{9,11}", number):
        return _said("isv.MOBILE_NUMBER_ILLEGAL")
    if params.get("CalledShowNumber") != contract.show_number:
        return _said("isv.VOICE_SHOW_NUMBER_ILLEGAL")
    ivr = action == "IvrCall"
    code, values = ("StartCode", "StartTtsParams") if ivr else ("TtsCode", "TtsParam")
    if ivr and params.get("MenuKeyMap.1.Key") is None:
        return _said("isv.INVALID_PARAMETERS")
    text = _text("voice", contract.templates, params.get(code), params, values)
    if text.startswith("isv."):
        return _said(text)
    rule = exchange.behaviour.of("voice", number)
    wrong = await exchange.misbehave(
        rule,
        request,
        refuse=_said("isv.OUT_OF_SERVICE"),
        throttle=_said("isv.BUSINESS_LIMIT_CONTROL"),
    )
    if wrong is not None:
        return wrong
    out_id = params.get("OutId", "")
    item = exchange.put("voice", "aliyun", number, text, out_id=out_id)
    item.ref = f"{item.ref}^{item.ref}"
    exchange.ring(item, rule)
    ok = as_json({"Code": "OK", "Message": "OK", "CallId": item.ref, "RequestId": "simulated"})
    return await exchange.answer(rule, request, ok)


def _text(
    channel: str,
    templates: Templates,
    code: str | None,
    params: Mapping[str, str],
    values_in: str,
) -> str:
    """The template's words, or the code of what is wrong."""
    purposes = [purpose for purpose, known in templates.by_purpose().items() if known == code]
    if not code or not purposes:
        return "isv.SMS_TEMPLATE_ILLEGAL" if channel == "sms" else "isv.TTS_TEMPLATE_ILLEGAL"
    try:
        values = msgspec.json.decode(params.get(values_in) or "{}", type=dict[str, str])
    except msgspec.DecodeError:
        return "isv.INVALID_JSON_PARAM"
    if any(not 1 <= len(value) <= MAX_VARIABLE_CHARS for value in values.values()):
        return "isv.PARAM_LENGTH_LIMIT"
    text = spoken(channel, str(Purpose(purposes[0])), values, "云上妇幼")
    return text or "isv.TEMPLATE_MISSING_PARAMETERS"


def bare(number: str) -> str:
    """A mainland number without its country code."""
    for prefix in ("+86", "0086", "86"):
        if number.startswith(prefix) and len(number) == len(prefix) + 11:
            return number[len(prefix) :]
    return number


def _said(code: str) -> Response:
    return as_json({"Code": code, "Message": "", "RequestId": "simulated"})


def _error(code: str, status: int) -> Response:
    return as_json({"Code": code, "Message": "", "RequestId": "simulated"}, status)
