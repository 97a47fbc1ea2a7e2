"""Web push: one message encrypted for one browser (RFC 8291) and signed by us (RFC 8292).

The signing key is derived from the master key, so every process of an installation has the same
one and there is no further file to guard or to lose; losing it would silence every browser.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from duty.notify.channels.channel import Failed, Outgoing
from duty.notify.channels.texts import words
from duty.notify.channels.web_push import PushRequest
from duty.notify.contacts.addresses import subscription
from kernel.clock import Clock
from kernel.sealing import subkey

RECORD_BYTES = 4096
"""Largest record a push service must take (RFC 8030 §7.2)."""

TOKEN_FOR = timedelta(hours=12)
"""A signature may live for 24 hours at most (RFC 8292 §2)."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of P-256 (SEC 2 §2.4.2)."""


class VapidKey:
    """The installation's key towards push services."""

    def __init__(self, master: bytes) -> None:
        scalar = int.from_bytes(sha256(subkey(master, "web-push")).digest()) % (_ORDER - 1) + 1
        self._private = ec.derive_private_key(scalar, ec.SECP256R1())

    @property
    def public(self) -> str:
        """What a browser is given when it subscribes."""
        return _b64(_point(self._private.public_key()))

    def authorization(self, endpoint: str, contact: str, clock: Clock) -> str:
        """The header that says who pushes (RFC 8292 §3)."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((clock.now() + TOKEN_FOR).timestamp()),
            "sub": contact,
        }
        head = _b64(msgspec.json.encode({"typ": "JWT", "alg": "ES256"}))
        signed = f"{head}.{_b64(msgspec.json.encode(claims))}"
        r, s = decode_dss_signature(self._private.sign(signed.encode(), ec.ECDSA(SHA256())))
        signature = _b64(r.to_bytes(32) + s.to_bytes(32))
        return f"vapid t={signed}.{signature}, k={self.public}"


class PushWriter:
    """Turns a message into what is posted to the push service."""

    def __init__(self, master: bytes, clock: Clock, contact: str) -> None:
        self._key = VapidKey(master)
        self._clock = clock
        self._contact = contact

    def __call__(self, message: Outgoing) -> PushRequest | Failed:
        """Encrypt and sign; a subscription that cannot be read is a hopeless failure."""
        found = subscription(message.address)
        if found is None:
            return Failed("subscription", again=False)
        try:
            body = encrypted(payload_of(message), found["p256dh"], found["auth"])
        except ValueError:
            return Failed("subscription", again=False)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "Authorization": self._key.authorization(found["endpoint"], self._contact, self._clock),
        }
        return PushRequest(found["endpoint"], headers, body)


def payload_of(message: Outgoing) -> bytes:
    """What the service worker shows: level and case number; no patient, no telephone number."""
    said = words(message)
    return msgspec.json.encode(
        {
            "message_id": message.id,
            "page_id": message.page_id,
            "purpose": str(message.purpose),
            "level": message.level,
            "title": said.title,
            "body": said.variables["case"] if message.page_id is not None else said.body,
            "code": message.code,
        }
    )


def encrypted(
    plain: bytes,
    p256dh: str,
    auth: str,
    *,
    salt: bytes | None = None,
    sender: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """One `aes128gcm` record that only the subscribed browser reads (RFC 8291 §3, RFC 8188 §2).

    Raises:
        ValueError: the browser's keys are none, or the text is too long for one record.
    """
    if len(plain) > RECORD_BYTES - 103:
        raise ValueError("a push holds one record")
    theirs = _unb64(p256dh)
    key = sender or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    ours = _point(key.public_key())
    shared = key.exchange(
        ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
    )
    secret = _hkdf(_unb64(auth), shared, b"WebPush: info\0" + theirs + ours, 32)
    content_key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_BYTES.to_bytes(4) + bytes([len(ours)]) + ours
    # 0x02 ends the last record (RFC 8188 §2).
    return header + AESGCM(content_key).encrypt(nonce, plain + b"\x02", None)


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=salt, info=info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))
