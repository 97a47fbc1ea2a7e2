"""WeCom and DingTalk: tokens, application messages, robots."""

import base64
import hashlib
import hmac
from typing import Any

from duty.notify.simulator.exchange import Exchange, Request, Response, as_json

ROBOT_SKEW_MS = 3_600_000
EXPIRES_S = 7200


async def answer(exchange: Exchange, request: Request) -> Response | None:
    """An answer of WeCom or DingTalk; None if the path is neither's."""
    if request.path == "/cgi-bin/gettoken":
        return _wecom_token(exchange, request)
    if request.path == "/gettoken":
        return _dingtalk_token(exchange, request)
    if request.path == "/cgi-bin/message/send":
        return await _wecom_app(exchange, request)
    if request.path == "/topapi/message/corpconversation/asyncsend_v2":
        return await _dingtalk_app(exchange, request)
    if request.path == "/cgi-bin/webhook/send":
        return await _wecom_robot(exchange, request)
    if request.path == "/robot/send":
        return await _dingtalk_robot(exchange, request)
    return None


def _wecom_token(exchange: Exchange, request: Request) -> Response:
    contract, query = exchange.contracts.wecom_app, request.query
    if contract is None or query.get("corpid") != contract.corp_id:
        return _code(40013)
    if query.get("corpsecret") != contract.secret:
        return _code(40001)
    return _code(0, access_token=exchange.token("wecom"), expires_in=EXPIRES_S)


def _dingtalk_token(exchange: Exchange, request: Request) -> Response:
    contract, query = exchange.contracts.dingtalk_app, request.query
    if contract is None or query.get("appkey") != contract.app_key:
        return _code(40096)
    if query.get("appsecret") != contract.app_secret:
        return _code(40089)
    return _code(0, access_token=exchange.token("dingtalk"), expires_in=EXPIRES_S)


async def _wecom_app(exchange: Exchange, request: Request) -> Response:
    contract, asked = exchange.contracts.wecom_app, request.json()
    token = request.query.get("access_token", "")
    if contract is None or token not in exchange.tokens.get("wecom", ()):
        return _code(42001)
    if asked.get("agentid") != contract.agent_id:
        return _code(40056)
    card = asked.get("textcard") or {}
    text = _content(asked) or f"{card.get('title', '')}\n{card.get('description', '')}"
    return await _deliver(
        exchange,
        request,
        "wecom_app",
        str(asked.get("touser", "")),
        text,
        throttled=45009,
        link=str(card.get("url", "")),
        named="msgid",
    )


async def _dingtalk_app(exchange: Exchange, request: Request) -> Response:
    contract, asked = exchange.contracts.dingtalk_app, request.json()
    token = request.query.get("access_token", "")
    if contract is None or token not in exchange.tokens.get("dingtalk", ()):
        return _code(40014)
    if asked.get("agent_id") != contract.agent_id:
        return _code(40056)
    user, text = str(asked.get("userid_list", "")), _content(asked.get("msg") or {})
    seen = any(
        item.channel == "dingtalk_app" and item.address == user and item.text == text
        for item in exchange.phones.items
    )
    if seen:  # says "ok" and delivers nothing, as the real one does with the same words
        return _code(0, task_id=0)
    return await _deliver(
        exchange, request, "dingtalk_app", user, text, throttled=90018, named="task_id"
    )


async def _wecom_robot(exchange: Exchange, request: Request) -> Response:
    key = request.query.get("key", "")
    if exchange.contracts.wecom_robot is None or not key.startswith("robot"):
        return _code(93000)
    text = _content(request.json())
    return await _deliver(exchange, request, "wecom_robot", key, text, throttled=45009)


async def _dingtalk_robot(exchange: Exchange, request: Request) -> Response:
    """Robots are created in a chat: here, each one's secret is made of its token."""
    query = request.query
    token, stamp = query.get("access_token", ""), query.get("timestamp", "")
    if exchange.contracts.dingtalk_robot is None or not token.startswith("robot"):
        return _code(300005)
    secret = robot_secret(token)
    text = f"{stamp}\n{secret}".encode()
    expected = base64.b64encode(hmac.digest(secret.encode(), text, hashlib.sha256)).decode()
    now_ms = exchange.clock.now().timestamp() * 1000
    if not hmac.compare_digest(expected, query.get("sign", "")):
        return _code(310000)
    if not stamp.isdigit() or abs(now_ms - int(stamp)) > ROBOT_SKEW_MS:
        return _code(310000)
    content = _content(request.json())
    return await _deliver(exchange, request, "dingtalk_robot", token, content, throttled=130101)


def robot_secret(token: str) -> str:
    """The signing secret of a simulated DingTalk robot."""
    return "SEC" + hashlib.sha256(token.encode()).hexdigest()


async def _deliver(
    exchange: Exchange,
    request: Request,
    channel: str,
    address: str,
    text: str,
    *,
    throttled: int,
    link: str = "",
    named: str = "",
) -> Response:
    if not address or not text:
        return _code(40008)
    rule = exchange.behaviour.of(channel, address)
    early = await exchange.misbehave(rule, request, refuse=_code(81013), throttle=_code(throttled))
    if early is not None:
        return early
    item = exchange.put(channel, channel.partition("_")[0], address, text, link=link)
    more = {named: int(item.ref) if named == "task_id" else item.ref} if named else {}
    return await exchange.answer(rule, request, _code(0, **more))


def _content(asked: dict[str, Any]) -> str:
    text = asked.get("text") or {}
    return str(text.get("content", "")) if isinstance(text, dict) else ""


def _code(errcode: int, **more: object) -> Response:
    return as_json({"errcode": errcode, "errmsg": "ok" if errcode == 0 else "no", **more})
