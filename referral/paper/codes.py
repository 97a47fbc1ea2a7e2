"""Verification codes: 75 random bits and a check symbol, in Crockford's base 32.

Without I, L, O and U nothing is mistaken for a figure; a mistyped or swapped symbol is noticed
before anybody is told that a paper is unknown.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
_LOOKS_LIKE = str.maketrans({"I": "1", "L": "1", "O": "0"})


def new_code() -> str:
    """A fresh code."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + _check(body)


def read_code(typed: str) -> str | None:
    """A code as somebody typed it, hyphens and look-alikes put right; None if it is mistyped."""
    plain = typed.upper().translate(_LOOKS_LIKE)
    plain = "".join(symbol for symbol in plain if symbol not in "- \t\u200b")
    if len(plain) != LENGTH or not set(plain) <= set(ALPHABET):
        return None
    return plain if _check(plain[:-1]) == plain[-1] else None


def _check(body: str) -> str:
    """Weights 1, 3, 5 …: odd, so each single slip shows; differing by 2, so most swaps do."""
    total = sum((2 * place + 1) * ALPHABET.index(one) for place, one in enumerate(body))
    return ALPHABET[total % len(ALPHABET)]
