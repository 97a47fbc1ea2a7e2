"""Codes and links, made from a message's id and the master key: nothing to keep, nothing to leak.

Whoever sends a message again sends the same code and the same link, so that repeats collapse.
"""

from base64 import urlsafe_b64encode
from uuid import UUID

from kernel.sealing import Sealer

CODE_DIGITS = 6
TOKEN_CHARS = 20
"""120 bits: short enough for a text message, far beyond guessing."""


def code_of(sealer: Sealer, message_id: UUID) -> str:
    """The six digits that prove an address."""
    made = sealer.blind_index(str(message_id), "contact_message.code")
    return f"{int.from_bytes(made[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def token_of(sealer: Sealer, message_id: UUID) -> str:
    """The secret part of the link in a message."""
    made = sealer.blind_index(str(message_id), "answer_link.token")
    return urlsafe_b64encode(made).decode()[:TOKEN_CHARS]
