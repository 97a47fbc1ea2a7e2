"""Ed25519 keys that sign checkpoints.

The private key is a file that only the engine's account can read; the public key is written
beside it and into `chain_key`. A key is named by the first 16 hex digits of SHA-256 over its 32
raw public bytes, so a checkpoint cannot name a key that it was not signed with.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

KEY_FILE = "checkpoint.key"
PUBLIC_FILE = "checkpoint.pub"
_PEM_END = b"-----END PUBLIC KEY-----\n"


class KeyUnusable(Exception):
    """A key file holds something else than an Ed25519 key."""


def key_id(public: bytes) -> str:
    """The name of the key with these 32 raw public bytes."""
    return sha256(public).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Signer:
    """The installation's signing key."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The 32 raw bytes of the public key."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def key_id(self) -> str:
        """The key's name."""
        return key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """A 64-byte Ed25519 signature (RFC 8032)."""
        return self.private.sign(message)

    @classmethod
    def load_or_create(cls, directory: Path) -> "Signer":
        """The key in `directory`; made on first use, with the public key beside it."""
        path = directory / KEY_FILE
        if not path.exists():
            _create(directory)
        try:
            private = load_pem_private_key(path.read_bytes(), password=None)
        except ValueError as error:
            raise KeyUnusable(f"{path} does not hold a private key in PEM") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyUnusable(f"{path} does not hold an Ed25519 key")
        signer = cls(private)
        public = directory / PUBLIC_FILE
        if not public.exists():
            public.write_bytes(public_pem(signer.public))
        return signer


def signature_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` was made over `message` with the private half of `public`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_pem(public: bytes) -> bytes:
    """A raw public key as PEM."""
    return Ed25519PublicKey.from_public_bytes(public).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def read_public_keys(path: Path) -> dict[str, bytes]:
    """All Ed25519 public keys of a PEM file (old keys stay in it), by name."""
    blocks = [part + _PEM_END for part in path.read_bytes().split(_PEM_END) if part.strip()]
    if not blocks:
        raise KeyUnusable(f"{path} holds no public key")
    return dict(_raw(path, block) for block in blocks)


def _raw(path: Path, block: bytes) -> tuple[str, bytes]:
    try:
        public = load_pem_public_key(block)
    except ValueError as error:
        raise KeyUnusable(f"{path} does not hold a public key in PEM") from error
    if not isinstance(public, Ed25519PublicKey):
        raise KeyUnusable(f"{path} does not hold an Ed25519 key")
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return key_id(raw), raw


def _create(directory: Path) -> None:
    """Write a new key through a link: of two engines that start at once, one key counts."""
    directory.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    draft = directory / f"{KEY_FILE}.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(pem)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, directory / KEY_FILE)
    except FileExistsError:
        return
    finally:
        draft.unlink()
