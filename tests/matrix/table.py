"""Reads matrix.toml and compares it with what the application declares."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.handlers import WebsocketRouteHandler
from litestar.routes import HTTPRoute, WebSocketRoute

from kernel.access import ANY, LINK, OPT, PUBLIC, Access
from kernel.viewer import Role

TABLE = Path(__file__).parent / "matrix.toml"
AUTOMATIC = frozenset({"options_handler", "head_handler"})
"""Handlers that the framework adds to a route; they answer without reaching our code."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a route and who may enter."""

    method: str
    path: str
    access: Access
    body: dict[str, Any] | None = None
    query: str = ""
    ends_session: bool = False
    every_tenant: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def admits(self, role: Role) -> bool:
        """True if holders of `role` get past the door."""
        if self.access == LINK:
            return False  # a login opens nothing that links are for
        return self.access in (ANY, PUBLIC) or role in self.access


def read() -> list[Row]:
    """The table, in its order."""
    raw = tomllib.loads(TABLE.read_text("utf-8"))
    groups = {name: frozenset(Role(role) for role in held) for name, held in raw["groups"].items()}
    groups |= {"any": ANY, "public": PUBLIC, "link": LINK}
    rows = []
    for name, entry in raw["routes"].items():
        given = {"roles": entry} if isinstance(entry, str) else dict(entry)
        method, path = name.split(" ", 1)
        rows.append(Row(method, path, groups[given.pop("roles")], **given))
    return rows


def handlers(app: Litestar) -> Iterator[tuple[str, str, Any]]:
    """Every (method, path, handler) that our own code answers; sockets have the method WS."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.fn.__name__ not in AUTOMATIC:
                    for method in handler.http_methods:
                        yield str(method), route.path_format, handler
        elif isinstance(route, WebSocketRoute):
            handler = route.route_handler
            assert isinstance(handler, WebsocketRouteHandler)
            yield "WS", route.path_format, handler
        else:
            yield "ASGI", route.path, route.route_handler


def complaints(app: Litestar, rows: list[Row]) -> list[str]:
    """Routes without a declaration, and where the code and the table differ."""
    found = []
    declared = {row.name: row for row in rows}
    seen = set()
    for method, path, handler in handlers(app):
        name = f"{method} {path}"
        seen.add(name)
        access = handler.opt.get(OPT)
        if access is None:
            found.append(f"{name}: the route declares no roles")
        elif name not in declared:
            found.append(f"{name}: is not in {TABLE.name}")
        elif declared[name].access != access:
            found.append(
                f"{name}: {TABLE.name} says {_said(declared[name].access)},"
                f" the code {_said(access)}"
            )
    found += [f"{name}: is in {TABLE.name} but no longer served" for name in declared.keys() - seen]
    return sorted(found)


def _said(access: Access) -> str:
    return access if isinstance(access, str) else "+".join(sorted(access))
