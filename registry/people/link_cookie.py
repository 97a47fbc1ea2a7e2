"""The cookie that carries the session of a link: of a case's, or of a guest's of a room."""

from litestar.datastructures import Cookie

NAME = "__Host-yunshang-link"
"""Apart from the login's: on a shared phone neither becomes the other."""


def carrying(secret: str, seconds: int) -> Cookie:
    """Sent by our own pages only, unreadable to scripts; it outlives the phone's browser."""
    return Cookie(
        key=NAME,
        value=secret,
        path="/",
        httponly=True,
        secure=True,
        samesite="strict",
        max_age=seconds,
    )


def cleared() -> Cookie:
    """Makes the browser forget it."""
    return carrying("", 0)
