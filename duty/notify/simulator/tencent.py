"""Tencent Cloud's SendSms; the TC3 signature is checked from the raw request."""

import hashlib
import hmac
import re
from datetime import timedelta

from duty.notify.channels.sms import VARIABLES
from duty.notify.providers.file import TencentSmsContract
from duty.notify.simulator.aliyun import bare
from duty.notify.simulator.exchange import Exchange, Request, Response, as_json, spoken

SKEW = timedelta(minutes=5)
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/sms/tc3_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})\Z"
)


async def answer(exchange: Exchange, request: Request) -> Response:
    """SendSms."""
    sms = exchange.contracts.sms
    contract = None if sms is None else sms.tencent
    if contract is None or request.headers.get("x-tc-action") != "SendSms":
        return _error("InvalidAction")
    wrong = _objection(exchange, request, contract)
    if wrong is not None:
        return _error(wrong)
    asked = request.json()
    numbers = asked.get("PhoneNumberSet") or [""]
    number = bare(str(numbers[0]))
    if not re.fullmatch(r"1\d{10}", number):
        return _status("InvalidParameterValue.IncorrectPhoneNumber")
    text = _text(contract, asked.get("TemplateId"), asked.get("TemplateParamSet"))
    if text is None:
        return _status("FailedOperation.TemplateIncorrectOrUnapproved")
    rule = exchange.behaviour.of("sms", number)
    early = await exchange.misbehave(
        rule,
        request,
        refuse=_status("FailedOperation.InsufficientBalanceInSmsPackage"),
        throttle=_status("LimitExceeded.PhoneNumberThirtySecondLimit"),
    )
    if early is not None:
        return early
    out_id = str(asked.get("SessionContext", ""))
    item = exchange.put("sms", "tencent", number, text, out_id=out_id)
    exchange.reports.soon(
        rule, "tencent", exchange.reports.sms_report(item, success=rule.reports != "failed")
    )
    if rule.reply:
        exchange.reply(item, rule.reply)
    return await exchange.answer(rule, request, _status("Ok", item.ref))


def _objection(exchange: Exchange, request: Request, contract: TencentSmsContract) -> str | None:
    found = _AUTHORIZATION.match(request.headers.get("authorization", ""))
    if found is None or found[1] != contract.secret_id:
        return "AuthFailure.SecretIdNotFound"
    stamp = request.headers.get("x-tc-timestamp", "")
    if not stamp.isdigit():
        return "AuthFailure.SignatureExpire"
    if abs(exchange.clock.now().timestamp() - int(stamp)) > SKEW.total_seconds():
        return "AuthFailure.SignatureExpire"
    names = found[3].split(";")
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    payload = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join(["POST", "/", "", headers, found[3], payload])
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n{stamp}\n{found[2]}/sms/tc3_request\n{hashed}"
    key = b"TC3" + contract.secret_key.encode()
    for part in (found[2], "sms", "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    if not hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), found[4]):
        return "AuthFailure.SignatureFailure"
    return None


def _text(contract: TencentSmsContract, template: object, given: object) -> str | None:
    for purpose, code in contract.templates.by_purpose().items():
        if code and code == template and isinstance(given, list):
            names = VARIABLES[purpose]
            if len(given) == len(names) + 1:
                names = (*names, "link")
            if len(names) != len(given):
                return None
            values = dict(zip(names, map(str, given), strict=True))
            return spoken("sms", str(purpose), values, contract.sign_name)
    return None


def _status(code: str, ref: str = "") -> Response:
    status = {"SerialNo": ref, "PhoneNumber": "", "Fee": 1, "Code": code, "Message": ""}
    return as_json({"Response": {"SendStatusSet": [status], "RequestId": "simulated"}})


def _error(code: str) -> Response:
    return as_json({"Response": {"Error": {"Code": code, "Message": ""}, "RequestId": "simulated"}})
