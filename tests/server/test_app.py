"""Making the application."""

from pathlib import Path

from litestar import Litestar

from server.app import create_app
from server.settings import Settings

NOWHERE = "postgresql://yunshang_app@/none?host=/nowhere"


def _handlers(app: Litestar) -> set[int]:
    return {id(handler) for route in app.routes for handler in _of(route)}


def _of(route: object) -> list[object]:
    many = getattr(route, "route_handlers", None)
    return list(many) if many is not None else [route.route_handler]  # type: ignore[attr-defined]


def test_two_applications_share_no_handler(tmp_path: Path) -> None:
    settings = Settings(
        database_url=NOWHERE, valkey_url="unix:///nowhere", data_dir=tmp_path, demo=True
    )
    first, second = create_app(settings), create_app(settings)
    assert len(_handlers(first)) > 200
    assert not _handlers(first) & _handlers(second)
    assert {route.path for route in first.routes} == {route.path for route in second.routes}
