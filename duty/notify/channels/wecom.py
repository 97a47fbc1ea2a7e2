"""WeCom (企业微信): application messages to one person, and group robots.

Public documentation: developer.work.weixin.qq.com, "发送应用消息", "群机器人". The platform's own
check for duplicates stays off: it goes by content, and a page that rings again has the same words.
"""

from collections.abc import Mapping
from typing import Any

from duty.notify.channels.aliyun import tidy
from duty.notify.channels.channel import Failed, InDoubt, Outcome, Outgoing, Sent
from duty.notify.channels.chat import key_in, post_with_token, read_code
from duty.notify.channels.line import Answer, Line
from duty.notify.channels.sms_aliyun import named
from duty.notify.channels.texts import clipped, words
from duty.notify.channels.tokens import Token, Tokens
from kernel.clock import Clock

TRY_LATER = frozenset({-1, 45009, 45033, 6000})
"""Busy, called too often, too many at once, conflicting data."""
EXPIRED = frozenset({40014, 42001})
CARD_TITLE_BYTES = 128
CARD_TEXT_BYTES = 512


class WeComApp:
    """Messages of a self-built application."""

    name = "wecom_app"

    def __init__(
        self, line: Line, clock: Clock, *, corp_id: str, secret: str, agent_id: int
    ) -> None:
        self._line = line
        self._corp_id = corp_id
        self._secret = secret
        self._agent_id = agent_id
        self._tokens = Tokens(clock, self._fetch)

    async def close(self) -> None:
        """Close all connections."""
        await self._line.close()

    async def send(self, message: Outgoing) -> Outcome:
        """message/send to one member."""
        body = {
            "touser": message.address,
            "agentid": self._agent_id,
            "safe": 0,
            **content(message),
        }

        async def post(token: str) -> Answer | Failed | InDoubt:
            params = {"access_token": token}
            return await self._line.post_json("/cgi-bin/message/send", body, params=params)

        return await post_with_token(self._tokens, post, _sent, busy=TRY_LATER, expired=EXPIRED)

    async def _fetch(self) -> Token | Failed | InDoubt:
        params = {"corpid": self._corp_id, "corpsecret": self._secret}
        answer = await self._line.call("GET", "/cgi-bin/gettoken", params=params)
        return token_of(read_code(answer, TRY_LATER))


class WeComRobot:
    """A group chat's robot; the address is its key or the URL that the group shows."""

    name = "wecom_robot"

    def __init__(self, line: Line) -> None:
        self._line = line

    async def close(self) -> None:
        """Close all connections."""
        await self._line.close()

    async def send(self, message: Outgoing) -> Outcome:
        """webhook/send as text."""
        key = key_in(message.address, self._line.base_url, "key")
        if key is None:
            return Failed("address", again=False)
        body = {"msgtype": "text", "text": {"content": words(message).text()}}
        answer = await self._line.post_json("/cgi-bin/webhook/send", body, params={"key": key})
        found = read_code(answer, TRY_LATER)
        return Sent() if isinstance(found, dict) else found


def content(message: Outgoing) -> dict[str, object]:
    """A card with a button where there is a link, else text."""
    said = words(message)
    if not message.link:
        return {"msgtype": "text", "text": {"content": said.text()}}
    card = {
        "title": clipped(said.title, CARD_TITLE_BYTES),
        "description": clipped(said.body, CARD_TEXT_BYTES),
        "url": message.link,
        "btntxt": "应答" if message.language == "zh" else "Answer",
    }
    return {"msgtype": "textcard", "textcard": card}


def token_of(found: Mapping[str, Any] | Failed | InDoubt) -> Token | Failed | InDoubt:
    """The token in an answer of WeCom or DingTalk."""
    if isinstance(found, Failed | InDoubt):
        return found
    value, lives = found.get("access_token"), found.get("expires_in")
    if not isinstance(value, str) or not value or not isinstance(lives, int):
        return Failed("garbage", again=True)
    return Token(value, lives)


def _sent(fields: dict[str, Any]) -> Outcome:
    if fields.get("invaliduser"):
        return Failed(tidy("invaliduser"), again=False)
    return Sent(named("wecom", fields.get("msgid")))
