"""DingTalk (钉钉): work notifications to one person, and signed group robots.

Public documentation: open.dingtalk.com, "发送工作通知", "自定义机器人". One application delivers
the same words to the same person once a day and says "ok" to the rest, so every text ends with a
mark of its message; a repeat of the same message is collapsed by DingTalk itself.
"""

import base64
import hmac
from hashlib import sha256
from typing import Any

from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Sent
from duty.notify.channels.chat import key_in, post_with_token, read_code
from duty.notify.channels.line import Answer, Line
from duty.notify.channels.sms_aliyun import named
from duty.notify.channels.texts import CHAT_BYTES, words
from duty.notify.channels.tokens import Token, Tokens
from duty.notify.channels.wecom import token_of
from kernel.clock import Clock

TRY_LATER = frozenset({-1, 88, 90018, 130101, 410100, 660026})
"""Busy, or called too often (the list is not published as a whole: 待核实)."""
EXPIRED = frozenset({40014, 42001, 33001})
_ASYNC_SEND = "/topapi/message/corpconversation/asyncsend_v2"


class DingTalkApp:
    """Work notifications of an internal application."""

    name = "dingtalk_app"

    def __init__(
        self, line: Line, clock: Clock, *, app_key: str, app_secret: str, agent_id: int
    ) -> None:
        self._line = line
        self._app_key = app_key
        self._app_secret = app_secret
        self._agent_id = agent_id
        self._tokens = Tokens(clock, self._fetch)

    async def close(self) -> None:
        """Close all connections."""
        await self._line.close()

    async def send(self, message: Outgoing) -> Outcome:
        """asyncsend_v2 to one employee."""
        body = {
            "agent_id": self._agent_id,
            "userid_list": message.address,
            "msg": {"msgtype": "text", "text": {"content": marked(message)}},
        }

        async def post(token: str) -> Answer | Failed | InDoubt:
            return await self._line.post_json(_ASYNC_SEND, body, params={"access_token": token})

        return await post_with_token(self._tokens, post, _sent, busy=TRY_LATER, expired=EXPIRED)

    async def _fetch(self) -> Token | Failed | InDoubt:
        params = {"appkey": self._app_key, "appsecret": self._app_secret}
        answer = await self._line.call("GET", "/gettoken", params=params)
        return token_of(read_code(answer, TRY_LATER))


class DingTalkRobot:
    """A group's robot with a signing secret; the address is its token or the URL shown."""

    name = "dingtalk_robot"

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line = line
        self._clock = clock

    async def close(self) -> None:
        """Close all connections."""
        await self._line.close()

    async def send(self, message: Outgoing) -> Outcome:
        """robot/send, signed with the robot's own secret and the present millisecond."""
        token = key_in(message.address, self._line.base_url, "access_token")
        if token is None:
            return Failed("address", again=False)
        timestamp = str(int(self._clock.now().timestamp() * 1000))
        params = {"access_token": token}
        if message.secret:
            params |= {"timestamp": timestamp, "sign": robot_sign(message.secret, timestamp)}
        body = {"msgtype": "text", "text": {"content": marked(message)}}
        answer = await self._line.post_json("/robot/send", body, params=params)
        found = read_code(answer, TRY_LATER)
        return Sent() if isinstance(found, dict) else found


def robot_sign(secret: str, timestamp_ms: str) -> str:
    """base64(HMAC-SHA256(secret, "<timestamp>\\n<secret>"))."""
    mac = hmac.new(secret.encode(), f"{timestamp_ms}\n{secret}".encode(), sha256)
    return base64.b64encode(mac.digest()).decode()


def marked(message: Outgoing) -> str:
    """The text and the last characters of the message's id."""
    mark = f"\n#{message.id.hex[-6:]}"
    return words(message).text(CHAT_BYTES - len(mark)) + mark


def _sent(fields: dict[str, Any]) -> Outcome:
    return Sent(named("dingtalk", fields.get("task_id")))
