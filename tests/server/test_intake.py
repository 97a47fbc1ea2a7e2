"""Bodies are read to the letter before anybody works with them."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
import pytest
from litestar import Litestar, get, post
from litestar.testing import TestClient

from server import problems
from server.intake import inspect


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    """Something nested."""

    day: date


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """One field of each kind that a lenient reader would bend."""

    count: int = 0
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    sure: bool = False
    text: str = ""
    kind: Annotated[str, msgspec.Meta(max_length=5)] = ""
    parts: list[Inner] = msgspec.field(default_factory=list)


@post("/orders")
async def take(data: Order) -> Order:
    """Give it back."""
    return data


@post("/press", status_code=204)
async def press() -> None:
    """Looks at no body."""


@post("/files", opt={"content": frozenset({"application/dicom"})})
async def files() -> None:
    """Reads its own body, elsewhere."""


@get("/find")
async def find(q: str) -> dict[str, str]:
    """Give it back."""
    return {"q": q}


@pytest.fixture(scope="module")
def client() -> Any:
    app = Litestar(
        [take, press, files, find],
        before_request=inspect,
        exception_handlers=problems.HANDLERS,
        request_max_body_size=10_000,
        openapi_config=None,
        logging_config=None,
    )
    with TestClient(app) as running:
        yield running


def _refused(client: Any, body: bytes) -> str:
    answer = client.post("/orders", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "kernel.malformed"), answer.text
    reason: str = answer.json()["fields"]["reason"]
    return reason


@pytest.mark.parametrize(
    "body",
    [
        {"count": "3"},
        {"count": 3.5},
        {"count": True},
        {"sure": "true"},
        {"sure": 1},
        {"at": 1763773200},
        {"at": "1763773200"},
        {"at": "2026-11-22T01:00:00"},
        {"kind": "longer"},
        {"admin": True},
        {"parts": [{"day": "2026-11-22", "admin": True}]},
        [],
        None,
    ],
    ids=str,
)
def test_nothing_is_bent_into_shape(client: Any, body: object) -> None:
    _refused(client, msgspec.json.encode(body))


@pytest.mark.parametrize(
    "body",
    [
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "9999-12-31T23:59:59-14:00"},
        {"parts": [{"day": "2026-11-22"}, {"day": "0001-01-01"}]},
    ],
    ids=str,
)
def test_dates_lie_in_the_calendars_that_are_stored(client: Any, body: object) -> None:
    assert "date" in _refused(client, msgspec.json.encode(body))


@pytest.mark.parametrize("escape", [rb"\u0000", rb"a\\\u0000b"])
def test_no_text_holds_a_nul(client: Any, escape: bytes) -> None:
    assert "NUL" in _refused(client, b'{"text": "%s"}' % escape)


def test_letters_that_only_look_like_a_nul_pass(client: Any) -> None:
    body = rb'{"text": "a\\u0000"}'
    answer = client.post("/orders", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 201
    assert answer.json()["text"] == "a\\u0000"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 9_000, b'{"text": "\\ud800"}', b'{"text": "\xff"}'],
)
def test_what_is_not_json_is_no_body(client: Any, body: bytes) -> None:
    _refused(client, body)


def test_a_refusal_does_not_repeat_what_was_sent(client: Any) -> None:
    assert "林晓岚" not in _refused(client, '{"at": "林晓岚"}'.encode())


def test_size_is_bounded_where_no_body_is_expected(client: Any) -> None:
    headers = {"content-type": "application/json"}
    assert client.post("/press", content=b"x" * 20_000, headers=headers).status_code == 413
    assert client.post("/press").status_code == 204


def test_a_route_that_takes_files_reads_its_own(client: Any) -> None:
    headers = {"content-type": "application/dicom"}
    assert client.post("/files", content=b"\\u0000", headers=headers).status_code == 201


def test_no_address_holds_a_nul(client: Any) -> None:
    assert client.get("/find?q=%00").json()["code"] == "kernel.malformed"
    assert client.get("/find?q=%2500").json() == {"q": "%00"}


async def test_who_leaves_in_the_middle_of_a_body_is_no_failure_of_ours(client: Any) -> None:
    heard: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"coun', "more_body": True},
        {"type": "http.disconnect"},
    ]
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return heard.pop(0)

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": "/orders", "raw_path": b"/orders", "root_path": "",
        "query_string": b"", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 9),
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"14")],
        "state": {}, "extensions": {},
    }  # fmt: skip
    await client.app(scope, receive, send)
    assert said[0]["status"] == 400
    assert msgspec.json.decode(said[1]["body"])["code"] == "kernel.malformed"
