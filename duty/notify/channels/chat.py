"""What WeCom and DingTalk share: `errcode`, an access token, a key in a robot's address."""

import re
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import parse_qs, urlsplit

from duty.notify.channels.aliyun import tidy
from duty.notify.channels.channel import Failed, InDoubt, Outcome, Sent
from duty.notify.channels.line import Answer, judged
from duty.notify.channels.status import later
from duty.notify.channels.tokens import Tokens

_KEY = re.compile(r"[A-Za-z0-9_-]{8,128}\Z")

Post = Callable[[str], Awaitable[Answer | Failed | InDoubt]]
Read = Callable[[dict[str, Any]], Outcome]


def read_code(
    answer: Answer | Failed | InDoubt, busy: Collection[int]
) -> dict[str, Any] | Failed | InDoubt:
    """The answer's fields when its `errcode` is 0; else what its code means for us."""
    if isinstance(answer, Failed | InDoubt):
        return answer
    fields = answer.fields()
    code = fields.get("errcode")
    if answer.status == 200 and code == 0:
        return fields
    if isinstance(code, int) and code in busy:
        return later(tidy(code), answer.wait_s)
    if isinstance(code, int):
        return Failed(tidy(code), again=False)
    if 400 <= answer.status < 500:
        return judged(answer) or Failed(f"http_{answer.status}", again=False)
    return judged(answer) or InDoubt("garbage")


async def post_with_token(
    tokens: Tokens, post: Post, read: Read, *, busy: Collection[int], expired: Collection[int]
) -> Outcome:
    """Post with the shared token; a refused token is replaced once and the post repeated."""
    token = await tokens.current()
    if isinstance(token, Failed):
        return token
    found = read_code(await post(token), busy)
    if isinstance(found, Failed) and found.reason in {str(code) for code in expired}:
        token = await tokens.current(refused=token)
        if isinstance(token, Failed):
            return token
        found = read_code(await post(token), busy)
    return read(found) if isinstance(found, dict) else found


def key_in(address: str, base_url: str, name: str) -> str | None:
    """The key of a robot, from the bare key or from the URL that the console shows.

    Only the key is used, with the configured base URL: an address cannot lead elsewhere.
    """
    try:
        elsewhere = "://" in address and urlsplit(address).hostname != urlsplit(base_url).hostname
    except ValueError:
        return None
    return None if elsewhere else bare_key(address, name)


def bare_key(address: str, name: str) -> str | None:
    """The key alone, wherever the address leads; None if there is none."""
    key = address
    if "://" in address:
        try:
            key = parse_qs(urlsplit(address).query).get(name, [""])[0]
        except ValueError:
            return None
    return key if _KEY.match(key) else None


def taken(_fields: dict[str, Any]) -> Outcome:
    """Taken over, without a name of the provider's own."""
    return Sent()
