"""Bearer secrets: whoever shows one is let in, and the database never holds it."""

from hashlib import sha256


def token_hash(token: str) -> bytes:
    """The 32 bytes that are kept of a token. Tokens are random, so no salt and no slowness."""
    return sha256(token.encode()).digest()
