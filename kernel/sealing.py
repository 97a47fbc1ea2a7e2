"""Identifiers at rest: sealed for reading back, blind-indexed for finding.

AES-256-GCM (NIST SP 800-38D) with the field's name as associated data, so that a sealed phone
cannot be pasted over a sealed identity number. The blind index is HMAC-SHA-256 over the normalised
value under its own key: equal values meet, nothing can be read from it.
"""

import hmac
import os
import unicodedata
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NONCE = 12


class SealBroken(Exception):
    """The sealed bytes were changed, moved to another field, or sealed under another key."""


class Sealer:
    """Seals, opens and indexes under keys derived from one 32-byte master key."""

    def __init__(self, master: bytes) -> None:
        if len(master) != 32:
            raise ValueError("the master key must be 32 bytes")
        self._aead = AESGCM(subkey(master, "seal"))
        self._index = subkey(master, "blind-index")

    def seal(self, value: str, field: str) -> bytes:
        """`value` encrypted for `field`."""
        return self.seal_bytes(value.encode(), field)

    def open(self, sealed: bytes, field: str) -> str:
        """The value sealed for `field`, or `SealBroken`."""
        return self.open_bytes(sealed, field).decode()

    def seal_bytes(self, value: bytes, field: str) -> bytes:
        """Bytes encrypted for `field`."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._aead.encrypt(nonce, value, field.encode())

    def open_bytes(self, sealed: bytes, field: str) -> bytes:
        """The bytes sealed for `field`, or `SealBroken`."""
        if sealed[:1] != _VERSION:
            raise SealBroken(field)
        try:
            nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
            return self._aead.decrypt(nonce, body, field.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(field) from error

    def blind_index(self, value: str, field: str) -> bytes:
        """32 bytes by which an equal value of `field` is found."""
        normal = unicodedata.normalize("NFKC", value).strip().upper()
        return hmac.new(self._index, f"{field}\0{normal}".encode(), sha256).digest()


def subkey(master: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose (RFC 5869), so that no two uses share key material."""
    info = b"yunshang/" + purpose.encode()
    return HKDF(SHA256(), 32, salt=None, info=info).derive(master)
