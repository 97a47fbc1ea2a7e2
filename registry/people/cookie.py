"""The cookie that carries a session's token."""

from litestar.datastructures import Cookie

NAME = "__Host-yunshang"
"""The `__Host-` prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis)."""


def carrying(token: str) -> Cookie:
    """The browser keeps it until it closes; scripts cannot read it."""
    return Cookie(key=NAME, value=token, path="/", httponly=True, secure=True, samesite="lax")


def cleared() -> Cookie:
    """Makes the browser forget the token."""
    return Cookie(
        key=NAME, value="", path="/", httponly=True, secure=True, samesite="lax", max_age=0
    )
