"""Response headers that every page and answer carries."""

from urllib.parse import urlsplit

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_FIXED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), geolocation=(self)",
}


def content_security_policy(gateway_url: str, *media_urls: str) -> str:
    """Own code only; sockets to ourselves, to the gateway and to what carries rooms."""
    # Workers differ in their paths: a policy with a path would let only one of them in.
    media = [f"{url.scheme}://{url.netloc}" for url in map(urlsplit, media_urls)]
    places = [gateway_url, *media]
    sockets = f"'self' {' '.join(places)} ws://localhost:* ws://127.0.0.1:*"
    return (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline';"
        f" font-src 'self' data:; connect-src {sockets}; media-src 'self' blob:;"
        " object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )


class SecurityHeaders:
    """ASGI middleware; answers under /api are never stored by a cache."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        api = scope["path"].startswith("/api/")

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in _FIXED.items():
                    headers[name] = value
                headers["content-security-policy"] = self._policy
                if api:
                    headers["cache-control"] = "no-store"
            await send(message)

        await self._app(scope, receive, add)
