"""The words of a message, from a versioned table, within the length that a medium takes."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from duty.notify.channels.channel import Outgoing

VARIABLE_CHARS = 35
"""Longest value of a variable in a notification SMS or voice template (Aliyun's console says 1–35
characters; read in secondary sources only: 待核实)."""

CHAT_BYTES = 2048
"""Longest text of a WeCom or DingTalk message, in bytes of UTF-8 (their developer documents)."""

NO_CALLBACK = {"zh": "请登录系统查看", "en": "see the system"}
NO_CASE = {"zh": "见系统", "en": "see the system"}


@dataclass(frozen=True, slots=True)
class Words:
    """One message in one language.

    `variables` fill a template that the provider holds: level, case, callback, code, and the last
    part of the link (templates may hold a domain, but no variable one).
    """

    version: int
    title: str
    body: str
    link: str
    variables: dict[str, str]

    def text(self, limit_bytes: int = CHAT_BYTES) -> str:
        """Title-free running text with the link, if there is one, within a number of bytes.

        The link is kept whole: what does not fit is taken from the body.
        """
        tail = f"\n{self.link}" if self.link else ""
        return clipped(self.body, limit_bytes - len(tail.encode())) + tail


def words(message: Outgoing) -> Words:
    """What this message says in its language; an unknown language or level is not silence."""
    table = _table()
    language = message.language if message.language in table else "zh"
    said = table[language][str(message.purpose)]
    variables = {
        "level": shortened(table[language]["level"].get(message.level, message.level)),
        "case": shortened(message.title or NO_CASE[language]),
        "callback": shortened(message.callback or NO_CALLBACK[language]),
        "code": shortened(message.code),
        "link": shortened(message.link.rpartition("/")[2]),
    }
    link = said["link"].format(link=message.link) if message.link and said["link"] else ""
    return Words(
        version=table["version"],
        title=said["title"].format(**variables),
        body=said["body"].format(**variables),
        link=link,
        variables=variables,
    )


def shortened(value: str, limit: int = VARIABLE_CHARS) -> str:
    """One line of at most `limit` characters, marked where it was cut."""
    line = " ".join(value.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def clipped(value: str, limit_bytes: int) -> str:
    """The longest beginning of `value` that takes no more than `limit_bytes` in UTF-8."""
    return value.encode()[: max(limit_bytes, 0)].decode(errors="ignore")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text("utf-8"))
