"""The door that providers knock at: checked, written down, answered. Nothing is decided here.

A report is kept under an id made of its content, so that a repeat is one row; the engine reads it
afterwards. What is not about a message of ours is accepted like the rest: whoever knocks learns
nothing from the answer.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from duty.notify.hooks import aliyun, tencent
from duty.notify.hooks.words import Reply, Report, Unreadable, Word
from duty.notify.providers.file import Callbacks
from kernel import outbox
from kernel.errors import BadInput, NotFound
from kernel.sealing import Sealer

TOPIC = "duty.provider_word"
"""Outbox topic: a report or a reply was written down."""

PHONE_FIELD = "provider_word.phone"
TEXT_FIELD = "inbound_reply.text"
MAX_WORDS = 500

READERS: dict[str, Callable[[str, object], list[Word]]] = {
    "aliyun": aliyun.read,
    "tencent": tencent.read,
}
ANSWERS: dict[str, dict[str, object]] = {
    "aliyun": {"code": 0, "msg": "ok"},
    "tencent": {"result": 0, "errmsg": "OK"},
}
"""What each provider wants to hear; anything else makes it repeat itself."""

# No conflict target: the web role may add rows and read none.
_ADD_RECEIPT = text(
    "INSERT INTO message_receipt (id, provider, kind, ref, message_id, code, key, phone_sealed)"
    " VALUES (:id, :provider, :kind, :ref, :message_id, :code, :key, :phone)"
    " ON CONFLICT DO NOTHING"
)
_ADD_REPLY = text(
    "INSERT INTO inbound_reply (id, provider, phone_sealed, text_sealed)"
    " VALUES (:id, :provider, :phone, :text) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Knock:
    """Who knocks, with which secret, from where."""

    provider: str
    secret: str
    kind: str
    address: str


def admit(callbacks: Callbacks | None, knock: Knock) -> None:
    """Let in who knows the secret and comes from an allowed network.

    Raises:
        NotFound: everybody else, whatever is wrong.
    """
    expected = "" if callbacks is None else callbacks.secret
    known = hmac.compare_digest(
        sha256(knock.secret.encode()).digest(), sha256(expected.encode()).digest()
    )
    if callbacks is None or not known or knock.provider not in READERS:
        raise NotFound()
    if callbacks.networks and not _from(callbacks.networks, knock.address):
        raise NotFound()


def _from(networks: list[str], address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(network) for network in networks)


def opened(body: bytes) -> object:
    """The JSON of a body.

    Raises:
        BadInput: it is none.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(field="body", reason="not JSON") from error


async def take_down(
    session: AsyncSession, sealer: Sealer, knock: Knock, body: object
) -> dict[str, object]:
    """Write down what was said; the answer that the provider wants.

    Raises:
        BadInput: not readable as what it claims to be.
    """
    try:
        words = READERS[knock.provider](knock.kind, body)
    except Unreadable as error:
        raise BadInput(field="body", reason=str(error)) from error
    if len(words) > MAX_WORDS:
        raise BadInput(field="body", reason="too_many")
    for word in words:
        await _write(session, sealer, knock.provider, word)
    return ANSWERS[knock.provider]


async def _write(session: AsyncSession, sealer: Sealer, provider: str, word: Word) -> None:
    id_ = _id_of(sealer, provider, word)
    values = {"id": id_, "provider": provider, "phone": sealer.seal(word.phone, PHONE_FIELD)}
    if isinstance(word, Reply):
        sealed = sealer.seal(word.text, TEXT_FIELD)
        await session.execute(_ADD_REPLY, {**values, "text": sealed})
    else:
        await session.execute(_ADD_RECEIPT, {**values, **_facts(word)})
    what = "reply_id" if isinstance(word, Reply) else "receipt_id"
    await outbox.enqueue(session, TOPIC, {what: str(id_)}, key=str(id_))


def _facts(word: Report) -> dict[str, object]:
    return {
        "kind": word.kind,
        "ref": word.ref,
        "message_id": word.message_id,
        "code": word.code,
        "key": word.key,
    }


def _id_of(sealer: Sealer, provider: str, word: Word) -> UUID:
    """Keyed, because a reply's text and number could be guessed from a plain hash."""
    content = msgspec.json.encode([provider, type(word).__name__, word]).decode()
    return UUID(bytes=sealer.blind_index(content, "provider_word")[:16], version=4)
